"""Search in a few documents without a store: exact cosine over all passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.applications.passages import embed_passages, encode
from mejurix_st.errors import InputError
from mejurix_st.types import Hit

if TYPE_CHECKING:
    from mejurix_st.applications.passages import Embedder, Sources


def retrieve(query: str, documents: Sources, model: Embedder, *, limit: int = 10) -> list[Hit]:
    """The passages nearest to a query.

    For whole case files, isolation between clients, and keyword and assertion arms use `qdrant_mejurix`.

    Args:
        query: a question or key words.
        documents: documents, texts, or `embed_passages(...)` for several queries on the same documents.
        model: encodes query and passages, each with its own prompt.
        limit: most passages, 1 or more.

    Returns:
        Hits, best first. Score and `arms["dense"]` are the cosine in [-1, 1]; the chunk has page and offsets.

    Raises:
        InputError: the query is empty, the limit is below 1, or there is no text.
    """
    if not query.strip():
        raise InputError("The query is empty; give a question or key words.")
    if limit < 1:
        raise InputError(f"The limit is {limit}; give 1 or more.")
    passages = embed_passages(documents, model)
    scores = passages.vectors @ encode(model, [query], "query")[0]
    best = np.argsort(-scores, kind="stable")[:limit]
    return [
        Hit(rank, float(scores[i]), {"dense": float(scores[i])}, passages.chunks[i])
        for rank, i in enumerate(best, start=1)
    ]
