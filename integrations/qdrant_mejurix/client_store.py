"""The store behind qdrant-client: a Qdrant server or cluster, or its in-memory mode for tests."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import MejurixError, StoreError
from qdrant_mejurix.collection_manifest import CollectionManifest
from qdrant_mejurix.filters import models
from qdrant_mejurix.locking import ReadWriteLock
from qdrant_mejurix.points import (
    DATETIME_FIELDS,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    RANKING_FIELDS,
    Found,
    SparseVector,
)
from qdrant_mejurix.store import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from qdrant_client import QdrantClient

    from qdrant_mejurix.points import Point
    from qdrant_mejurix.store import ArmQuery, FieldKind

_PAGE = 4096


class ClientStore:
    """See `qdrant_mejurix.store.Store`.

    On a server a change of version is three operations in this order: the new passages are written unseen,
    made findable in one operation, the old ones deleted. A search between the last two may
    meet both; it keeps the newer generation of each document (`Matter.search`), so that no result list mixes
    two versions.

    With a qdrant-client older than 1.19 the word frequencies behind the sparse arms are those of the whole
    collection, not of the matter; a warning says so. Everything else is the same.
    """

    _ranking_fields = RANKING_FIELDS

    def __init__(self, client: QdrantClient, location: str, collection: str, *, shared: bool) -> None:
        self.location, self.shared = location, shared
        self._client, self._collection = client, collection
        self._switch = ReadWriteLock()
        if not hasattr(models, "IdfCorpusParams"):
            warnings.warn(
                "This qdrant-client counts word frequencies over all matters of a collection, so another matter's "
                "words shift the order of keyword hits (never what is found); install qdrant-client>=1.19.",
                stacklevel=4,
            )
        # The in-memory client is not safe to use from several threads; a server's client is.
        self._turn: AbstractContextManager[Any] = nullcontext() if shared else threading.RLock()
        self.manifest = CollectionManifest(client, f"{collection}-manifest", self._service)

    @classmethod
    def in_memory(cls, collection: str) -> ClientStore:
        """Everything in this process's memory, exact search; for tests and small trials."""
        from qdrant_client import QdrantClient

        return cls(QdrantClient(location=MEMORY), MEMORY, collection, shared=False)

    @classmethod
    def on_server(cls, url: str, collection: str, api_key: str | None, timeout: float) -> ClientStore:
        """A server or cluster."""
        from qdrant_client import QdrantClient

        if api_key and url.startswith("http://"):
            warnings.warn(
                f"The API key for {url} travels unencrypted; use https:// beyond this machine.", stacklevel=3
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
            client = QdrantClient(url=url, api_key=api_key, timeout=int(timeout), check_compatibility=False)
        store = cls(client, url, collection, shared=True)
        with store._service("be reached"):
            client.get_collections()
        return store

    @contextmanager
    def _service(self, action: str) -> Iterator[None]:
        try:
            # Local mode says at every turn that it is local; that is known here.
            with self._turn, warnings.catch_warnings():
                if self.location == MEMORY:
                    warnings.simplefilter("ignore", UserWarning)
                yield
        except MejurixError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            advice = (
                "check the API key (QDRANT_API_KEY)"
                if "401" in reason or "403" in reason
                else "check the server"
            )
            raise StoreError(f"The store {self.location} could not {action} ({reason}); {advice}.") from error

    def create(self, dimension: int, indexes: Mapping[str, FieldKind]) -> None:
        """See `Store`."""
        with self._service("create the collection"):
            if self._client.collection_exists(self._collection):
                vectors = self._client.get_collection(self._collection).config.params.vectors
                dense = vectors.get("dense") if isinstance(vectors, dict) else None
                if dense is None:
                    raise StoreError(
                        f"The collection {self._collection} at {self.location} was not made by mejurix-st; "
                        "name another with collection=."
                    )
                if dense.size != dimension:
                    raise StoreError(
                        f"The collection {self._collection} at {self.location} has vectors of size "
                        f"{dense.size}; the encoder gives {dimension}."
                    )
                return
            idf = models.SparseVectorParams(modifier=models.Modifier.IDF)
            self._client.create_collection(
                self._collection,
                vectors_config={
                    "dense": models.VectorParams(size=dimension, distance=models.Distance.COSINE)
                },
                sparse_vectors_config={"bm25": idf, "assertions": idf},
            )
            self._create_payload_indexes(indexes)

    def _create_payload_indexes(self, indexes: Mapping[str, FieldKind]) -> None:
        schemas: dict[str, Any] = {
            "matter": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        }
        schemas |= dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD)
        schemas |= dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER)
        schemas |= dict.fromkeys(DATETIME_FIELDS, models.PayloadSchemaType.DATETIME)
        schemas |= {name: models.PayloadSchemaType(kind) for name, kind in indexes.items()}
        for name, schema in schemas.items():
            self._client.create_payload_index(self._collection, name, field_schema=schema, wait=True)

    def create_field_index(self, field: str, kind: FieldKind) -> None:
        """See `Store`."""
        with self._service("index a field"):
            self._client.create_payload_index(
                self._collection, field, field_schema=models.PayloadSchemaType(kind), wait=True
            )

    def upsert(self, points: Sequence[Point]) -> None:
        """See `Store`."""
        with self._service("write"):
            self._client.upsert(self._collection, [_to_client_point(point) for point in points], wait=True)

    def set_payload(self, where: models.Filter, values: dict[str, Any]) -> None:
        """See `Store`."""
        with self._service("write"):
            if identifiers := [i for page in self._identifiers(where) for i in page]:
                self._client.set_payload(self._collection, payload=values, points=identifiers, wait=True)

    def delete(self, where: models.Filter) -> None:
        """See `Store`."""
        with self._service("delete"):
            for page in self._identifiers(where):
                self._client.delete(self._collection, models.PointIdsList(points=page), wait=True)

    def _identifiers(self, where: models.Filter) -> Iterator[list[Any]]:
        """Of all points that match, by pages; `EdgeStore` says why operations are given ids."""
        offset = None
        while True:
            records, offset = self._client.scroll(
                self._collection, scroll_filter=where, limit=_PAGE, offset=offset, with_payload=False
            )
            if records:
                yield [record.id for record in records]
            if offset is None:
                return

    def search(
        self, queries: Sequence[ArmQuery], where: models.Filter, corpus: models.Filter, limit: int
    ) -> list[list[Found]]:
        """See `Store`."""
        requests = []
        for query in queries:
            vector: Any = query.vector
            parameters = None
            if isinstance(vector, SparseVector):
                vector = models.SparseVector(indices=vector.indices, values=vector.values)
                parameters = _statistics(corpus)
            else:
                vector = vector.tolist()
            requests.append(
                models.QueryRequest(
                    query=vector,
                    using=query.arm,
                    filter=where,
                    limit=limit,
                    with_payload=self._ranking_fields,
                    params=parameters,
                )
            )
        with self._service("search"):
            return [
                [Found(str(hit.id), hit.score, hit.payload or {}) for hit in response.points]
                for response in self._client.query_batch_points(self._collection, requests)
            ]

    def scroll(
        self, where: models.Filter, limit: int, offset: str | None = None, *, vectors: bool = False
    ) -> tuple[list[Found], str | None]:
        """See `Store`."""
        with self._service("read"):
            records, after = self._client.scroll(
                self._collection,
                scroll_filter=where,
                limit=limit,
                offset=offset,
                with_payload=True,
                with_vectors=["dense"] if vectors else False,
            )
        found = [
            Found(str(record.id), 0.0, record.payload or {}, _dense_of(record.vector) if vectors else None)
            for record in records
        ]
        return found, None if after is None else str(after)

    def count(self, where: models.Filter) -> int:
        """See `Store`."""
        with self._service("count"):
            return self._client.count(self._collection, count_filter=where, exact=True).count

    def switching(self) -> AbstractContextManager[None]:
        """See `Store`."""
        return self._switch.writing()

    def reading(self) -> AbstractContextManager[None]:
        """See `Store`."""
        return self._switch.reading()

    def check_space(self, bytes_needed: int) -> None:
        """See `Store`; a server minds its own disk."""

    def flush(self) -> None:
        """See `Store`; a server has logged every operation before it answers."""

    def close(self) -> None:
        """See `Store`."""
        with nullcontext() if self.shared else warnings.catch_warnings():
            self._client.close()


def _statistics(corpus: models.Filter) -> models.SearchParams | None:
    """Word frequencies of the matter; of the whole collection with a client that knows no other."""
    parameters = getattr(models, "IdfCorpusParams", None)  # from qdrant-client 1.19 on
    return models.SearchParams(idf=parameters(corpus=corpus)) if parameters else None


def _to_client_point(point: Point) -> models.PointStruct:
    vectors: dict[str, Any] = {"dense": point.dense.tolist()}
    for name, sparse in point.sparse.items():
        vectors[name] = models.SparseVector(indices=sparse.indices, values=sparse.values)
    return models.PointStruct(id=point.id, vector=vectors, payload=point.payload)


def _dense_of(vector: Any) -> np.ndarray:
    return np.asarray(vector["dense"], dtype=np.float32)
