"""Triples (anchor, positive, negative): similarities once, and every measure that is read from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mejurix_st.errors import InputError
from mejurix_st.evaluation.metrics import Estimate, Floats, auc, bootstrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mejurix_st.evaluation.encoders import Encoder, Role


class TripleLike(Protocol):
    """What is needed of a development triple."""

    @property
    def anchor(self) -> str: ...  # noqa: D102
    @property
    def positive(self) -> str: ...  # noqa: D102
    @property
    def negative(self) -> str: ...  # noqa: D102
    @property
    def entities(self) -> Sequence[str]: ...  # noqa: D102


@dataclass(frozen=True)
class TripleScores:
    """Cosine similarities of one model on one set of triples.

    Attributes:
        name: the set's name.
        language: "en", "ko", or "ko-en".
        positive: (n,) similarity of anchor and positive.
        negative: (n,) similarity of anchor and hard negative.
        random: (m,) similarity of anchors with other triples' positives that share no entity.
    """

    name: str
    language: str
    positive: Floats
    negative: Floats
    random: Floats

    @property
    def accuracy(self) -> float:
        """Share of triples whose positive is more similar than the negative; a tie is a miss."""
        return float((self.positive > self.negative).mean())

    @property
    def accuracy_interval(self) -> Estimate:
        """Accuracy with its 95 % bootstrap interval over triples."""
        return bootstrap((self.positive > self.negative).astype(np.float64))

    @property
    def margin(self) -> float:
        """Mean of positive minus negative similarity."""
        return float((self.positive - self.negative).mean())

    @property
    def auc_hard(self) -> float:
        """AUC of positive against hard-negative similarities over the whole set."""
        return auc(self.positive, self.negative)

    @property
    def auc_random(self) -> float:
        """AUC of positive similarities against those of unrelated pairs of the same set."""
        return auc(self.positive, self.random) if self.random.size else float("nan")

    @property
    def mean_positive(self) -> float:
        """Mean similarity of related pairs: the original card's own measure."""
        return float(self.positive.mean())

    @property
    def mean_negative(self) -> float:
        """Mean similarity of anchors and hard negatives."""
        return float(self.negative.mean())

    @property
    def mean_random(self) -> float:
        """Mean similarity of unrelated pairs; NaN where there are none."""
        return float(self.random.mean()) if self.random.size else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """All measures, for JSON."""
        return {
            "set": self.name,
            "language": self.language,
            "n": len(self.positive),
            "auc_hard": self.auc_hard,
            "auc_unrelated": self.auc_random if self.random.size else None,
            "accuracy": self.accuracy_interval.to_dict(),
            "margin": self.margin,
            "mean_positive": self.mean_positive,
            "mean_negative": self.mean_negative,
            "mean_unrelated": self.mean_random if self.random.size else None,
        }


def score_triples(
    encoder: Encoder,
    triples: Sequence[TripleLike],
    name: str,
    language: str,
    anchor_role: Role = "query",
    other_role: Role = "query",
) -> TripleScores:
    """Encodes triples and takes cosine similarities.

    Statements are compared with statements, so both sides take the same prompt (the query's, as E5's makers
    advise for symmetric tasks) unless a caller asks for questions and passages.

    Raises:
        InputError: no triples.
    """
    if not triples:
        raise InputError(f"score_triples got no triples for {name!r} ({language}).")
    anchors = encoder.encode([triple.anchor for triple in triples], anchor_role)
    positives = encoder.encode([triple.positive for triple in triples], other_role)
    negatives = encoder.encode([triple.negative for triple in triples], other_role)
    across = (anchors @ positives.T).astype(np.float64)
    return TripleScores(
        name,
        language,
        np.diagonal(across).copy(),
        np.einsum("nd,nd->n", anchors, negatives).astype(np.float64),
        across[_unrelated(triples)],
    )


def _unrelated(triples: Sequence[TripleLike]) -> NDArray[np.bool_]:
    """(n, n) True where two triples share neither anchor, positive nor entity."""
    keys = [
        {triple.anchor.lower(), triple.positive.lower(), *(entity.lower() for entity in triple.entities)}
        for triple in triples
    ]
    return np.array([[one.isdisjoint(other) for other in keys] for one in keys])


def mean_of(scores: Sequence[TripleScores], measure: str) -> float:
    """Mean of a measure over sets, each counted the same; NaN where there are none."""
    return float(np.mean([getattr(item, measure) for item in scores])) if scores else float("nan")
