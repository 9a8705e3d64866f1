"""Texts that come from no file: added, replaced and deleted by id."""

from __future__ import annotations

import json
import uuid
import warnings
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError
from qdrant_mejurix.filters import equals, having_ids, in_matter, models
from qdrant_mejurix.names import check_record_id
from qdrant_mejurix.points import Point, canonical_uuid, record_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_mejurix.index import Index

_SLAB = 256
_BYTES_PER_POINT = 16384


def add_records(
    index: Index,
    matter: str,
    texts: Sequence[str],
    metadatas: Sequence[dict[str, Any] | None] | None,
    ids: Sequence[str | None] | None,
    vectors: Any,
) -> list[str]:
    """Adds one point for each text.

    Args:
        index: the index.
        matter: checked name of the matter.
        texts: what is embedded, found and returned, unchanged.
        metadatas: JSON values for each text, stored under `metadata`; `document`, a string, names its source.
        ids: for each text any string of 1 to 500 characters; a text with a known id replaces the old one. A
            random id where None.
        vectors: (len(texts), dimension) embeddings, when they are there already.

    Returns:
        The ids, in order.

    Raises:
        InputError: lengths differ, or a value is not usable; nothing has been written then.
    """
    texts = list(texts)
    extras = _matching("metadatas", metadatas, len(texts))
    names = [
        str(uuid.uuid4()) if i is None else check_record_id(i) for i in _matching("ids", ids, len(texts))
    ]
    for text, extra in zip(texts, extras, strict=True):
        _check(text, extra)
    given = None if vectors is None else index.encoder.check_vectors(vectors, len(texts))
    if texts:
        index.register(matter)
        index.store.check_space(len(texts) * _BYTES_PER_POINT)
    offsets = index.encoder.token_offsets()
    long = 0
    for first in range(0, len(texts), _SLAB):
        part = range(first, min(first + _SLAB, len(texts)))
        dense = given[part.start : part.stop] if given is not None else None
        if dense is None:
            dense = index.encoder.encode_documents([texts[i] for i in part])
        points: dict[str, Point] = {}
        for row, i in enumerate(part):
            tokens = len(offsets(texts[i])) + 2
            long += 0 < index.encoder.max_tokens < tokens and given is None
            sparse, annotations = index.describe(texts[i], texts[i])
            payload = {**annotations, **_payload(matter, texts[i], names[i], extras[i] or {}, tokens)}
            identifier = record_id(matter, names[i])
            points[identifier] = Point(identifier, dense[row], sparse, payload)
        index.store.upsert(list(points.values()))
    if texts:
        index.store.flush()
    if long:
        warnings.warn(
            f"{long} of {len(texts)} texts are longer than the encoder's {index.encoder.max_tokens} tokens: "
            "their vectors stand for the beginning only. Split them, or add files, which are cut to fit.",
            stacklevel=4,
        )
    return names


def _matching(name: str, values: Sequence[Any] | None, length: int) -> list[Any]:
    result = [None] * length if values is None else list(values)
    if len(result) != length:
        raise InputError(f"There are {length} texts and {len(result)} {name}; give one for each text.")
    return result


def _check(text: object, metadata: object) -> None:
    if not isinstance(text, str):
        raise InputError(f"A text is a string; got {type(text).__name__}.")
    try:
        text.encode("utf-8")
        json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            f"The text or metadata beginning {text[:40]!r} is not valid Unicode; decode it anew."
        ) from None
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The metadata of the text beginning {text[:40]!r} is not JSON ({error})."
        ) from error
    if metadata is not None and not isinstance(metadata, dict):
        raise InputError(f"Metadata is a dictionary; got {type(metadata).__name__}.")


def _payload(matter: str, text: str, name: str, metadata: dict[str, Any], tokens: int) -> dict[str, Any]:
    document = metadata.get("document")
    return {
        "matter": matter,
        "kind": "record",
        "id": name,
        "document": document if isinstance(document, str) else "",
        "text": text,
        "start": 0,
        "end": len(text),
        "page_start": 1,
        "page_end": 1,
        "header": "",
        "tokens": tokens,
        "metadata": metadata,
    }


def delete_records(index: Index, matter: str, ids: Sequence[str]) -> int:
    """Deletes records of a matter by id; returns how many there were.

    Raises:
        InputError: an id is that of a document's passage.
    """
    passages = [passage for i in ids if (passage := canonical_uuid(str(i)))]
    both = models.Filter(must=[equals("kind", "document"), having_ids(passages)])
    if passages and index.store.count(in_matter(matter, both)):
        raise InputError(
            "One of the ids is a passage of a document; delete the document by its name instead."
        )
    where = in_matter(matter, having_ids([record_id(matter, str(i)) for i in ids]))
    if not ids or not (number := index.store.count(where)):
        return 0
    index.store.delete(where)
    index.store.flush()
    return number
