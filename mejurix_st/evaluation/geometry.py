"""The shape of the space: does it use its room, and what may be cut from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import InputError
from mejurix_st.evaluation.encoders import Vectors, normalized
from mejurix_st.evaluation.retrieval import EmbeddedTask, score_rankings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

DIMENSIONS: tuple[int, ...] = (256, 128, 64)


def mean_random_cosine(vectors: Vectors) -> float:
    """Mean cosine of all pairs of different rows, exactly: 0 if spread, 1 if collapsed.

    Args:
        vectors: (n, dimension) unit rows, n of 2 or more.
    """
    n = len(vectors)
    if n < 2:
        raise InputError(f"mean_random_cosine got {n} vectors; give 2 or more.")
    rows = vectors.astype(np.float64)
    total = rows.sum(axis=0)
    return float((total @ total - (rows * rows).sum()) / (n * (n - 1)))


def effective_rank(vectors: Vectors) -> float:
    """Exponential of the entropy of the normalised singular values (Roy & Vetterli 2007), 1 to dimension.

    The vectors are not centred: a common direction shows as a low rank.
    """
    values = np.linalg.svd(vectors.astype(np.float64), compute_uv=False)
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def truncated(vectors: Vectors, dimension: int) -> Vectors:
    """The first components, scaled to unit norm again (Matryoshka: Kusupati et al. 2022)."""
    return normalized(vectors[:, :dimension])


def int8(vectors: Vectors) -> NDArray[np.int8]:
    """Eight-bit components over a fixed range of ±4/√dimension, the same for every text and model.

    Fixed ranges need no calibration data, so that vectors of different days compare. Four standard deviations
    of a unit vector's components; what lies beyond is clipped.
    """
    scale = 127 * np.sqrt(vectors.shape[1]) / 4
    return np.clip(np.rint(vectors * scale), -127, 127).astype(np.int8)


def _through_int8(vectors: Vectors) -> Vectors:
    return normalized(int8(vectors).astype(np.float32))


@dataclass(frozen=True)
class GeometryResult:
    """Geometry of one model.

    Attributes:
        dimension: of its vectors.
        mean_cosine: of random pairs of passages.
        effective_rank: of the same passages' vectors.
        sample: number of passages.
        ndcg: by set, nDCG@10 of each variant: "full", "int8", smaller dimensions.
    """

    dimension: int
    mean_cosine: float
    effective_rank: float
    sample: int
    ndcg: dict[str, dict[str, float]]

    def kept(self, variant: str) -> float | None:
        """Share of the full vectors' nDCG@10 that a variant keeps, mean over sets; None if absent."""
        shares = [found[variant] / found["full"] for found in self.ndcg.values() if variant in found]
        return float(np.mean(shares)) if shares else None

    def to_dict(self) -> dict[str, Any]:
        """All measures, for JSON."""
        variants = sorted({variant for found in self.ndcg.values() for variant in found} - {"full"})
        return {
            "dimension": self.dimension,
            "mean_random_cosine": self.mean_cosine,
            "effective_rank": self.effective_rank,
            "sample": self.sample,
            "ndcg@10": self.ndcg,
            "kept": {variant: self.kept(variant) for variant in variants},
        }


def evaluate_geometry(
    vectors: Vectors, tasks: Sequence[EmbeddedTask] = (), sample: int = 2000, seed: int = 0
) -> GeometryResult:
    """Measures the space on a sample of vectors, and what cuts cost on retrieval.

    Args:
        vectors: (n, dimension) unit vectors of different texts.
        tasks: embedded retrieval sets.
        sample: most vectors that are looked at.
        seed: of the sample.
    """
    dimension = vectors.shape[1]
    chosen = vectors
    if len(vectors) > sample:
        chosen = vectors[np.random.default_rng(seed).choice(len(vectors), sample, replace=False)]
    variants: dict[str, Callable[[Vectors], Vectors]] = {"full": lambda v: v, "int8": _through_int8}
    for size in DIMENSIONS:
        if size < dimension:
            variants[str(size)] = lambda v, size=size: truncated(v, size)  # type: ignore[misc]
    ndcg = {
        embedded.task.name: {
            name: float(score_rankings(name, embedded.task, embedded.scores(change)).ndcg.mean())
            for name, change in variants.items()
        }
        for embedded in tasks
    }
    return GeometryResult(dimension, mean_random_cosine(chosen), effective_rank(chosen), len(chosen), ndcg)
