"""Texts into categories of one's own: descriptions, a few examples, and scores that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.applications.calibration import Calibration, Floats, fit_platt, fit_temperature, uncalibrated
from mejurix_st.applications.passages import encode
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from mejurix_st.applications.passages import Embedder, Vectors


@dataclass(frozen=True, slots=True)
class Category:
    """One category.

    Attributes:
        name: as it is returned.
        description: what belongs in it, in a sentence; the name stands in where it is empty.
        examples: texts that belong in it; two or more in each category also calibrate the scores.
    """

    name: str
    description: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """What was found for one text.

    Attributes:
        text: the text.
        labels: the categories, most probable first: one, or as many as pass the threshold when multi-label.
        scores: every category's probability, [0, 1]; they add up to one unless multi-label.
        calibrated: whether the scores were fitted to examples; if not, trust their order only.
    """

    text: str
    labels: tuple[str, ...]
    scores: dict[str, float]
    calibrated: bool


class ZeroShotClassifier:
    """Classifies by similarity to descriptions and examples; no training of the model.

    A text's similarity to a category is its cosine with the description (as a query), or the mean of that and
    of its mean cosine with the examples. Scores are calibrated on the categories' own examples, each left out
    of its category while it is judged, or on labelled texts with `fit`. The examples of a category count as
    outside of all others; where categories overlap, use `fit`.

    Args:
        categories: two or more (one when multi-label), as `Category` or as plain names.
        model: encodes descriptions with its query prompt, texts and examples with its document prompt.
        multi_label: whether a text can belong in several categories, or in none.

    Attributes:
        categories: as given.
        calibration: how similarities become scores now.

    Raises:
        InputError: too few categories, or two of one name.
    """

    def __init__(
        self, categories: Sequence[Category | str], model: Embedder, *, multi_label: bool = False
    ) -> None:
        self.categories = tuple(Category(item) if isinstance(item, str) else item for item in categories)
        self.multi_label = multi_label
        self._model = model
        self._check()
        self._names = [category.name for category in self.categories]
        described = [category.description or category.name for category in self.categories]
        self._descriptions = encode(model, described, "query")
        self._examples = [
            encode(model, category.examples, "document") if category.examples else None
            for category in self.categories
        ]
        self.calibration = self._from_examples()

    def _check(self) -> None:
        names = [category.name for category in self.categories]
        if len(names) < (1 if self.multi_label else 2):
            raise InputError(f"Got {len(names)} categories; give two or more, or one with multi_label=True.")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"Two categories are named {', '.join(twice)}; give different names.")

    def fit(
        self, texts: Sequence[str], labels: Sequence[str] | Sequence[Collection[str]]
    ) -> ZeroShotClassifier:
        """Calibrates the scores on labelled texts; categories and similarities stay as they are.

        Args:
            texts: texts like those to be classified, none of them an example of a category.
            labels: the right category of each; when multi-label, the collection of them, which may be empty.

        Returns:
            The classifier itself.

        Raises:
            InputError: texts and labels differ in number, or a label is no category.
            MissingExtraError: multi-label, and scikit-learn is not installed.
        """
        if len(texts) != len(labels) or not texts:
            raise InputError(
                f"Got {len(texts)} texts and {len(labels)} labels; give one label for each text."
            )
        member = np.zeros((len(texts), len(self._names)), dtype=bool)
        for row, given in enumerate(labels):
            wanted = [given] if isinstance(given, str) else list(given)
            if unknown := sorted(set(wanted) - set(self._names)):
                raise InputError(f"Unknown label {', '.join(unknown)}; categories: {', '.join(self._names)}.")
            if not self.multi_label and len(wanted) != 1:
                raise InputError(
                    f"Text {row + 1} has {len(wanted)} labels; give one, or use multi_label=True."
                )
            member[row, [self._names.index(name) for name in wanted]] = True
        self.calibration = self._fitted(self.similarities(texts), member)
        return self

    def similarities(self, texts: Sequence[str]) -> Floats:
        """Similarities before calibration: (texts, categories), [-1, 1]."""
        return self._similarities(encode(self._model, texts, "document"))

    def classify(self, texts: Sequence[str], *, threshold: float = 0.5) -> list[Classification]:
        """Classifies texts.

        Args:
            texts: texts; a passage or a sentence each.
            threshold: least probability of a label when multi-label; otherwise the best one is always given.

        Raises:
            InputError: the threshold is not in [0, 1].
        """
        if not 0 <= threshold <= 1:
            raise InputError(f"The threshold is {threshold}; give a probability, 0 to 1.")
        if not texts:
            return []
        rows = self.calibration.probabilities(self.similarities(texts), multi_label=self.multi_label)
        return [self._classified(text, row, threshold) for text, row in zip(texts, rows, strict=True)]

    def _classified(self, text: str, row: Floats, threshold: float) -> Classification:
        order = np.argsort(-row, kind="stable")
        chosen = [i for i in order if row[i] >= threshold] if self.multi_label else [order[0]]
        scores = {self._names[i]: float(row[i]) for i in order}
        return Classification(
            text, tuple(self._names[i] for i in chosen), scores, self.calibration.kind != "none"
        )

    def _similarities(self, vectors: Vectors) -> Floats:
        columns = []
        for description, examples in zip(self._descriptions, self._examples, strict=True):
            column = vectors @ description
            if examples is not None:
                column = (column + (vectors @ examples.T).mean(1)) / 2
            columns.append(column)
        return np.stack(columns, axis=1).astype(np.float64)

    def _from_examples(self) -> Calibration:
        """Calibration on the examples; where a category has fewer than two, the usual slope."""
        if any(len(category.examples) < 2 for category in self.categories):
            return uncalibrated(len(self.categories), float(self._similarities(self._descriptions).mean()))
        blocks, rows = [], []
        for number, examples in enumerate(self._examples):
            if examples is None:
                continue
            block = self._similarities(examples)
            # without the example itself, whose cosine with itself is 1
            others = ((examples @ examples.T).sum(1) - 1.0) / (len(examples) - 1)
            block[:, number] = (examples @ self._descriptions[number] + others) / 2
            blocks.append(block)
            rows += [number] * len(examples)
        member = np.eye(len(self.categories), dtype=bool)[rows]
        return self._fitted(np.concatenate(blocks), member)

    def _fitted(self, similarities: Floats, member: NDArray[np.bool_]) -> Calibration:
        if not self.multi_label:
            return fit_temperature(similarities, member.argmax(1).astype(np.int64))
        if member.all() or not member.any():
            return uncalibrated(len(self.categories), float(similarities.mean()))
        return fit_platt(similarities, member)
