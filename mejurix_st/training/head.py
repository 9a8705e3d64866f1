"""The head in closed form: CLS vectors mapped onto the principal components of mean-pooled vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Head(NamedTuple):
    """A linear head: `weight` (dimension, hidden), `bias` (dimension,), and how well it fits."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    fit_cosine: float
    variance_kept: float


def closed_form_head(
    cls: NDArray[np.floating], target: NDArray[np.floating], *, dimension: int = 256, ridge: float = 1e-3
) -> Head:
    """Ridge regression from CLS vectors to the centred leading principal components of target vectors.

    Centring removes the direction that all vectors of an untuned encoder share, so that random pairs part.

    Args:
        cls: (texts, hidden) CLS vectors, not normalised.
        target: (texts, k) vectors to imitate, unit norm: the base's mean-pooled ones.
        dimension: size of the embedding, at most k.
        ridge: penalty, as a share of the mean variance of a CLS component.

    Returns:
        The head, the mean cosine between its output and the target components on the same texts, and the
        share of the target's variance that the components keep.
    """
    cls, target = np.asarray(cls, np.float64), np.asarray(target, np.float64)
    centred = target - target.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    components = vectors[:, ::-1][:, :dimension]
    wanted = centred @ components
    middle = cls.mean(0)
    inputs = cls - middle
    gram = inputs.T @ inputs
    penalty = ridge * np.trace(gram) / len(gram)
    weight = np.linalg.solve(gram + penalty * np.eye(len(gram)), inputs.T @ wanted).T
    bias = -weight @ middle
    fitted = inputs @ weight.T
    norms = np.linalg.norm(fitted, axis=1) * np.linalg.norm(wanted, axis=1)
    cosine = float(np.mean(np.sum(fitted * wanted, axis=1) / np.maximum(norms, 1e-12)))
    kept = float(values[::-1][:dimension].sum() / values.sum())
    return Head(weight.astype(np.float32), bias.astype(np.float32), cosine, kept)
