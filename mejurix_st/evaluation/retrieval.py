"""Retrieval: nDCG@10 and recall@10 with intervals, a long document counted by its best passage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mejurix_st.evaluation.bm25 import Bm25
from mejurix_st.evaluation.metrics import Estimate, Floats, Matrix, bootstrap, ndcg, recall, top
from mejurix_st.evaluation.passages import split_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mejurix_st.evaluation.data import RetrievalSet
    from mejurix_st.evaluation.encoders import Encoder, Vectors

K = 10
PASSAGE_TOKENS = 256
"""Most tokens of a passage: what the package's own index stores."""


@dataclass(frozen=True)
class RetrievalResult:
    """One model on one set.

    Attributes:
        model: the model's name.
        task: the set's name.
        ndcg: (queries,) nDCG@10 of each query.
        recall: (queries,) recall@10 of each query.
    """

    model: str
    task: str
    ndcg: Floats
    recall: Floats

    def estimates(self, seed: int = 0) -> dict[str, Estimate]:
        """Means with 95 % bootstrap intervals over queries."""
        return {"ndcg@10": bootstrap(self.ndcg, seed=seed), "recall@10": bootstrap(self.recall, seed=seed)}

    def to_dict(self) -> dict[str, Any]:
        """Model, set and estimates, for JSON."""
        found = {name: estimate.to_dict() for name, estimate in self.estimates().items()}
        return {"model": self.model, "task": self.task, **found}


def score_rankings(model: str, task: RetrievalSet, scores: Matrix) -> RetrievalResult:
    """Ranks and measures.

    Args:
        model: name of what made the scores.
        task: the retrieval set.
        scores: (queries, documents), higher is better.
    """
    rankings = [top(row, K, exclude) for row, exclude in zip(scores, task.exclude, strict=True)]
    pairs = list(zip(rankings, task.relevant, strict=True))
    return RetrievalResult(
        model,
        task.name,
        np.array([ndcg(ranking, relevant, K) for ranking, relevant in pairs]),
        np.array([recall(ranking, relevant, K) for ranking, relevant in pairs]),
    )


def best_passage(scores: Matrix, owners: Sequence[int], documents: int) -> NDArray[np.float32]:
    """Document scores from passage scores: each document counts by its best passage.

    Args:
        scores: (queries, passages).
        owners: for each passage, the position of its document, ascending; every document has one.
        documents: number of documents.

    Returns:
        (queries, documents) float32.
    """
    starts = np.searchsorted(np.asarray(owners), np.arange(documents))
    return np.maximum.reduceat(np.asarray(scores, dtype=np.float32), starts, axis=1)


@dataclass(frozen=True)
class EmbeddedTask:
    """A retrieval set in one model's space.

    Attributes:
        task: the set.
        queries: (queries, dimension) unit vectors.
        passages: (passages, dimension) unit vectors.
        owners: for each passage, the position of its document, ascending.
    """

    task: RetrievalSet
    queries: Vectors
    passages: Vectors
    owners: Sequence[int]

    def scores(self, change: Callable[[Vectors], Vectors] | None = None) -> NDArray[np.float32]:
        """Cosine of each query and document, (queries, documents), after a change to all vectors if given."""
        queries = change(self.queries) if change else self.queries
        passages = change(self.passages) if change else self.passages
        return best_passage(queries @ passages.T, self.owners, len(self.task.corpus))


def embed_task(
    encoder: Encoder,
    task: RetrievalSet,
    passages: Literal["best", "first"] = "best",
    passage_tokens: int = PASSAGE_TOKENS,
) -> EmbeddedTask:
    """Embeds a set's queries and documents.

    Args:
        encoder: the model.
        task: the retrieval set.
        passages: "best" cuts documents into passages, of which the best one counts; "first" gives the model
            the whole document, of which it reads as much as its limit allows.
        passage_tokens: most tokens of a passage, for "best".
    """
    if passages == "first":
        texts, owners = list(task.corpus), list(range(len(task.corpus)))
    else:
        texts, owners = split_corpus(task, encoder, passage_tokens)
    queries = encoder.encode(task.queries, "query")
    return EmbeddedTask(task, queries, encoder.encode(texts, "document"), owners)


def bm25_scores(task: RetrievalSet) -> NDArray[np.float32]:
    """BM25 of each query and whole document: (queries, documents) float32."""
    return Bm25(task.corpus).scores(task.queries)
