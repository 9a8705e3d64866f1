"""The model card that is written where a model brings none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_FRONT = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
license: mit
language:
- en
- ko
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- medical
- legal
---
"""


def model_card(model: SentenceTransformer) -> str:
    """README.md of a saved model: what it is, how it is used, what is in the folder."""
    stack = [f"{i}. `{type(m).__name__}`" for i, m in enumerate(model.children())]
    own = any(type(m).__module__.startswith("mejurix_st.") for m in model.children())
    dimension = model.get_embedding_dimension()
    prompts = "\n".join(f"- `{name}`: `{text!r}`" for name, text in model.prompts.items())
    loading = (
        'from mejurix_st import load\n\nmodel = load("this-folder")'
        if own
        else 'from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer("this-folder")'
    )
    note = (
        "It holds module classes of `mejurix_st`; `mejurix_st.load` accepts these and no others."
        if own
        else "It loads in sentence-transformers 5.1 and 6 with no flag and runs no code from this folder."
    )
    return f"""{_FRONT}
# A medical-legal embedding model

Texts become vectors of {dimension} numbers, of unit length, compared by {model.similarity_fn_name} similarity.
Longest input: {model.max_seq_length} tokens. {note}

```python
{loading}
queries = model.encode_query(["Was the fracture caused by the fall?"])
passages = model.encode_document(["X-ray shows a fracture of L3 after a fall from a ladder."])
print(model.similarity(queries, passages))
```

## Modules

{chr(10).join(stack)}

## Prompts

{prompts}
"""
