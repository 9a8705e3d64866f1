"""`MejurixVectorStore`: one matter as a LangChain vector store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from langchain_mejurix.conditions import as_filter
from langchain_mejurix.convert import record_to_document
from langchain_mejurix.embeddings import MatterEmbeddings
from mejurix_st.errors import InputError, MissingExtraError

try:
    from langchain_core.vectorstores import VectorStore
    from langchain_core.vectorstores.utils import maximal_marginal_relevance
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The LangChain integration", "langchain") from _error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from qdrant_mejurix.filters import models
    from qdrant_mejurix.index import Index
    from qdrant_mejurix.matter import Matter

    from mejurix_st.types import Hit

    Condition = models.Filter | Mapping[str, Any] | None

SearchMode = Literal["dense", "hybrid", "bm25", "assertions"]
_MODES = ("dense", "hybrid", "bm25", "assertions")


class MejurixVectorStore(VectorStore):
    """A vector store that is bound to one matter: nothing of another matter can be found, read or deleted.

    Scores are what they are called: `similarity_search_with_score` gives the cosine in [-1, 1] (mode
    "dense"), the fused rank score (mode "hybrid") or BM25 (mode "bm25"). Only the cosine is also a relevance
    score in [0, 1].
    """

    def __init__(
        self, matter: Matter, embedding: Embeddings | None = None, *, mode: SearchMode = "dense"
    ) -> None:
        """Binds the store.

        Args:
            matter: from `index.matter(name)`; the index has an encoder.
            embedding: embeds texts and queries; checked to give the vectors that the index holds. The index's
                own encoder when None.
            mode: of searches that name none.

        Raises:
            InputError: unknown mode, or not a matter.
            StoreError: `embedding` is another model than the index was made with.
        """
        if not hasattr(matter, "add_records"):
            raise InputError(
                f"The matter is a {type(matter).__name__}; give index.matter(name), or use "
                "from_texts(matter=name)."
            )
        self._matter = matter
        self._mode = _checked_mode(mode)
        self._embedding = embedding
        self._owned: Index | None = None
        if embedding is not None:
            from qdrant_mejurix.encoders import TextEncoder

            store = matter.index.store
            settings = store.manifest.settings()
            if settings is not None:
                TextEncoder(embedding).check_fingerprint(settings["encoder"], store.location)

    @property
    def matter(self) -> Matter:
        """The matter that the store is bound to."""
        return self._matter

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and queries."""
        return self._embedding or MatterEmbeddings(self._matter.index)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Adds texts as they are, one point each.

        Args:
            texts: what is embedded and found.
            metadatas: JSON values for each text; `document`, a string, names its source.
            ids: any strings of 1 to 500 characters; a known id is replaced. Random where None.
            **kwargs: none are known.

        Returns:
            The ids, in order.

        Raises:
            InputError: lengths differ or a value is not usable; nothing has been written then.
        """
        _refuse(kwargs)
        texts = list(texts)
        names = None if ids is None else [None if i is None else str(i) for i in ids]
        vectors = self._embedding.embed_documents(texts) if self._embedding is not None and texts else None
        return self._matter.add_records(texts, metadatas or None, names, vectors)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Deletes texts by id; unknown ids change nothing. Passages of files go with their document only.

        Raises:
            InputError: no ids are given, or one is that of a file's passage.
        """
        _refuse(kwargs)
        if ids is None:
            raise InputError(
                "Which ids to delete was not said; give ids, or index.delete_matter(name) for everything."
            )
        self._matter.delete_records([str(i) for i in ids])
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Texts and passages by id, in the order asked for; unknown ids are left out."""
        return [record_to_document(record) for record in self._matter.get([str(i) for i in ids])]

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Condition = None,
        mode: SearchMode | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """The best texts and passages, best first; see `similarity_search_with_score`."""
        found = self.similarity_search_with_score(query, k, filter=filter, mode=mode, **kwargs)
        return [document for document, _ in found]

    def similarity_search_with_score(  # type: ignore[override]
        self,
        query: str,
        k: int = 4,
        *,
        filter: Condition = None,
        mode: SearchMode | None = None,
        score_threshold: float | None = None,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The best texts and passages with their score, best first.

        Args:
            query: a question or key words.
            k: most results, 1 to 10,000.
            filter: `qdrant_client.models.Filter` or a dictionary (`langchain_mejurix.conditions.as_filter`).
            mode: "dense": the score is the cosine; "hybrid": fused rank score; "bm25", "assertions": that
                arm's.
            score_threshold: least score.
            **kwargs: none are known.

        Raises:
            InputError: an argument is not usable.
        """
        _refuse(kwargs)
        mode = _checked_mode(mode or self._mode)
        where = as_filter(filter)
        if mode == "dense" and self._embedding is not None:
            hits = self._matter.search_by_vector(self._embedding.embed_query(query), limit=k, filter=where)
        else:
            hits = self._matter.search(query, limit=k, filter=where, mode=mode)
        return _scored(hits, score_threshold)

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, *, filter: Condition = None, **kwargs: Any
    ) -> list[Document]:
        """The texts and passages nearest to a vector of the index's dimension, best first."""
        _refuse(kwargs)
        hits = self._matter.search_by_vector(embedding, limit=k, filter=as_filter(filter))
        return [record_to_document(hit) for hit in hits]

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, *, filter: Condition = None
    ) -> list[tuple[Document, float]]:
        """As `similarity_search_by_vector`, with the cosine in [-1, 1]."""
        return _scored(self._matter.search_by_vector(embedding, limit=k, filter=as_filter(filter)), None)

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Condition = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Results that are near the query and far from each other; see the method by vector."""
        vector = self.embeddings.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(
            vector, k, fetch_k, lambda_mult, filter=filter, **kwargs
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Condition = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the `fetch_k` nearest.

        Args:
            embedding: query vector.
            k: most results.
            fetch_k: candidates; at least k are taken.
            lambda_mult: 1 for nearness only, 0 for diversity only.
            filter: as in `similarity_search_with_score`.
            **kwargs: none are known.

        Raises:
            InputError: an argument is not usable.
        """
        _refuse(kwargs)
        if not 0 <= lambda_mult <= 1:
            raise InputError(f"lambda_mult is {lambda_mult!r}; give a number from 0 to 1.")
        hits = self._matter.search_by_vector(embedding, limit=max(k, fetch_k), filter=as_filter(filter))
        found = {str(hit.payload["id"]): hit for hit in hits}
        records = self._matter.get(list(found), with_vectors=True)
        vectors = [record.vector for record in records if record.vector is not None]
        if not vectors:
            return []
        chosen = maximal_marginal_relevance(
            np.asarray(embedding, dtype=np.float32), list(vectors), lambda_mult=lambda_mult, k=k
        )
        return [record_to_document(records[i]) for i in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        if self._mode != "dense":
            raise InputError(
                f'Scores of mode "{self._mode}" order one result list and are no relevance in [0, 1]; '
                'use mode "dense".'
            )
        # Rounding errors beyond 1, and opposite vectors, are not "more" or "less" than the ends of the scale.
        return lambda cosine: min(1.0, max(0.0, cosine))

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        if kwargs.get("mode") not in (None, "dense"):
            raise InputError('Relevance scores are cosines; leave mode out, or give "dense".')
        kwargs.pop("score_threshold", None)
        relevance = self._select_relevance_score_fn()
        found = self.similarity_search_with_score(query, k, **kwargs)
        return [(document, relevance(score)) for document, score in found]

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        matter: str = "",
        location: str | Path = ":memory:",
        mode: SearchMode = "dense",
        **kwargs: Any,
    ) -> Self:
        """A store with texts in it.

        Args:
            texts: what is embedded and found.
            embedding: LangChain embeddings, or anything that `qdrant_mejurix.open_index` takes.
            metadatas: JSON values for each text.
            ids: as in `add_texts`.
            matter: name of the matter; there is no default.
            location: ":memory:", a folder or the URL of a server.
            mode: as in the constructor.
            **kwargs: for `open_index`.

        Returns:
            The store; close it, or use it as a context manager.

        Raises:
            InputError: the matter is not named, or an argument is not usable.
        """
        if not matter:
            raise InputError('Which matter the texts belong to was not said; give matter="name-of-the-case".')
        from qdrant_mejurix.index import open_index

        opened = open_index(location, embedding, **kwargs)
        try:
            store = cls(opened.matter(matter), mode=mode)
            store._owned = opened
            store.add_texts(texts, metadatas, ids=ids)
        except BaseException:
            opened.close()
            raise
        return store

    def close(self) -> None:
        """Closes the index that `from_texts` opened; one that was given stays open."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _scored(hits: list[Hit], threshold: float | None) -> list[tuple[Document, float]]:
    kept = [hit for hit in hits if threshold is None or hit.score >= threshold]
    return [(record_to_document(hit), hit.score) for hit in kept]


def _checked_mode(mode: str) -> Any:
    if mode not in _MODES:
        raise InputError(f"The search mode is {mode!r}; valid: {', '.join(_MODES)}.")
    return mode


def _refuse(options: dict[str, Any]) -> None:
    if options:
        raise InputError(f"Unknown option: {', '.join(sorted(options))}.")
