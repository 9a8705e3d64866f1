"""An answer without a model: the stretches of the file that answer best, or none.

Each stretch that can stand as an answer (`units`) has measures (`measures`), and a logistic regression over them
gives its score: the log odds that it answers. The file answers when the best score reaches `least`. Weights and
`least` are data (`extractive.json`), fitted on development questions by `python -m benchmarks.answers
--calibrate`, which is run again when the embedding model changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from langchain_mejurix.measures import MEASURES, Measured, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_mejurix.evidence import Passage, Window
    from langchain_mejurix.support import Similarity
    from mejurix_st.types import Chunk

MOST_SENTENCES = 3
NEAR_BEST = 1.0
"""A further stretch is added when its score is at most this much below the best one's, and reaches `least`."""
PARAMETERS = "extractive.json"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a calibration gives.

    Attributes:
        weights: for each of `MEASURES`, in their order.
        intercept: of the log odds.
        least: least score of an answer; below it the file does not say.
    """

    weights: tuple[float, ...]
    intercept: float
    least: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A stretch with its score, and the measures that made it."""

    window: Window
    score: float
    parts: dict[str, float]


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """The fitted parameters that come with the package."""
    text = resources.files("langchain_mejurix").joinpath(PARAMETERS).read_text("utf-8")
    values = json.loads(text)
    weights = tuple(float(values["weights"].get(name, 0.0)) for name in MEASURES)
    return Parameters(weights, float(values["intercept"]), float(values["least"]))


def best_sentences(
    question: str, passages: Sequence[Passage], others: Sequence[Chunk], similarity: Similarity
) -> list[Scored]:
    """The stretches that answer, best first; empty when none is good enough.

    Args:
        question: the question.
        passages: retrieved passages of one matter, best first.
        others: further passages that the search brought; see `measures.measure`.
        similarity: of the index's encoder.
    """
    ranked = rank(measure(question, passages, others, similarity), parameters())
    least = parameters().least
    if not ranked or ranked[0].score < least:
        return []
    chosen: list[Scored] = []
    for one in ranked:
        if len(chosen) == MOST_SENTENCES or one.score < max(least, ranked[0].score - NEAR_BEST):
            break
        if not any(_repeats(one.window, other.window) for other in chosen):
            chosen.append(one)
    return chosen


def rank(measured: Sequence[Measured], fitted: Parameters) -> list[Scored]:
    """All stretches with their scores, best first."""
    scored = [
        Scored(
            one.window,
            fitted.intercept + sum(w * v for w, v in zip(fitted.weights, one.values, strict=True)),
            dict(zip(MEASURES, one.values, strict=True)),
        )
        for one in measured
    ]
    return sorted(scored, key=lambda one: (-one.score, one.window.passage.number, one.window.start))


def _repeats(first: Window, second: Window) -> bool:
    """Whether two stretches overlap in their document, or are the same words."""
    one, other = first.citation, second.citation
    if " ".join(one.quote.split()) == " ".join(other.quote.split()):
        return True
    return one.document == other.document and one.start < other.end and other.start < one.end
