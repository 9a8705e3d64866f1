"""One matter: what is added to it, asked of it and deleted from it. No call goes without its matter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mejurix_st.errors import InputError
from qdrant_mejurix import lifecycle, records
from qdrant_mejurix.filters import having_ids, in_matter, models
from qdrant_mejurix.fusion import ARMS, FusionWeights
from qdrant_mejurix.ingest import Ingest
from qdrant_mejurix.manifest import State
from qdrant_mejurix.names import check_document_name
from qdrant_mejurix.points import (
    Found,
    StoredRecord,
    canonical_uuid,
    chunk_of,
    public_payload,
    record_id,
    unique_in_order,
)
from qdrant_mejurix.search import hits_of, over_fetch, ranked
from qdrant_mejurix.store import ArmQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mejurix_st.types import Hit
    from qdrant_mejurix.index import Index
    from qdrant_mejurix.progress import Progress
    from qdrant_mejurix.report import AddReport

    Mode = Literal["hybrid", "dense", "bm25", "assertions"]

_MOST = 10_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One document of a matter: passages, encoder tokens, sha256 of its file, and where the file was."""

    name: str
    chunks: int
    tokens: int
    sha256: str
    source: str


class Matter:
    """Made by `Index.matter`."""

    def __init__(self, index: Index, name: str) -> None:
        self.name = name
        self._index = index
        self._store = index.store

    @property
    def index(self) -> Index:
        """The index that holds this matter."""
        return self._index

    def add(
        self,
        paths: Iterable[str | Path] | str | Path,
        *,
        progress: bool | Callable[[Progress], None] | None = None,
        root: str | Path | None = None,
    ) -> AddReport:
        """Indexes files.

        The same content again changes nothing; changed content takes the old one's place at once. A document
        is named after its file, so two files of one name and different content are refused.

        Args:
            paths: files.
            progress: a callback; True for a bar; False for nothing; None for a bar on a terminal.
            root: name documents by their path below this folder instead.

        Returns:
            What was added, skipped and failed. A file that fails leaves the others, and its older version,
            alone.

        Raises:
            StoreError: the store cannot be written; documents that were complete by then stay.
        """
        files = [paths] if isinstance(paths, (str, Path)) else list(paths)
        with self._index.writing:
            return Ingest(self._index, self.name, progress).run(
                files, Path(root) if root is not None else None
            )

    def add_records(
        self,
        texts: Sequence[str],
        metadatas: Sequence[dict[str, Any] | None] | None = None,
        ids: Sequence[str | None] | None = None,
        vectors: Any = None,
    ) -> list[str]:
        """Adds texts that come from no file, one point each; see `qdrant_mejurix.records.add_records`."""
        with self._index.writing:
            return records.add_records(self._index, self.name, texts, metadatas, ids, vectors)

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filter: models.Filter | None = None,
        mode: Mode = "hybrid",
        weights: FusionWeights | None = None,
    ) -> list[Hit]:
        """The passages that answer best.

        Args:
            query: a question or key words.
            limit: most hits, 1 to 10,000.
            filter: a further condition (`qdrant_client.models.Filter`); it can narrow the matter, never leave
                it.
            mode: "hybrid", or one arm alone, whose own score is then the hit's.
            weights: of the arms, for this search.

        Raises:
            InputError: an argument is not usable.
            StoreError: the store cannot be read.
        """
        if not isinstance(query, str) or not query.strip():
            raise InputError("The query is empty; give a question or key words.")
        if mode != "hybrid" and mode not in ARMS:
            raise InputError(f"The search mode is {mode!r}; valid: hybrid, {', '.join(ARMS)}.")
        weights = weights or self._index.weights
        wanted = [arm for arm in ARMS if weights.weight(arm)] if mode == "hybrid" else [mode]
        queries = []
        if "dense" in wanted:
            queries.append(ArmQuery("dense", self._index.encoder.encode_query(query)))
        if "bm25" in wanted and (words := self._index.lexical_query(query)):
            queries.append(ArmQuery("bm25", words))
        if "assertions" in wanted and (assertions := self._index.assertion_query(query)):
            queries.append(ArmQuery("assertions", assertions))
        return self._search(queries, limit, filter, weights if mode == "hybrid" else None)

    def search_by_vector(
        self, vector: Any, *, limit: int = 10, filter: models.Filter | None = None
    ) -> list[Hit]:
        """Like `search` with mode "dense", for a query vector (dimension,) that is there already."""
        dense = self._index.encoder.check_vectors([vector], 1)[0]
        return self._search([ArmQuery("dense", dense)], limit, filter, None)

    def _search(
        self, queries: list[ArmQuery], limit: int, user: models.Filter | None, weights: FusionWeights | None
    ) -> list[Hit]:
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST:
            raise InputError(f"The limit is {limit!r}; give a whole number from 1 to {_MOST}.")
        where, corpus = self._where(user), in_matter(self.name)
        if not queries:
            return []
        with self._store.reading():
            results = self._store.search(queries, where, corpus, over_fetch(limit))
            found = dict(zip([query.arm for query in queries], results, strict=True))
            places = ranked(found, weights, limit)
            return hits_of(places, self._points([place.id for place in places]))

    def _points(self, ids: Sequence[str], *, vectors: bool = False) -> dict[str, Found]:
        """Points of this matter by id; those that are not there, or not in the matter, are left out."""
        points: dict[str, Found] = {}
        for first in range(0, len(ids), _PAGE):
            where = in_matter(self.name, having_ids(ids[first : first + _PAGE]))
            found, _ = self._store.scroll(where, _PAGE, vectors=vectors)
            points |= {point.id: point for point in found}
        return points

    def _where(self, user: models.Filter | None) -> models.Filter:
        if user is not None and self._index.lacks_entities(user):
            raise InputError(
                f"The filter asks for entities, which the index at {self._store.location} does not hold; "
                "index the files into a new store that is opened with entities=True."
            )
        return in_matter(self.name, user)

    def get(self, ids: Sequence[str], *, with_vectors: bool = False) -> list[StoredRecord]:
        """Passages and records by public id (`hit.payload["id"]`), as ordered; unknown ids are left out."""
        wanted: dict[str, str] = {}
        for identifier in unique_in_order([str(i) for i in ids]):
            wanted[record_id(self.name, identifier)] = identifier
            if passage := canonical_uuid(identifier):
                wanted.setdefault(passage, identifier)
        by_id: dict[str, StoredRecord] = {}
        with self._store.reading():
            for point in self._points(list(wanted), vectors=with_vectors).values():
                by_id.setdefault(wanted[point.id], _record(point))
        return [by_id[i] for i in unique_in_order([str(i) for i in ids]) if i in by_id]

    def scroll(
        self,
        *,
        limit: int = 100,
        offset: str | None = None,
        filter: models.Filter | None = None,
        with_vectors: bool = False,
    ) -> tuple[list[StoredRecord], str | None]:
        """A page of everything in the matter, and the `offset` of the next page (None at the end)."""
        with self._store.reading():
            found, after = self._store.scroll(self._where(filter), limit, offset, vectors=with_vectors)
        return [_record(point) for point in found], after

    def count(self, filter: models.Filter | None = None) -> int:
        """Number of passages and records that searches can find."""
        with self._store.reading():
            return self._store.count(self._where(filter))

    def documents(self) -> list[DocumentInfo]:
        """The documents that searches can find, by name."""
        return [
            DocumentInfo(entry.document, entry.chunks, entry.tokens, entry.sha256, entry.source)
            for entry in self._store.manifest.entries(self.name)
            if entry.version and entry.state is not State.DELETING
        ]

    def delete(self, document: str) -> bool:
        """Deletes a document by its name; False when the matter has none of that name."""
        name = check_document_name(document)
        with self._index.writing:
            entry = self._store.manifest.get(self.name, name)
            if entry is None:
                return False
            lifecycle.remove_document(self._store, entry)
        return True

    def delete_records(self, ids: Sequence[str]) -> int:
        """Deletes records by their ids; returns how many there were. Passages go with their document only."""
        with self._index.writing:
            return records.delete_records(self._index, self.name, ids)

    def __repr__(self) -> str:
        return f"Matter({self.name!r}, store={self._store.location!r})"


def _record(point: Found) -> StoredRecord:
    identifier = str(point.payload.get("id", point.id))
    return StoredRecord(identifier, chunk_of(point.payload), public_payload(point.payload), point.dense)
