"""Searches of one matter under LangChain's names; `MejurixVectorStore` adds writing and reading by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

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
    from collections.abc import Callable, Mapping

    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from qdrant_mejurix.filters import models
    from qdrant_mejurix.matter import Matter

    from mejurix_st.types import Hit

    Condition = models.Filter | Mapping[str, Any] | None

SearchMode = Literal["dense", "hybrid", "bm25", "assertions"]
_MODES = ("dense", "hybrid", "bm25", "assertions")


class MatterSearches(VectorStore):
    """The searching half of `MejurixVectorStore`."""

    _matter: Matter
    _mode: SearchMode
    _embedding: Embeddings | None

    @property
    def matter(self) -> Matter:
        """The matter that the store is bound to."""
        return self._matter

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and queries."""
        return self._embedding or MatterEmbeddings(self._matter.index)

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

    def similarity_search_with_score(
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
        refuse_unknown(kwargs)
        mode = checked_mode(mode or self._mode)
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
        refuse_unknown(kwargs)
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
        refuse_unknown(kwargs)
        if not 0 <= lambda_mult <= 1:
            raise InputError(f"lambda_mult is {lambda_mult!r}; give a number from 0 to 1.")
        hits = self._matter.search_by_vector(embedding, limit=max(k, fetch_k), filter=as_filter(filter))
        found = {str(hit.payload["id"]): hit for hit in hits}
        records = self._matter.get(list(found), with_vectors=True)
        vectors = [record.vector for record in records if record.vector is not None]
        if not vectors:
            return []
        chosen = maximal_marginal_relevance(
            np.asarray(embedding, dtype=np.float32),
            [v.tolist() for v in vectors],
            lambda_mult=lambda_mult,
            k=k,
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


def _scored(hits: list[Hit], threshold: float | None) -> list[tuple[Document, float]]:
    kept = [hit for hit in hits if threshold is None or hit.score >= threshold]
    return [(record_to_document(hit), hit.score) for hit in kept]


def checked_mode(mode: str) -> Any:
    """The mode, if it is one."""
    if mode not in _MODES:
        raise InputError(f"The search mode is {mode!r}; valid: {', '.join(_MODES)}.")
    return mode


def refuse_unknown(options: dict[str, Any]) -> None:
    """Raises InputError for keyword arguments that mean nothing here."""
    if options:
        raise InputError(f"Unknown option: {', '.join(sorted(options))}.")
