"""Hits, passages and records as LangChain documents, and back, without a loss."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document

from mejurix_st.errors import InputError
from mejurix_st.types import Chunk, Hit

if TYPE_CHECKING:
    from qdrant_mejurix.points import StoredRecord

_PLACE = tuple(field.name for field in fields(Chunk) if field.name != "text")
_RANK = ("rank", "score", "arms")


def hit_to_document(hit: Hit) -> Document:
    """One search result as a document.

    Returns:
        `page_content` is the passage, unchanged; `id` its id in the store. The metadata has the passage's
        place (`matter, document, page_start, page_end, start, end, header, tokens`), the result's `rank`,
        `score` (fused) and `arms` (each arm's own score), the stored fields as `payload`, and, for reading
        and filtering, the user's own fields by their names where these are free.
    """
    payload = dict(hit.payload)
    metadata = {**_own_fields(payload), **_place(hit.chunk)}
    metadata |= {"rank": hit.rank, "score": hit.score, "arms": dict(hit.arms), "payload": payload}
    return Document(page_content=hit.chunk.text, metadata=metadata, id=_identifier(payload))


def document_to_hit(document: Document) -> Hit:
    """The search result that `hit_to_document` made a document of; equal to the first one.

    Raises:
        InputError: the document was not made by it.
    """
    metadata = document.metadata
    missing = [name for name in (*_PLACE, *_RANK, "payload") if name not in metadata]
    if missing:
        raise InputError(
            f"The document's metadata lacks {', '.join(missing)}; give one that MejurixRetriever or "
            "hit_to_document made."
        )
    chunk = Chunk(text=document.page_content, **{name: metadata[name] for name in _PLACE})
    return Hit(metadata["rank"], metadata["score"], dict(metadata["arms"]), chunk, dict(metadata["payload"]))


def record_to_document(record: StoredRecord | Hit) -> Document:
    """What a vector store gives back.

    A text that came in as a document goes out as that same document: its id, content and metadata, nothing
    added. A passage of a file has the metadata of `hit_to_document` without rank and scores.
    """
    payload = dict(record.payload)
    if payload.get("kind") == "record":
        metadata = dict(payload.get("metadata") or {})
    else:
        metadata = {**_own_fields(payload), **_place(record.chunk), "payload": payload}
    return Document(page_content=record.chunk.text, metadata=metadata, id=_identifier(payload))


def _place(chunk: Chunk) -> dict[str, Any]:
    return {name: getattr(chunk, name) for name in _PLACE}


def _own_fields(payload: dict[str, Any]) -> dict[str, Any]:
    """The user's fields, and what an annotator added, by name."""
    added = {key: value for key, value in payload.items() if key not in ("metadata", "id", "payload")}
    return {**added, **(payload.get("metadata") or {})}


def _identifier(payload: dict[str, Any]) -> str | None:
    return str(payload["id"]) if payload.get("id") is not None else None
