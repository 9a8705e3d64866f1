"""Model cards for what this package writes, where a model brings none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from mejurix_st._original import Original

_FRONT = """---
library_name: {library}
pipeline_tag: {task}
license: mit
language:
- en
- ko
tags:
- {library}
- sentence-similarity
- feature-extraction
- medical
- legal
---
"""
_STOCK_USE = """from sentence_transformers import SentenceTransformer

model = SentenceTransformer("this-folder")"""
_OWN_USE = """from mejurix_st import load

model = load("this-folder")"""
_TYPED_USE = """

The entity type is given for a whole call or for each text; a text without one is embedded without the term.

```python
from mejurix_st.modules import TypedText
from mejurix_st.types import EntityType

model.encode(["Lumbar fracture", "Spinal stenosis"], entity_type=EntityType.DISEASE)
model.encode([TypedText("Lumbar fracture", "DISEASE"), TypedText("Ibuprofen", "MEDICATION"), "Plain text"])
```
"""
_ATTENTION_USE = """

Each text's entities are found by the package's own vocabulary as it is embedded; nothing is to be passed. What
each of them gave to a vector can be read:

```python
from mejurix_st.modules.entity_attention import explain_entities

explain_entities(model, ["No fracture of the left wrist."])
```
"""
_TRANSFORMERS_USE = """
```python
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("this-folder", trust_remote_code=True)
model = AutoModel.from_pretrained("this-folder", trust_remote_code=True)
inputs = tokenizer("Diagnosed with L3 spinal fracture.", return_tensors="pt")
with torch.no_grad():
    embedding = model(**inputs).last_hidden_state[:, 0]  # [1, {dimension}]
```

The flag lets `modeling_mejurix.py` of this folder run. In a program that has imported `mejurix_st.model` it
is not needed: the package brings the same code.
"""


def model_card(model: SentenceTransformer, about: str = "") -> str:
    """README.md of a saved stack: what it is, how it is used, what is in the folder.

    Args:
        model: the model that is saved.
        about: a paragraph on where it comes from.
    """
    own = [type(m).__name__ for m in model.children() if type(m).__module__.startswith("mejurix_st.")]
    stack = "\n".join(f"{i}. `{type(m).__name__}`" for i, m in enumerate(model.children()))
    prompts = "\n".join(f'- {name}: `"{text}"`' for name, text in model.prompts.items())
    note = (
        "It holds module classes of `mejurix_st`; `mejurix_st.load` accepts these and no others."
        if own
        else "It loads in sentence-transformers 5.1 and 6 with no flag, and runs no code from this folder."
    )
    return f"""{_FRONT.format(library="sentence-transformers", task="sentence-similarity")}
# A medical-legal embedding model

{about}Texts become vectors of {model.get_embedding_dimension()} numbers, of unit length, compared by
{model.similarity_fn_name} similarity. Longest input: {model.max_seq_length} tokens. {note}

```python
{_OWN_USE if own else _STOCK_USE}
queries = model.encode_query(["Was the fracture caused by the fall?"])
passages = model.encode_document(["X-ray shows a fracture of L3 after a fall from a ladder."])
print(model.similarity(queries, passages))
```
{_TYPED_USE if "EntityConditioning" in own else ""}{_ATTENTION_USE if "EntityAttention" in own else ""}
## Modules

{stack}

## Prompts

{prompts}
"""


def converted_card(model: SentenceTransformer | None, original: Original) -> str:
    """README.md of a converted checkpoint.

    Args:
        model: the stack that is saved; None for the transformers format.
        original: the checkpoint.
    """
    out, hidden = original.tensors["projection.weight"].shape
    about = (
        "The original Mejurix medical-legal embedder (card: "
        "https://huggingface.co/mejurix/medical-legal-embedder), converted by `mejurix-st convert`. Its "
        f"weights are of a {original.config.num_hidden_layers}-layer "
        f"{type(original.config).__name__.removesuffix('Config')} of width {hidden}, with a projection to "
        f"{out}. Before anything was written, the result was checked against the original formula in plain "
        "torch.\n\n"
    )
    if model is not None:
        return model_card(model, about)
    front = _FRONT.format(library="transformers", task="feature-extraction")
    return f"{front}\n# A medical-legal embedding model\n\n{about}{_TRANSFORMERS_USE.format(dimension=out)}"
