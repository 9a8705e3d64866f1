"""What goes into a store and what comes out: points, their ids, and their payload.

Payload fields of a point:

* `matter`: the matter, **only while the point may be found**. A point that is being staged has `staged`
  instead, so a search that asks for a matter cannot see it, and one indexed condition decides both questions.
* `document`, `version`, `generation`, `sha256`: which content of which document (see
  `qdrant_mejurix.lifecycle`).
* `kind`: "document" for passages of files, "record" for text given directly.
* `id`: the public id: the caller's own for records, the point's for passages.
* `start`, `end`, `page_start`, `page_end`, `text`, `header`, `tokens`: the passage
  (`mejurix_st.types.Chunk`).
* `page_breaks`: only of a passage on several pages: where each of its pages but the last ends.
* `metadata`: the user's own fields; and what an annotator adds, for example `entity_types` and `date`.
* `entities`, `entity_types`, `date`, `annotated`: in an index with entities; see `qdrant_mejurix.entities`.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError
from mejurix_st.types import Chunk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mejurix_st.types import Page

NAMESPACE = uuid.UUID("6d2f5c1e-2c1b-5f0e-9d55-0b6a6a3c7f11")
"""Namespace of every point id; changing it would orphan every stored point."""

KEYWORD_FIELDS = ("document", "staged", "entity_types")
INTEGER_FIELDS = ("page_start",)
DATETIME_FIELDS = ("date",)
_CHUNK_FIELDS = ("matter", "document", "start", "end", "text", "page_start", "page_end", "header", "tokens")
_INTERNAL_FIELDS = ("staged", "generation", "annotated")
_ENTITY_FIELDS = frozenset(("entities", "entity_types", "date"))
RESERVED_FIELDS = frozenset(
    _CHUNK_FIELDS + _INTERNAL_FIELDS + ("page_breaks", "version", "sha256", "kind", "id", "metadata")
)


RANKING_FIELDS = ["document", "generation"]
"""What of a payload ranking needs. The rest, a passage and its entities, is read for the hits alone."""


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Indices (unsigned 32 bit, distinct) and their values, of equal length."""

    indices: list[int]
    values: list[float]

    def __bool__(self) -> bool:
        return bool(self.indices)


@dataclass(frozen=True, slots=True)
class Point:
    """One point to be written.

    Attributes:
        id: a UUID in its canonical form.
        dense: (dimension,) float32.
        sparse: vectors of the arms "bm25" and "assertions"; an arm without entries may be absent.
        payload: JSON values.
    """

    id: str
    dense: NDArray[np.float32]
    sparse: dict[str, SparseVector]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One point as a store returns it; `dense` (dimension,) float32 only when it was asked for."""

    id: str
    score: float
    payload: dict[str, Any]
    dense: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A passage fetched by id; `vector` (dimension,) float32 only when it was asked for."""

    id: str
    chunk: Chunk
    payload: dict[str, Any] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None


def passage_id(matter: str, document: str, version: str, start: int, end: int) -> str:
    """Id of a passage: the same content of the same document at the same place has the same id."""
    return str(
        uuid.uuid5(NAMESPACE, "\x1f".join(("passage", matter, document, version, str(start), str(end))))
    )


def record_id(matter: str, public_id: str) -> str:
    """Id of a record: two matters that use the same public id have different points."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(("record", matter, public_id))))


def canonical_uuid(value: str) -> str | None:
    """`value` in canonical form when it is a UUID, otherwise None."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None


def chunk_payload(chunk: Chunk) -> dict[str, Any]:
    """The chunk's own fields, without the matter: that one is set by publishing."""
    return {name: getattr(chunk, name) for name in _CHUNK_FIELDS if name != "matter"}


def page_breaks(chunk: Chunk, pages: Sequence[Page]) -> dict[str, list[int]]:
    """The payload field `page_breaks` of a passage; nothing for one that stands on a single page.

    Args:
        chunk: the passage.
        pages: all pages of its document; their ends are code-point offsets into the document's text.
    """
    breaks = [page.end for page in pages if chunk.page_start <= page.number < chunk.page_end]
    return {"page_breaks": breaks} if breaks else {}


def pages_between(chunk: Chunk, payload: Mapping[str, Any], start: int, end: int) -> tuple[int, int]:
    """Pages of the first and the last character of a stretch of a passage.

    Args:
        chunk: the passage.
        payload: of its hit or record. Without `page_breaks`, as in stores of earlier versions, a passage on
            several pages gives all of them.
        start: code-point offset into the document's text, inclusive; within the passage.
        end: the same, exclusive.
    """
    breaks = payload.get("page_breaks") or []
    if not breaks:
        return chunk.page_start, chunk.page_end
    first, last = bisect_right(breaks, start), bisect_right(breaks, max(start, end - 1))
    return chunk.page_start + first, chunk.page_start + last


def chunk_of(payload: Mapping[str, Any]) -> Chunk:
    """The chunk that a payload describes; absent fields have their default."""
    text = str(payload.get("text", ""))
    start = int(payload.get("start", 0))
    return Chunk(
        document=str(payload.get("document", "")),
        start=start,
        end=int(payload.get("end", start + len(text))),
        text=text,
        page_start=int(payload.get("page_start", 1)),
        page_end=int(payload.get("page_end", 1)),
        header=str(payload.get("header", "")),
        tokens=int(payload.get("tokens", 0)),
        matter=str(payload.get("matter", "")),
    )


def public_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a hit shows beyond its chunk."""
    hidden = {*_CHUNK_FIELDS, *_INTERNAL_FIELDS}
    return {key: value for key, value in payload.items() if key not in hidden}


def check_annotations(annotations: Mapping[str, Any], *, with_entities: bool = False) -> dict[str, Any]:
    """Refuses annotations that would overwrite the store's own fields."""
    reserved = RESERVED_FIELDS | _ENTITY_FIELDS if with_entities else RESERVED_FIELDS
    if taken := sorted(set(annotations) & reserved):
        raise InputError(
            f"The annotator returned {', '.join(taken)}, which the store keeps for itself; "
            "use other field names."
        )
    return dict(annotations)


def unique_in_order(items: Sequence[str]) -> list[str]:
    """`items` without repeats."""
    return list(dict.fromkeys(items))
