"""Fits the weights and the least score of answers that are made without a model.

Fitted on development questions only (`development_questions`): a logistic regression over the measures of
`langchain_mejurix.measures`, each question counting the same. Figures are those of ten-fold cross-validation by
question; the least score is the one under which `DECLINED` of the unanswerable questions are declined there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_mejurix.answers import SEARCHED
from langchain_mejurix.evidence import passages_of
from langchain_mejurix.extractive import MOST_SENTENCES, NEAR_BEST, PARAMETERS, Parameters, rank
from langchain_mejurix.measures import MEASURES, Measured, measure
from langchain_mejurix.support import similarity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qdrant_mejurix.index import Index

    from benchmarks.answer_gold import Gold
    from mejurix_st.samples import SampleQuestion

DECLINED = 0.93
"""Least share of unanswerable questions that is to be declined; the aim is 0.9, the rest is for chance."""
FOLDS = 10
STRENGTH = 0.3
"""Inverse of the L2 penalty on standardised measures."""
PASSAGES = 8
TARGET = Path(__file__).parents[1] / "integrations" / "langchain_mejurix" / PARAMETERS


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the measures of its units, and which of them answer."""

    question: SampleQuestion
    measured: list[Measured]
    right: list[bool]


def gather(index: Index, questions: Sequence[SampleQuestion], gold: Gold) -> list[Case]:
    """Measures of all units for all questions, as `answer` makes them."""
    similarity = similarity_of(index.encoder)
    cases = []
    for question in questions:
        hits = index.matter(question.matter).search(question.question, limit=max(PASSAGES, SEARCHED))
        passages = passages_of(hits[:PASSAGES], question.matter)
        others = [hit.chunk for hit in hits[PASSAGES:]]
        measured = measure(question.question, passages, others, similarity)
        right = [question.answerable and gold.supports(question, one.window.citation) for one in measured]
        cases.append(Case(question, measured, right))
    return cases


def fit(cases: Sequence[Case]) -> Parameters:
    """Weights on the measures as they are; the least score is left at 0."""
    from sklearn.linear_model import LogisticRegression

    rows: list[NDArray[np.float64]] = []
    labels: list[NDArray[np.bool_]] = []
    counts: list[NDArray[np.float64]] = []
    for case in cases:
        label = np.array(case.right, dtype=bool)
        if not len(label) or (case.question.answerable and not label.any()):
            continue
        rows.append(np.array([one.values for one in case.measured]))
        labels.append(label)
        # Right and wrong units of a question weigh one and two, however many they are.
        counts.append(np.where(label, 1.0 / max(label.sum(), 1), 2.0 / max((~label).sum(), 1)))
    values = np.vstack(rows)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    model.fit((values - mean) / spread, np.concatenate(labels), sample_weight=np.concatenate(counts))
    weights = model.coef_[0] / spread
    return Parameters(tuple(map(float, weights)), float(model.intercept_[0] - weights @ mean), 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cross-validation gives for one question: best score; whether the first, or any shown, unit is right."""

    answerable: bool
    score: float
    first: bool
    shown: bool


def validate(cases: Sequence[Case]) -> list[Outcome]:
    """Outcomes of all questions, each scored by weights that were fitted without it."""
    order = np.random.default_rng(0).permutation(len(cases))
    outcomes: dict[int, Outcome] = {}
    for fold in range(FOLDS):
        held = {int(place) for place in order[fold::FOLDS]}
        fitted = fit([case for place, case in enumerate(cases) if place not in held])
        for place in held:
            outcomes[place] = _outcome(cases[place], fitted)
    return [outcomes[place] for place in range(len(cases))]


def _outcome(case: Case, fitted: Parameters) -> Outcome:
    right = {id(one.window): truth for one, truth in zip(case.measured, case.right, strict=True)}
    ranked = rank(case.measured, fitted)[:MOST_SENTENCES]
    if not ranked:
        return Outcome(case.question.answerable, float("-inf"), first=False, shown=False)
    best = ranked[0].score
    shown = [one for one in ranked if one.score >= best - NEAR_BEST]
    return Outcome(
        case.question.answerable, best, right[id(ranked[0].window)], any(right[id(o.window)] for o in shown)
    )


def calibrate(index: Index, questions: Sequence[SampleQuestion], gold: Gold) -> list[str]:
    """Fits, writes the parameters into the package, and returns lines that say what was measured."""
    cases = gather(index, questions, gold)
    outcomes = validate(cases)
    unanswerable = [one.score for one in outcomes if not one.answerable]
    least = float(np.quantile(unanswerable, DECLINED, method="higher")) + 1e-6
    fitted = fit(cases)
    weights = {name: round(w, 4) for name, w in zip(MEASURES, fitted.weights, strict=True)}
    values: dict[str, Any] = {
        "intercept": round(fitted.intercept, 4),
        "least": round(least, 4),
        "weights": weights,
    }
    TARGET.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    asked = [one for one in outcomes if one.answerable]
    given = [one for one in asked if one.score >= least]
    declined = sum(score < least for score in unanswerable)
    return [
        f"questions: {len(asked)} answerable, {len(unanswerable)} not; ten-fold cross-validation",
        f"best unit right, nothing declined: {sum(one.first for one in asked)} / {len(asked)}",
        f"answered: {len(given)} / {len(asked)}; first citation right: {sum(one.first for one in given)}; "
        f"a right citation: {sum(one.shown for one in given)}",
        f"unanswerable declined: {declined} / {len(unanswerable)} (least score {least:.3f})",
        f"written: {TARGET.name}",
    ]
