"""From similarities to probabilities: a temperature, or Platt's logistic curve, fitted on examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mejurix_st.errors import MissingExtraError

Floats = NDArray[np.float64]
Kind = Literal["temperature", "platt", "none"]

#: Slope of the similarities where no example tells; about 1 / 0.05, the temperature of contrastive training.
PRIOR_SCALE = 20.0
_PER_CATEGORY = 5  # examples on either side before a category gets an offset of its own


@dataclass(frozen=True, slots=True)
class Calibration:
    """How similarities become probabilities.

    Attributes:
        kind: "temperature" (softmax), "platt" (a logistic curve per category), or "none": nothing was fitted.
        scale: slope; for a softmax, one over the temperature.
        offsets: (categories,) subtracted from the similarities.
        examples: labelled texts it was fitted on.
    """

    kind: Kind
    scale: float
    offsets: tuple[float, ...]
    examples: int

    def probabilities(self, similarities: Floats, *, multi_label: bool) -> Floats:
        """(texts, categories) in [0, 1]; rows add up to one unless `multi_label`."""
        logits = self.scale * (similarities - np.asarray(self.offsets))
        if multi_label:
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))))
        logits -= logits.max(1, keepdims=True)
        powers = np.exp(logits)
        return np.asarray(powers / powers.sum(1, keepdims=True))


def uncalibrated(categories: int, middle: float) -> Calibration:
    """The usual slope, around a similarity that says neither yes nor no."""
    return Calibration("none", PRIOR_SCALE, (middle,) * categories, 0)


def fit_temperature(similarities: Floats, labels: NDArray[np.int64]) -> Calibration:
    """One slope for all categories (Guo et al., "On calibration of modern neural networks", ICML 2017).

    The slope maximises the likelihood under a log-normal prior around `PRIOR_SCALE`, so that a few examples
    that happen to be told apart perfectly do not end in certainty.

    Args:
        similarities: (texts, categories).
        labels: (texts,) index of the right category.
    """
    slopes = np.geomspace(1.0, 200.0, 400)
    offsets = (0.0,) * similarities.shape[1]

    def loss(slope: float) -> float:
        trial = Calibration("temperature", slope, offsets, 0)
        right = trial.probabilities(similarities, multi_label=False)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, 1e-12)).sum() + np.log(slope / PRIOR_SCALE) ** 2 / 2)

    best = min(slopes, key=loss)
    return Calibration("temperature", float(best), offsets, len(labels))


def fit_platt(similarities: Floats, member: NDArray[np.bool_]) -> Calibration:
    """A logistic curve (Platt 1999) with one slope, and an offset for each category with enough examples.

    Args:
        similarities: (texts, categories).
        member: (texts, categories) whether the category is right; both values must occur.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtraError("Calibration of a multi-label classifier", "applications") from error
    texts, categories = similarities.shape
    counts = member.sum(0)
    own = np.flatnonzero((counts >= _PER_CATEGORY) & (texts - counts >= _PER_CATEGORY))
    middle = float(similarities.mean())
    columns = np.zeros((texts, categories, 1 + len(own)))
    columns[:, :, 0] = PRIOR_SCALE * (similarities - middle)
    for column, category in enumerate(own, start=1):
        columns[:, category, column] = 1.0
    fitted = LogisticRegression(C=1.0).fit(columns.reshape(texts * categories, -1), member.reshape(-1))
    # A negative slope would turn the classifier round; similarities that tell nothing get a nearly flat one.
    slope = max(float(fitted.coef_[0, 0]), 0.05)
    shifts = np.zeros(categories)
    shifts[own] = fitted.coef_[0, 1:]
    offsets = middle - (float(fitted.intercept_[0]) + shifts) / (slope * PRIOR_SCALE)
    return Calibration("platt", slope * PRIOR_SCALE, tuple(float(x) for x in offsets), texts)
