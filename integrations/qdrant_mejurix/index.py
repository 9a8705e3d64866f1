"""An index: one store, one encoder, and the matters in it."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any, get_args

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError, StoreError
from qdrant_mejurix import lifecycle
from qdrant_mejurix.encoders import TextEncoder
from qdrant_mejurix.entities import PAYLOAD_INDEXES, EntityReader
from qdrant_mejurix.filters import asks_for_entities, models
from qdrant_mejurix.fusion import FusionWeights
from qdrant_mejurix.lexical import LexicalEncoder
from qdrant_mejurix.matter import Matter
from qdrant_mejurix.names import check_matter_name
from qdrant_mejurix.points import SparseVector, check_annotations
from qdrant_mejurix.store import DEFAULT_COLLECTION, FieldKind, Store, open_store
from qdrant_mejurix.verify import Difference, verify_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    AssertionIndexer = Callable[[str], tuple[Sequence[int], Sequence[float]]]
    Annotator = Callable[[str], Mapping[str, Any]]

_FORMAT = 1


def open_index(
    location: str | Path,
    encoder: Any = None,
    *,
    collection: str = DEFAULT_COLLECTION,
    api_key: str | None = None,
    timeout: float = 60.0,
    create: bool = True,
    chunking: ChunkingConfig | None = None,
    weights: FusionWeights | None = None,
    assertion_indexer: AssertionIndexer | None = None,
    annotator: Annotator | None = None,
    entities: bool | None = None,
) -> Index:
    """Opens an index, and makes it if it is not there.

    Args:
        location: a folder (Qdrant Edge, in this process), the URL of a Qdrant server, or ":memory:" for
            tests.
        encoder: a SentenceTransformer or LangChain Embeddings; its dimension sets the collection's. None
            opens an existing index for `verify`, `documents`, `count`, filters and deletion; adding and
            searching need one.
        collection: name of the collection on a server.
        api_key: of the server; the environment's `QDRANT_API_KEY` when not given.
        timeout: of requests to a server, in seconds.
        create: False to refuse a location that holds no index, instead of making one.
        chunking: how files are cut; within the encoder's limit by default. Files cut otherwise before are cut
            anew when they are added again.
        weights: of the arms; by default those in the model's folder (`fusion.json`), or `FusionWeights()`.
        assertion_indexer: from a text to indices and values of the sparse vector "assertions".
        annotator: from a passage's text to further payload fields, for example
            `{"entity_types": ["DISEASE"], "date": ["2019-04-02"]}`.
        entities: True stores what each passage says of its entities, for the arm "assertions" and for
            `entity_filter` (`qdrant_mejurix.entities`). None opens an index as it was made, and makes a new
            one without. An index is made with or without, for good.

    Raises:
        InputError: an argument is not usable.
        MissingExtraError: an optional package is not installed.
        StoreError: the store is held by another process, damaged, not reachable, or made with another model
            or another choice of `entities`.
    """
    adapter = TextEncoder(encoder) if encoder is not None else None
    store = open_store(
        location,
        collection=collection,
        api_key=api_key,
        timeout=timeout,
        create=create and adapter is not None,
    )
    try:
        return Index(store, adapter, chunking, weights, assertion_indexer, annotator, entities)
    except BaseException:
        store.close()
        raise


class Index:
    """Made by `open_index`. Close it, or use it as a context manager; safe to share between threads."""

    def __init__(
        self,
        store: Store,
        encoder: TextEncoder | None,
        chunking: ChunkingConfig | None = None,
        weights: FusionWeights | None = None,
        assertion_indexer: AssertionIndexer | None = None,
        annotator: Annotator | None = None,
        entities: bool | None = None,
    ) -> None:
        self.store = store
        self.annotator = annotator
        self._encoder = encoder
        self._assertion_indexer = assertion_indexer
        self._lexical = LexicalEncoder()
        self._registered: set[str] = set()
        self.writing = threading.RLock()
        settings = store.manifest.settings()
        if settings is not None and settings.get("format") != _FORMAT:
            raise StoreError(
                f"The store {store.location} has format {settings.get('format')}; this version reads "
                f"{_FORMAT}. Update mejurix-st, or index the files into a new store."
            )
        if settings is None and encoder is None:
            raise StoreError(f"There is no index at {store.location}; make one, with an encoder.")
        self.reader = self._choose_reader(settings, entities)
        if encoder is not None:
            if settings is not None:
                encoder.check_fingerprint(settings["encoder"], store.location)
            store.create(encoder.dimension, PAYLOAD_INDEXES if self.reader else {})
            if settings is None:
                made = {"format": _FORMAT, "encoder": encoder.fingerprint(), "entities": self.entities}
                store.manifest.write_settings(made)
        self.chunking = chunking or _default_chunking(encoder)
        self.weights = weights or (encoder.fusion_weights() if encoder else None) or FusionWeights()
        self.recovered = lifecycle.recover(store, staged=not store.shared)
        if encoder is not None and not store.shared:
            lifecycle.check_complete(store)
        if encoder is not None and settings is not None and self.reader:
            self._warn_of_other_vocabulary(self.reader)

    def _choose_reader(self, settings: dict[str, Any] | None, wanted: bool | None) -> EntityReader | None:
        made = bool(settings.get("entities")) if settings is not None else bool(wanted)
        if wanted is not None and bool(wanted) != made:
            raise StoreError(
                f"The store {self.store.location} was made {'with' if made else 'without'} entities and "
                f"cannot hold both kinds; open it with entities={made} or None, or index the files into a "
                "new store."
            )
        if made and self._assertion_indexer is not None:
            raise InputError(
                "An index with entities makes the vector of the arm assertions itself; "
                "leave assertion_indexer out, or open a new index with entities=False."
            )
        return EntityReader() if made else None

    def _warn_of_other_vocabulary(self, reader: EntityReader) -> None:
        own = models.FieldCondition(key="annotated", match=models.MatchValue(value=reader.fingerprint))
        if other := self.store.count(models.Filter(must_not=[own])):
            warnings.warn(
                f"The entities of {other} passages in {self.store.location} were found with another "
                "vocabulary; filters on entities may miss some until their files are added again.",
                stacklevel=4,
            )

    @property
    def entities(self) -> bool:
        """Whether the index stores entities and what is said of them."""
        return self.reader is not None

    @property
    def encoder(self) -> TextEncoder:
        """The encoder.

        Raises:
            InputError: the index was opened without one.
        """
        if self._encoder is None:
            raise InputError(
                "The index was opened without an encoder; give one to open_index to add or search."
            )
        return self._encoder

    def matter(self, name: str) -> Matter:
        """One client's case: everything that is added and asked goes through it.

        Args:
            name: 1 to 200 printable characters; blanks at the ends do not count.

        Raises:
            InputError: the name is not usable.
        """
        return Matter(self, check_matter_name(name))

    def matters(self) -> list[str]:
        """Names of all matters, sorted."""
        return [name for name, deleting in self.store.manifest.matters().items() if not deleting]

    def delete_matter(self, name: str) -> bool:
        """Deletes everything of a matter; False when there is no such matter."""
        name = check_matter_name(name)
        with self.writing:
            if name not in self.store.manifest.matters():
                return False
            lifecycle.remove_matter(self.store, name)
            self._registered.discard(name)
        return True

    def create_filter_index(self, field: str, kind: FieldKind) -> None:
        """Makes filters on a field of the user's own fast, in every matter.

        Args:
            field: payload path, for example "metadata.year".
            kind: what it holds: keyword, integer, float, bool, datetime, geo or text.

        Raises:
            InputError: another kind.
        """
        if kind not in get_args(FieldKind):
            raise InputError(f"The kind of index is {kind!r}; valid: {', '.join(get_args(FieldKind))}.")
        with self.writing:
            self.store.create_field_index(field, kind)

    def register(self, matter: str) -> None:
        """Notes that a matter exists; called before its first point is written."""
        if matter not in self._registered:
            self.store.manifest.register(matter)
            self._registered.add(matter)

    def describe(
        self,
        lexical_text: str,
        text: str,
        *,
        start: int = 0,
        page_at: Callable[[int], int] | None = None,
        document_date: str = "",
    ) -> tuple[dict[str, SparseVector], dict[str, Any]]:
        """Sparse vectors of one passage by arm (an arm without entries is left out), and annotations.

        `lexical_text` is what the arm "bm25" reads: header and text; for the rest see `EntityReader.read`.
        """
        annotations: dict[str, Any] = {}
        if self.annotator is not None:
            annotations = check_annotations(self.annotator(text), with_entities=self.entities)
        vectors = {"bm25": self._lexical.encode_document(lexical_text)}
        if self.reader is not None:
            reading = self.reader.read(text, start=start, page_at=page_at, document_date=document_date)
            annotations |= reading.payload
            vectors["assertions"] = reading.vector
        elif self._assertion_indexer is not None:
            vectors["assertions"] = _from_indexer(self._assertion_indexer, text)
        return {arm: vector for arm, vector in vectors.items() if vector}, annotations

    def lexical_query(self, text: str) -> SparseVector:
        """Vector of a query for the arm "bm25"."""
        return self._lexical.encode_query(text)

    def assertion_query(self, text: str) -> SparseVector | None:
        """Vector of a query for the arm "assertions"; None when the index has no such arm."""
        if self.reader is not None:
            return self.reader.query_vector(text)
        return _from_indexer(self._assertion_indexer, text) if self._assertion_indexer else None

    def lacks_entities(self, condition: models.Filter) -> bool:
        """Whether a filter looks at entities that nothing here has, so that it could only find nothing."""
        if self.entities or self.annotator is not None or not asks_for_entities(condition):
            return False
        empty = models.IsEmptyCondition(is_empty=models.PayloadField(key="entities"))
        return not self.store.count(models.Filter(must_not=[empty]))

    def verify(self) -> list[Difference]:
        """Compares files, manifest and store; empty when all three agree. Changes nothing."""
        with self.writing:
            return verify_store(self.store)

    def recover(self) -> list[str]:
        """Clears what killed processes left on a server; only while no other process writes to it."""
        with self.writing:
            return lifecycle.recover(self.store, staged=True)

    def close(self) -> None:
        """Releases the store, so that another process can open it. Safe to call twice."""
        with self.writing:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _default_chunking(encoder: TextEncoder | None) -> ChunkingConfig:
    default = ChunkingConfig()
    limit = encoder.max_tokens if encoder else 0
    if not limit or limit >= default.max_tokens:
        return default
    return ChunkingConfig(max_tokens=limit, overlap_tokens=limit // 8, header_tokens=min(48, limit // 4))


def _from_indexer(indexer: AssertionIndexer, text: str) -> SparseVector:
    indices, values = indexer(text)
    return SparseVector([int(i) for i in indices], [float(v) for v in values])
