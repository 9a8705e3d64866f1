"""The embedded store: one Qdrant Edge shard and one manifest in a folder, owned by one process.

case-files/
lock               held by the process that has the store open
manifest.sqlite3   which content of which document is current
shard/             points, in Qdrant's own format
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import MejurixError, MissingExtraError, StoreError

try:
    import qdrant_edge as edge
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The embedded vector store", "qdrant") from _error

from qdrant_mejurix.edge_filters import to_edge
from qdrant_mejurix.locking import FolderLock, ReadWriteLock
from qdrant_mejurix.manifest import SqliteManifest
from qdrant_mejurix.points import (
    DATETIME_FIELDS,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    RANKING_FIELDS,
    Found,
    SparseVector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from qdrant_mejurix.filters import models
    from qdrant_mejurix.points import Point
    from qdrant_mejurix.store import ArmQuery, FieldKind

_RESERVE = 96 * 1024 * 1024
"""Bytes kept free: the engine maps its files in blocks of 32 MiB, and a mapped block that the disk cannot
hold ends the process without an error that could be reported."""
_PAGE = 4096


class EdgeStore:
    """See `qdrant_mejurix.store.Store`."""

    shared = False

    def __init__(self, folder: Path) -> None:
        self.location = str(folder)
        self._folder = folder
        self._shard_path = folder / "shard"
        self._unfinished = folder / "creating"
        self._shard: edge.EdgeShard | None = None
        self._switch = ReadWriteLock()
        self._prepare_folder()
        self._lock = FolderLock(folder / "lock")
        try:
            self._check_parts()
            self.manifest = SqliteManifest(folder / "manifest.sqlite3")
            if self._shard_path.exists():
                self._shard = self._load()
        except BaseException:
            self.close()
            raise

    def _prepare_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            names = {path.name for path in self._folder.iterdir()}
        except OSError as error:
            raise StoreError(
                f"{self._folder} cannot be used as a store ({error.strerror}); give a folder that "
                "can be written."
            ) from error
        if names and not names & {"lock", "manifest.sqlite3", "shard"}:
            raise StoreError(
                f"{self._folder} holds other files and is not a store; give a new or empty folder."
            )

    def _check_parts(self) -> None:
        if self._unfinished.exists():  # killed while creating: nothing had been accepted yet
            shutil.rmtree(self._shard_path, ignore_errors=True)
            for path in self._folder.glob("manifest.sqlite3*"):
                path.unlink()
            self._unfinished.unlink()
        has_manifest = (self._folder / "manifest.sqlite3").exists()
        if self._shard_path.exists() and not has_manifest:
            raise self._damaged("manifest.sqlite3 is missing")
        if has_manifest and not self._shard_path.exists():
            manifest = SqliteManifest(self._folder / "manifest.sqlite3")
            made = manifest.settings() is not None
            manifest.close()
            if made:
                raise self._damaged("the folder shard is missing")

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"The store {self._folder} is damaged ({what}); restore it from a backup, "
            "or index the files again into a new folder."
        )

    def _load(self) -> edge.EdgeShard:
        if not any(self._shard_path.glob("segments/*/segment.json")):
            raise self._damaged("the shard has no segments")  # the engine would open it as an empty one
        try:
            shard = edge.EdgeShard.load(str(self._shard_path))
            shard.count(edge.CountRequest())
        except BaseException as error:  # the engine raises bare Exception, and PanicException on torn files
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            if "WouldBlock" in str(error):
                raise StoreError(
                    f"{self._folder} is open elsewhere; close that one (index.close(), or end the process)."
                ) from error
            raise self._damaged(str(error)) from error
        return shard

    def create(self, dimension: int, indexes: Mapping[str, FieldKind]) -> None:
        """See `Store`."""
        if self._shard is not None:
            found = self._shard_dimension()
            if found != dimension:
                raise StoreError(
                    f"The store {self._folder} has vectors of size {found}; the encoder gives {dimension}."
                )
            return
        self.check_space(0)
        with self._engine("create the store"):
            self._unfinished.touch()
            config = edge.EdgeConfig(
                vectors={"dense": edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine)},
                sparse_vectors={
                    "bm25": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf),
                    "assertions": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf),
                },
                max_search_threads=2,
            )
            self._shard = edge.EdgeShard.create(str(self._shard_path), config)
            index = edge.UpdateOperation.create_field_index
            self._shard.update(index("matter", edge.KeywordIndexParams(is_tenant=True)))
            for names, schema in (
                (KEYWORD_FIELDS, edge.PayloadSchemaType.Keyword),
                (INTEGER_FIELDS, edge.PayloadSchemaType.Integer),
                (DATETIME_FIELDS, edge.PayloadSchemaType.Datetime),
            ):
                for name in names:
                    self._shard.update(index(name, schema))
            for name, kind in indexes.items():
                self._shard.update(index(name, _schema(kind)))
            self._shard.flush()
            self._unfinished.unlink()

    def _shard_dimension(self) -> int:
        config = self._shard_path / "edge_config.json"
        try:
            return int(json.loads(config.read_text(encoding="utf-8"))["vectors"]["dense"]["size"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(f"edge_config.json: {error}") from error

    @contextmanager
    def _engine(self, action: str) -> Iterator[None]:
        try:
            yield
        except MejurixError:
            raise
        except Exception as error:
            advice = "what was stored before is intact"
            if "No space left" in str(error) or "os error 28" in str(error):
                advice = "the disk is full: free some space and run the same command again; " + advice
            raise StoreError(f"The store {self._folder} could not {action} ({error}); {advice}.") from error

    @property
    def _open(self) -> edge.EdgeShard:
        if self._shard is None:
            raise StoreError(f"The store {self._folder} is closed; open it again.")
        return self._shard

    def create_field_index(self, field: str, kind: FieldKind) -> None:
        """See `Store`."""
        with self._engine("index a field"):
            self._open.update(edge.UpdateOperation.create_field_index(field, _schema(kind)))
            self._open.flush()

    def upsert(self, points: Sequence[Point]) -> None:
        """See `Store`."""
        with self._engine("write"):
            self._open.update(edge.UpdateOperation.upsert_points([_to_edge_point(point) for point in points]))

    def set_payload(self, where: models.Filter, values: dict[str, Any]) -> None:
        """See `Store`."""
        with self._engine("write"):
            if identifiers := self._identifiers(where):
                self._open.update(edge.UpdateOperation.set_payload(identifiers, values))

    def delete(self, where: models.Filter) -> None:
        """See `Store`."""
        with self._engine("delete"):
            if identifiers := self._identifiers(where):
                self._open.update(edge.UpdateOperation.delete_points(identifiers))

    def _identifiers(self, where: models.Filter) -> list[Any]:
        """Of all points that match.

        The engine's log keeps an operation as it was given, and after a crash does it again. A filter would then
        be read from field indexes, which a flush writes before the payloads: killed between the two, it finds
        that there is nothing to do, and the payloads stay as they were.
        """
        found: list[Any] = []
        offset = None
        while True:
            request = edge.ScrollRequest(
                offset=offset, limit=_PAGE, filter=to_edge(where), with_payload=False, with_vector=False
            )
            records, offset = self._open.scroll(request)
            found += [record.id for record in records]
            if offset is None:
                return found

    def search(
        self, queries: Sequence[ArmQuery], where: models.Filter, corpus: models.Filter, limit: int
    ) -> list[list[Found]]:
        """See `Store`."""
        wanted, statistics = to_edge(where), edge.SearchParams(idf=edge.IdfParams(corpus=to_edge(corpus)))
        requests = []
        for query in queries:
            vector: Any = query.vector
            sparse = isinstance(vector, SparseVector)
            if sparse:
                vector = edge.SparseVector(vector.indices, vector.values)
            requests.append(
                edge.QueryRequest(
                    limit=limit,
                    query=edge.Query.Nearest(vector, using=query.arm),
                    filter=wanted,
                    with_payload=RANKING_FIELDS,
                    params=statistics if sparse else None,
                )
            )
        with self._engine("search"):
            return [
                [Found(str(hit.id), hit.score, hit.payload or {}) for hit in hits]
                for hits in self._open.query_batch(edge.QueryBatchRequest(requests))
            ]

    def scroll(
        self, where: models.Filter, limit: int, offset: str | None = None, *, vectors: bool = False
    ) -> tuple[list[Found], str | None]:
        """See `Store`."""
        request = edge.ScrollRequest(
            offset=offset,
            limit=limit,
            filter=to_edge(where),
            with_payload=True,
            with_vector=["dense"] if vectors else False,
        )
        with self._engine("read"):
            records, after = self._open.scroll(request)
        found = [
            Found(str(record.id), 0.0, record.payload or {}, _dense_of(record.vector) if vectors else None)
            for record in records
        ]
        return found, None if after is None else str(after)

    def count(self, where: models.Filter) -> int:
        """See `Store`."""
        with self._engine("count"):
            return int(self._open.count(edge.CountRequest(exact=True, filter=to_edge(where))))

    def switching(self) -> AbstractContextManager[None]:
        """See `Store`."""
        return self._switch.writing()

    def reading(self) -> AbstractContextManager[None]:
        """See `Store`."""
        return self._switch.reading()

    def check_space(self, bytes_needed: int) -> None:
        """See `Store`."""
        free = shutil.disk_usage(self._folder).free
        if free < bytes_needed + _RESERVE:
            raise StoreError(
                f"The disk of {self._folder} has {free >> 20} MiB free and "
                f"{(bytes_needed + _RESERVE) >> 20} MiB are needed; free some space and run the same command "
                "again. What was stored before is intact."
            )

    def flush(self) -> None:
        """See `Store`."""
        with self._engine("write to disk"):
            self._open.flush()

    def close(self) -> None:
        """See `Store`."""
        if self._shard is not None:
            self._shard.close()
            self._shard = None
        if manifest := getattr(self, "manifest", None):
            manifest.close()
        self._lock.release()


def _schema(kind: FieldKind) -> edge.PayloadSchemaType:
    return getattr(edge.PayloadSchemaType, kind.capitalize())


def _to_edge_point(point: Point) -> edge.Point:
    vectors: dict[str, Any] = {"dense": point.dense}
    for name, sparse in point.sparse.items():
        vectors[name] = edge.SparseVector(sparse.indices, sparse.values)
    return edge.Point(id=point.id, vector=vectors, payload=point.payload)


def _dense_of(vectors: Any) -> NDArray[np.float32]:
    return np.asarray(vectors["dense"], dtype=np.float32)
