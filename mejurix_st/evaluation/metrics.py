"""The measures, each written once and used everywhere: nDCG, recall, AUC, bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Floats = NDArray[np.float64]
Matrix = NDArray[np.floating]


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % bootstrap interval; `n` is the number of values (queries, triples) behind it."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def to_dict(self) -> dict[str, float | int]:
        """The fields, for JSON."""
        return asdict(self)


def bootstrap(values: Sequence[float] | Floats, samples: int = 2000, seed: int = 0) -> Estimate:
    """Mean with its 95 % percentile bootstrap interval (Efron 1979), resampling the values.

    Args:
        values: (n,) one value per query or triple.
        samples: number of resamples.
        seed: of the resampling; the same seed and values give the same interval.

    Raises:
        InputError: no values.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise InputError("bootstrap got no values; give one per query.")
    generator = np.random.default_rng(seed)
    means = np.array([array[generator.integers(0, array.size, array.size)].mean() for _ in range(samples)])
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(array.mean()), float(low), float(high), int(array.size))


def top(scores: Matrix, k: int, exclude: Collection[int] = ()) -> NDArray[np.int64]:
    """Positions of the `k` best candidates, best first; equal scores keep their order in the corpus.

    Args:
        scores: (documents,) higher is better.
        k: how many, 1 or more; fewer come back where fewer are candidates.
        exclude: positions that are no candidates.
    """
    order = np.argsort(-scores, kind="stable")
    if exclude:
        order = order[~np.isin(order, list(exclude))]
    return order[:k].astype(np.int64)


def ndcg(ranking: Sequence[int] | NDArray[np.int64], relevant: Collection[int], k: int = 10) -> float:
    """Normalised discounted cumulative gain with binary relevance (Järvelin & Kekäläinen 2002), in [0, 1]."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gains = np.isin(np.asarray(ranking)[:k], list(relevant))
    return float((gains * discounts[: len(gains)]).sum() / discounts[: min(k, len(relevant))].sum())


def recall(ranking: Sequence[int] | NDArray[np.int64], relevant: Collection[int], k: int = 10) -> float:
    """Share of the relevant documents among the first `k`, in [0, 1]."""
    return float(np.isin(np.asarray(ranking)[:k], list(relevant)).sum() / len(relevant))


def auc(positives: Sequence[float] | Matrix, negatives: Sequence[float] | Matrix) -> float:
    """Area under the ROC curve: the chance that a positive outscores a negative; ties count one half.

    Computed exactly by counting pairs (Mann–Whitney U), in [0, 1].

    Raises:
        InputError: one side is empty.
    """
    above, below = np.asarray(positives, dtype=np.float64), np.sort(np.asarray(negatives, dtype=np.float64))
    if not above.size or not below.size:
        raise InputError(
            f"auc got {above.size} positives and {below.size} negatives; give at least one of each."
        )
    wins = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return float(wins.sum() / (2 * above.size * below.size))
