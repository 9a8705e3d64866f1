"""The store behind an adopted collection: its own name for the dense vector, its own ids for the points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qdrant_mejurix.client_store import ClientStore
from qdrant_mejurix.filters import models
from qdrant_mejurix.points import RANKING_FIELDS, Found
from qdrant_mejurix.store import MEMORY, ArmQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qdrant_client import QdrantClient
    from qdrant_mejurix.points import Point
    from qdrant_mejurix.store import FieldKind

ADOPTED = "adopted"
"""Payload field of an adopted point: the id that the point would have, had it been added to the matter."""


class AdoptedStore(ClientStore):
    """See `qdrant_mejurix.store.Store`; made by `adopt_collection`.

    Points keep the ids they had, which may be numbers. Towards the index they go by the ids that records
    have, so that reading, replacing and deleting by public id work as everywhere.
    """

    def __init__(
        self, client: QdrantClient, collection: str, vector_name: str, content_key: str, arms: frozenset[str]
    ) -> None:
        """Wraps a collection.

        Args:
            client: its client.
            collection: its name.
            vector_name: of the dense vector; "" for the unnamed one.
            content_key: payload field of the text, kept up to date for other readers of the collection.
            arms: sparse vectors that the collection has.
        """
        local = is_local(client)
        super().__init__(
            client, MEMORY if local else f"collection {collection}", collection, shared=not local
        )
        self._vector_name, self._content_key, self._arms = vector_name, content_key, arms
        self._ranking_fields = [*RANKING_FIELDS, ADOPTED]

    def create(self, dimension: int, indexes: Mapping[str, FieldKind]) -> None:
        """Makes payload indexes only: `adopt_collection` has looked at the collection and its dimension."""
        for field, kind in {"matter": "keyword", ADOPTED: "keyword", **indexes}.items():
            self.create_field_index(field, kind)

    def upsert(self, points: Sequence[Point]) -> None:
        """See `Store`."""
        with self._service("write"):
            wanted = [point.id for point in points]
            match = models.FieldCondition(key=ADOPTED, match=models.MatchAny(any=wanted))
            known, _ = self._client.scroll(
                self._collection,
                scroll_filter=models.Filter(must=[match]),
                limit=len(wanted),
                with_payload=[ADOPTED],
            )
            own = {record.payload[ADOPTED]: record.id for record in known if record.payload}
            structs = []
            for point in points:
                vector: dict[str, Any] = {self._vector_name: point.dense.tolist()}
                for arm, sparse in point.sparse.items():
                    if arm in self._arms:
                        vector[arm] = models.SparseVector(indices=sparse.indices, values=sparse.values)
                payload = {**point.payload, self._content_key: point.payload["text"], ADOPTED: point.id}
                structs.append(
                    models.PointStruct(id=own.get(point.id, point.id), vector=vector, payload=payload)
                )
            self._client.upsert(self._collection, structs, wait=True)

    def set_payload(self, where: models.Filter, values: dict[str, Any]) -> None:
        """See `Store`."""
        super().set_payload(translated(where), values)

    def delete(self, where: models.Filter) -> None:
        """See `Store`."""
        super().delete(translated(where))

    def count(self, where: models.Filter) -> int:
        """See `Store`."""
        return super().count(translated(where))

    def search(
        self, queries: Sequence[ArmQuery], where: models.Filter, corpus: models.Filter, limit: int
    ) -> list[list[Found]]:
        """See `Store`; an arm that the collection does not have finds nothing."""
        present = {"dense", *self._arms}
        asked = [
            ArmQuery(self._vector_name if query.arm == "dense" else query.arm, query.vector)
            for query in queries
            if query.arm in present
        ]
        results = iter(super().search(asked, translated(where), corpus, limit) if asked else [])
        return [[_renamed(found) for found in next(results)] if q.arm in present else [] for q in queries]

    def scroll(
        self, where: models.Filter, limit: int, offset: str | None = None, *, vectors: bool = False
    ) -> tuple[list[Found], str | None]:
        """See `Store`."""
        with self._service("read"):
            records, after = self._client.scroll(
                self._collection,
                scroll_filter=translated(where),
                limit=limit,
                offset=int(offset) if offset and offset.isdigit() else offset,
                with_payload=True,
                with_vectors=vectors,
            )
        found = [
            _renamed(
                Found(
                    str(r.id),
                    0.0,
                    r.payload or {},
                    dense_of(r.vector, self._vector_name) if vectors else None,
                )
            )
            for r in records
        ]
        return found, None if after is None else str(after)


def is_local(client: QdrantClient) -> bool:
    """Whether a client keeps its points in this process."""
    return type(client._client).__name__ == "QdrantLocal"


def dense_of(vector: Any, name: str) -> Any:
    """The dense vector of a record as (dimension,) float32, whatever form the client gave it in."""
    if isinstance(vector, dict):
        vector = vector.get(name)
    return None if vector is None else np.asarray(vector, dtype=np.float32)


def translated(where: models.Filter) -> models.Filter:
    """A filter in which conditions on ids also meet adopted points."""

    def one(condition: Any) -> Any:
        if isinstance(condition, models.Filter):
            return translated(condition)
        if isinstance(condition, models.HasIdCondition):
            ids = [str(i) for i in condition.has_id]
            adopted = models.FieldCondition(key=ADOPTED, match=models.MatchAny(any=ids))
            return models.Filter(should=[condition, adopted]) if ids else condition
        return condition

    changed = {}
    for name in ("must", "should", "must_not"):
        conditions = getattr(where, name)
        if conditions is not None:
            several = conditions if isinstance(conditions, list) else [conditions]
            changed[name] = [one(condition) for condition in several]
    return where.model_copy(update=changed)


def _renamed(found: Found) -> Found:
    return Found(str(found.payload.get(ADOPTED) or found.id), found.score, found.payload, found.dense)
