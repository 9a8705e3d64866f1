"""Cutting evaluation documents into passages as the package's own index does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.config import ChunkingConfig
from mejurix_st.text import chunk_document
from mejurix_st.types import Document, Page

if TYPE_CHECKING:
    from mejurix_st.evaluation.data import RetrievalSet
    from mejurix_st.evaluation.encoders import Encoder


def split_corpus(task: RetrievalSet, encoder: Encoder, max_tokens: int = 256) -> tuple[list[str], list[int]]:
    """Cuts each document into passages that fit the model, each under its document's heading.

    Args:
        task: the retrieval set.
        encoder: its tokens count.
        max_tokens: most tokens of a passage, heading and prompt included; the model's own limit if lower.

    Returns:
        The passages as they are embedded, and for each the position of its document, ascending.
    """
    limit = min(max_tokens, encoder.max_tokens)
    # Overlap and heading shrink with the passage: an eighth and three sixteenths of it, as by default.
    config = ChunkingConfig(limit, overlap_tokens=limit // 8, header_tokens=limit * 3 // 16)
    texts: list[str] = []
    owners: list[int] = []
    for position, (text, header) in enumerate(zip(task.corpus, task.headers, strict=True)):
        document = Document(str(position), text, (Page(1, 0, len(text)),), title=header)
        chunks = chunk_document(
            document, encoder.token_offsets, config, document_prompt=encoder.document_prompt
        )
        passages = [chunk.embedded_text for chunk in chunks] or [text]
        texts.extend(passages)
        owners.extend([position] * len(passages))
    return texts, owners
