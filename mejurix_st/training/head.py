"""The head in closed form: the leading principal components of mean-pooled vectors, somewhat whitened."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Head(NamedTuple):
    """A linear head: `weight` (dimension, hidden), `bias` (dimension,), and the variance that it keeps."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    variance_kept: float


def principal_head(vectors: NDArray[np.floating], *, dimension: int = 256, power: float = 0.25) -> Head:
    """Centres vectors, turns them onto their leading principal components, and evens out the components.

    An untuned encoder's vectors share a direction, and a few components carry most of the variance. Taking the
    mean out parts random pairs; dividing each component by its standard deviation to the `power` (at 1 this is
    whitening, Su et al. 2021, "Whitening Sentence Representations") gives the finer ones a say.

    Args:
        vectors: (texts, hidden) pooled vectors.
        dimension: size of the embedding, at most `hidden`.
        power: 0 leaves the components' variances as they are, 1 makes them equal.

    Returns:
        The head and the share of the variance that its components hold before they are evened out.
    """
    vectors = np.asarray(vectors, np.float64)
    middle = vectors.mean(0)
    centred = vectors - middle
    values, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    values, directions = values[::-1], directions[:, ::-1]
    kept = np.maximum(values[:dimension], values[0] * 1e-9)
    weight = (directions[:, :dimension] * (kept / kept[0]) ** (-power / 2)).T
    return Head(
        weight.astype(np.float32),
        (-weight @ middle).astype(np.float32),
        float(values[:dimension].sum() / values.sum()),
    )
