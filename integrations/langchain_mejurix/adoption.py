"""Collections that langchain-qdrant made, taken over where they are: same points, same ids, same vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qdrant_mejurix.encoders import TextEncoder
from qdrant_mejurix.filters import equals, models
from qdrant_mejurix.index import Index
from qdrant_mejurix.names import check_matter_name
from qdrant_mejurix.points import record_id

from langchain_mejurix.adopted_store import ADOPTED, AdoptedStore, dense_of
from langchain_mejurix.vectorstore import MejurixVectorStore
from mejurix_st.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qdrant_client import QdrantClient

_SAME = 0.999
"""Least cosine between a stored vector and the model's own for the same text; float16 stays above it."""
_PAGE = 256
_SPARSE = ("bm25", "assertions")


def adopt_collection(
    client: QdrantClient,
    collection_name: str,
    matter: str,
    embedding: Any,
    *,
    vector_name: str = "",
    content_payload_key: str = "page_content",
    metadata_payload_key: str = "metadata",
    sample: int = 16,
    **options: Any,
) -> MejurixVectorStore:
    """Makes an existing langchain-qdrant collection a matter, in place.

    Nothing is embedded anew and no point is moved: points get the fields that a matter needs and a keyword
    vector, so that hybrid search works, and stay readable for `QdrantVectorStore`. Doing it again changes
    nothing.

    Args:
        client: of the server, or a local one.
        collection_name: the collection.
        matter: name of the matter that all its points belong to.
        embedding: the model that made the vectors: LangChain embeddings or a sentence-transformers model.
        vector_name: of the dense vector, "" for the unnamed one, as in `QdrantVectorStore`.
        content_payload_key: payload field of the text, as there.
        metadata_payload_key: payload field of the metadata, as there.
        sample: texts that are embedded again to see whether the model is the right one.
        **options: for the index: `weights`, `entities`, `assertion_indexer`, `annotator`.

    Returns:
        The store. The client stays the caller's to close.

    Raises:
        InputError: there is no such collection or vector, or its points hold no text.
        StoreError: the collection's dimension, distance or model is another, or it belongs to another matter;
            the message says which. Nothing has been changed then.
    """
    name = check_matter_name(matter)
    encoder = TextEncoder(embedding)
    _check_form(client, collection_name, vector_name, encoder)
    first, _ = client.scroll(collection_name, limit=max(1, sample), with_payload=True, with_vectors=True)
    texts = [(record.payload or {}).get(content_payload_key) for record in first]
    if not first or not all(isinstance(text, str) for text in texts):
        raise InputError(
            f"Points of {collection_name} hold no text under {content_payload_key!r}; "
            "give content_payload_key."
        )
    _check_model(collection_name, encoder, texts, [dense_of(r.vector, vector_name) for r in first])
    other = models.Filter(
        must_not=[equals("matter", name), models.IsEmptyCondition(is_empty=models.PayloadField(key="matter"))]
    )
    if client.count(collection_name, other, exact=True).count:
        raise StoreError(
            f"Points of {collection_name} belong to another matter than {name!r}; use that name."
        )

    arms = frozenset(arm for arm in _SPARSE if _has_sparse(client, collection_name, arm))
    store = AdoptedStore(client, collection_name, vector_name, content_payload_key, arms)
    known = ("weights", "assertion_indexer", "annotator", "entities")
    if unknown := sorted(set(options) - set(known)):
        raise InputError(f"Unknown option: {', '.join(unknown)}; valid: {', '.join(known)}.")
    index = Index(store, encoder, **options)
    index.register(name)
    for records in _pages(client, collection_name):
        payloads, vectors = [], []
        for record in records:
            stored = record.payload or {}
            if stored.get("matter") == name:
                continue
            text, metadata = str(stored.get(content_payload_key, "")), stored.get(metadata_payload_key) or {}
            found, annotations = index.describe(text, text)
            fields = {**annotations, **_fields(name, str(record.id), text, metadata)}
            payload = models.SetPayload(payload=fields, points=[record.id])
            payloads.append(models.SetPayloadOperation(set_payload=payload))
            sparse: dict[str, Any] = {
                arm: models.SparseVector(indices=vector.indices, values=vector.values)
                for arm, vector in found.items()
                if arm in arms
            }
            if sparse:
                vectors.append(models.PointVectors(id=record.id, vector=sparse))
        # What makes a point findable is written last: an interrupted run is finished by the next one.
        if vectors:
            client.update_vectors(collection_name, vectors)
        if payloads:
            client.batch_update_points(collection_name, payloads)
    return MejurixVectorStore(index.matter(name))


def _check_form(client: QdrantClient, collection: str, vector_name: str, encoder: TextEncoder) -> None:
    if not client.collection_exists(collection):
        raise InputError(f"There is no collection {collection!r}; check the name.")
    vectors = client.get_collection(collection).config.params.vectors
    known = vectors if isinstance(vectors, dict) else {"": vectors}
    dense = known.get(vector_name)
    if dense is None:
        names = ", ".join(repr(one) for one in sorted(known))
        raise InputError(
            f"The collection {collection} has no vector {vector_name!r}; it has {names}. Give vector_name."
        )
    if dense.size != encoder.dimension:
        raise StoreError(
            f"The collection {collection} has vectors of size {dense.size}, and {encoder.name} gives "
            f"{encoder.dimension}; adopt it with the model it was made with, or add the texts anew."
        )
    if dense.distance != models.Distance.COSINE:
        raise StoreError(
            f"The collection {collection} compares by {dense.distance}; only cosine can be adopted."
        )


def _check_model(collection: str, encoder: TextEncoder, texts: list[Any], stored: list[Any]) -> None:
    own = encoder.encode_documents(texts)
    kept = np.stack([vector if vector is not None else np.zeros(encoder.dimension) for vector in stored])
    norms = np.linalg.norm(own, axis=1) * np.linalg.norm(kept, axis=1)
    least = float(np.min(np.sum(own * kept, axis=1) / np.maximum(norms, 1e-12)))
    if least < _SAME:
        raise StoreError(
            f"The vectors of {collection} were not made by {encoder.name} (least cosine {least:.3f} on "
            f"{len(texts)} of its texts, wanted {_SAME}): a different model, or other prompts. "
            "Adopt it with the model it was made with, or add the texts anew."
        )


def _has_sparse(client: QdrantClient, collection: str, arm: str) -> bool:
    """Whether the collection has a sparse vector of that name, made now where the server can."""
    if arm in (client.get_collection(collection).config.params.sparse_vectors or {}):
        return True
    try:
        config = models.SparseVectorNameConfig(sparse=models.SparseVectorConfig(modifier=models.Modifier.IDF))
        client.create_vector_name(collection, arm, config)
    except Exception:  # an older server cannot; the collection is then searched by its dense vectors alone
        return False
    return True


def _pages(client: QdrantClient, collection: str) -> Iterator[list[Any]]:
    offset = None
    while True:
        records, offset = client.scroll(collection, limit=_PAGE, offset=offset, with_payload=True)
        yield records
        if offset is None:
            return


def _fields(matter: str, identifier: str, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    source = metadata.get("document") or metadata.get("source")
    page = metadata.get("page")
    number = page + 1 if isinstance(page, int) and not isinstance(page, bool) and page >= 0 else 1
    return {
        "kind": "record",
        "id": identifier,
        ADOPTED: record_id(matter, identifier),
        "document": source if isinstance(source, str) else "",
        "text": text,
        "start": 0,
        "end": len(text),
        "page_start": number,
        "page_end": number,
        "header": "",
        "tokens": 0,
        "metadata": metadata,
        "matter": matter,
    }
