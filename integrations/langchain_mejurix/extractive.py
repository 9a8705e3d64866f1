"""An answer without a model: the sentences of the file that answer best, or none.

Each stretch of one or two sentences gets a score between 0 and about 1 from four measures: similarity of
question and stretch (`Similarity`), the share of the question's words in it, the share of the question's
concepts in it, and whether it holds the kind of thing that is asked for (a number, a date, a person, a side).
The weights are set by hand; the least score, and the least share of concepts, were chosen on one half of the
sample questions (`benchmarks/answers.py`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from langchain_mejurix.agreement import facts_of
from langchain_mejurix.concepts import matches
from langchain_mejurix.evidence import Passage, Window, windows_of
from langchain_mejurix.words import covered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_mejurix.agreement import Facts
    from langchain_mejurix.support import Similarity

WEIGHTS = {"similarity": 0.5, "words": 0.25, "concepts": 0.15, "kind": 0.1}
LEAST_SCORE = 0.45
NEAR_BEST = 0.93
"""A further sentence is added when its score is at least this share of the best one's."""
MOST_SENTENCES = 3

_CANDIDATES = 40
_SIDE = re.compile(r"\b(?:left|right|bilateral)\b|[좌우]측|왼쪽|오른쪽|[좌우](?:상|하)엽", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms)\b|\b(?:mother|father|brother|sister|wife|husband|son|daughter)\b|[부모]친|의사|박사|원고|피고",
    re.IGNORECASE,
)
_NUMBER_ASKED = (
    r"\bhow (?:much|many|long|large|big|far|old)\b|\b(?:share|rating|percentage|amount|speed)\b"
    r"|얼마|몇|퍼센트|상실률|금액|크기"
)
_DATE_ASKED = r"\b(?:when|what date|which date|on what day)\b|언제|사망일|날짜|일자"
_SIDE_ASKED = r"\bwhich (?:side|knee|leg|arm|ankle|shoulder|hip|hand|foot)\b|\bwhat side\b|어느 쪽|좌우"
_PERSON_ASKED = r"\b(?:who|whom|which (?:surgeon|doctor|physician|relative|close relative))\b|누가|누구"
_ASKS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("number", _NUMBER_ASKED),
        ("date", _DATE_ASKED),
        ("side", _SIDE_ASKED),
        ("person", _PERSON_ASKED),
    )
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A stretch with its score and the measures that made it."""

    window: Window
    score: float
    parts: dict[str, float]


def best_sentences(
    question: str, passages: Sequence[Passage], similarity: Similarity, *, least: float = LEAST_SCORE
) -> list[Scored]:
    """The stretches that answer, best first; empty when none reaches `least`."""
    ranked = rank(question, passages, similarity)
    if not ranked or ranked[0].score < least:
        return []
    chosen: list[Scored] = []
    for one in ranked:
        if len(chosen) == MOST_SENTENCES or one.score < max(least, NEAR_BEST * ranked[0].score):
            break
        if not any(_overlap(one.window, other.window) for other in chosen):
            chosen.append(one)
    return chosen


def rank(question: str, passages: Sequence[Passage], similarity: Similarity) -> list[Scored]:
    """All candidate stretches with their scores, best first."""
    asked = facts_of(question)
    windows = [window for passage in passages for window in windows_of(passage, widest=2)]
    if not windows:
        return []
    frequency = Counter(word for window in windows for word in set(facts_of(window.text).words))
    weight = {word: math.log(1 + len(windows) / (1 + frequency[word])) for word in asked.words}
    rough = {id(w): _measures(asked, w, weight) for w in windows}
    order = sorted(
        windows,
        key=lambda w: -(rough[id(w)]["words"] + rough[id(w)]["concepts"] + 0.5 / w.passage.number),
    )
    query = similarity.query(question)
    kept = order[:_CANDIDATES]
    values = similarity.scaled(query, similarity.vectors([window.text for window in kept]))
    scored = []
    for window, value in zip(kept, values, strict=True):
        parts = {**rough[id(window)], "similarity": float(value)}
        scored.append(Scored(window, sum(WEIGHTS[name] * parts[name] for name in WEIGHTS), parts))
    return sorted(scored, key=lambda one: (-one.score, one.window.passage.number, one.window.start))


def _measures(asked: Facts, window: Window, weight: dict[str, float]) -> dict[str, float]:
    shown, around = facts_of(window.text), facts_of(window.passage.context)
    stems, near = frozenset(shown.words), frozenset(around.words)
    total = sum(weight[word] for word in asked.words)
    got = sum(
        weight[word]
        * (1.0 if covered(word, stems, shown.text) else 0.6 if covered(word, near, around.text) else 0.0)
        for word in asked.words
    )
    names = {name for name, _, _ in asked.concepts}
    met = sum(
        1.0
        if any(matches(o, name) or matches(name, o) for o, _, _ in shown.concepts)
        else 0.5 * any(matches(o, name) for o, _, _ in around.concepts)
        for name in names
    )
    same = asked.language == shown.language
    words = got / total if total else 0.0
    return {
        # Across languages words cannot meet; concepts stand in for them.
        "words": words if same or not names else met / len(names),
        "concepts": met / len(names) if names else words,
        "kind": _kind(asked.text, shown),
    }


def _kind(question: str, shown: Facts) -> float:
    holds = {
        "number": bool(shown.numbers),
        "date": bool(shown.dates or shown.month_days),
        "side": bool(_SIDE.search(shown.text)),
        "person": bool(_PERSON.search(shown.text)),
    }
    wanted = [name for name, pattern in _ASKS if pattern.search(question)]
    return float(np.mean([holds[name] for name in wanted])) if wanted else 0.5


def _overlap(first: Window, second: Window) -> bool:
    one, other = first.citation, second.citation
    return one.document == other.document and one.start < other.end and other.start < one.end
