"""An index: one store, one encoder, and the matters in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, get_args

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError, StoreError
from qdrant_mejurix import lifecycle
from qdrant_mejurix.encoders import TextEncoder
from qdrant_mejurix.fusion import FusionWeights
from qdrant_mejurix.lexical import LexicalEncoder
from qdrant_mejurix.matter import Matter
from qdrant_mejurix.names import check_matter_name
from qdrant_mejurix.points import SparseVector
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

    Raises:
        InputError: an argument is not usable.
        MissingExtraError: an optional package is not installed.
        StoreError: the store is held by another process, damaged, not reachable, or made with another model.
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
        return Index(store, adapter, chunking, weights, assertion_indexer, annotator)
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
            raise StoreError(
                f"There is no index at {store.location}; make one by adding files with an encoder."
            )
        if encoder is not None:
            if settings is not None:
                encoder.check_fingerprint(settings["encoder"], store.location)
            store.create(encoder.dimension)
            if settings is None:
                store.manifest.write_settings({"format": _FORMAT, "encoder": encoder.fingerprint()})
        self.chunking = chunking or _default_chunking(encoder)
        self.weights = weights or (encoder.fusion_weights() if encoder else None) or FusionWeights()
        self.recovered = lifecycle.recover(store, staged=not store.shared)
        if encoder is not None and not store.shared:
            lifecycle.check_complete(store)

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

    def sparse_vectors(self, lexical_text: str, assertion_text: str) -> dict[str, SparseVector]:
        """Vectors of the arms "bm25" and "assertions" of one passage; an arm without entries is left out."""
        vectors = {"bm25": self._lexical.encode_document(lexical_text)}
        if assertions := self.assertion_vector(assertion_text):
            vectors["assertions"] = assertions
        return {arm: vector for arm, vector in vectors.items() if vector}

    def lexical_query(self, text: str) -> SparseVector:
        """Vector of a query for the arm "bm25"."""
        return self._lexical.encode_query(text)

    def assertion_vector(self, text: str) -> SparseVector | None:
        """Vector for the arm "assertions"; None without an indexer."""
        if self._assertion_indexer is None:
            return None
        indices, values = self._assertion_indexer(text)
        return SparseVector([int(i) for i in indices], [float(v) for v in values])

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
