"""The head in closed form: the leading principal components of mean-pooled vectors, somewhat whitened."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Head(NamedTuple):
    """A linear head: `weight` (dimension, hidden), `bias` (dimension,), and the variance that it keeps."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    variance_kept: float


def level_means(
    weight: NDArray[np.floating], bias: NDArray[np.floating], groups: Sequence[NDArray[np.floating]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A head under which several groups of texts have the same mean vector, zero.

    Contrastive training leaves directions that all texts of one kind share: of a language, of long texts. Two
    unrelated Korean sentences then have a high cosine. The first group's mean is subtracted, and the directions
    from it to the others' are projected out (after Mu & Viswanath 2018, "All-but-the-top", for groups).

    Args:
        weight: (dimension, hidden) of the head.
        bias: (dimension,).
        groups: pooled vectors (texts, hidden) of each group.

    Returns:
        Weight and bias of the new head.
    """
    first, *others = [np.asarray(g, np.float64).mean(0) @ weight.T.astype(np.float64) + bias for g in groups]
    keep = np.eye(len(first))
    if others:
        directions, _ = np.linalg.qr(np.stack([other - first for other in others], axis=1))
        keep -= directions @ directions.T
    return (keep @ weight).astype(np.float32), (keep @ (bias - first)).astype(np.float32)


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
