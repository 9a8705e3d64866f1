"""Retrieval: nDCG@10 and recall@10 with intervals, a long document counted by its best passage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mejurix_st.evaluation.bm25 import Bm25
from mejurix_st.evaluation.metrics import Estimate, Floats, Matrix, bootstrap, ndcg, recall, top
from mejurix_st.evaluation.passages import split_corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mejurix_st.evaluation.data import RetrievalSet
    from mejurix_st.evaluation.encoders import Encoder

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


def dense_scores(
    encoder: Encoder,
    task: RetrievalSet,
    passages: Literal["best", "first"] = "best",
    passage_tokens: int = PASSAGE_TOKENS,
) -> NDArray[np.float32]:
    """Cosine similarity of each query and document: (queries, documents) float32.

    Args:
        encoder: the model.
        task: the retrieval set.
        passages: "best" cuts documents into passages and takes the best one; "first" gives the model
            the whole document, of which it reads as much as its limit allows.
        passage_tokens: most tokens of a passage, for "best".
    """
    queries = encoder.encode(task.queries, "query")
    if passages == "first":
        return queries @ encoder.encode(task.corpus, "document").T
    texts, owners = split_corpus(task, encoder, passage_tokens)
    return best_passage(queries @ encoder.encode(texts, "document").T, owners, len(task.corpus))


def bm25_scores(task: RetrievalSet) -> NDArray[np.float32]:
    """BM25 of each query and whole document: (queries, documents) float32."""
    return Bm25(task.corpus).scores(task.queries)
