"""An answer without a model: the sentences of the file that answer best, or none.

Each sentence of the retrieved passages gets a score from 0 to about 1 by six measures: its similarity to the
question (`Similarity`), the share of the question's words in it and its neighbours, in itself alone, the share
of the question's concepts, whether it holds the kind of thing that is asked for (a number, a date, a person, a
side), and the rank of its passage. Weights, the least score and the least similarity were chosen on one half of
the sample questions (`benchmarks/answers.py`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from langchain_mejurix.concepts import matches
from langchain_mejurix.evidence import Passage, Window, windows_of
from langchain_mejurix.facts import facts_of
from langchain_mejurix.words import covered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_mejurix.facts import Facts
    from langchain_mejurix.support import Similarity

WEIGHTS = {"similarity": 0.15, "words": 0.25, "own words": 0.15, "concepts": 0.15, "kind": 0.25, "rank": 0.05}
LEAST_SCORE = 0.5
LEAST_SIMILARITY = 0.1
NEAR_BEST = 0.85
"""A further sentence is added when its score is at least this share of the best one's."""
MOST_SENTENCES = 3

_NEIGHBOUR = 0.6
"""What a word or concept counts that stands in a neighbouring sentence, the heading or the document's name."""
_ELSEWHERE = 0.3
"""What a concept counts that stands elsewhere in the passage."""
_QUESTION = re.compile(r"(?:\?|까\?)[\"'”’)]*$")
_WORDS = re.compile(r"[A-Za-z가-힣]{2,}")
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
    """All sentences that can be an answer with their scores, best first."""
    asked = facts_of(question)
    by_passage = [windows_of(passage, widest=1) for passage in passages]
    windows = [window for some in by_passage for window in some]
    if not windows:
        return []
    frequency = Counter(word for window in windows for word in set(facts_of(window.text).words))
    weight = {word: math.log(1 + len(windows) / (1 + frequency[word])) for word in asked.words}
    values = similarity.scaled(
        similarity.query(question), similarity.vectors([window.text for window in windows])
    )
    near = {id(window): float(value) for window, value in zip(windows, values, strict=True)}
    scored = []
    for some in by_passage:
        for place, window in enumerate(some):
            text = window.text.strip()
            if _QUESTION.search(text) or len(_WORDS.findall(text)) < 3 or near[id(window)] < LEAST_SIMILARITY:
                continue
            around = "\n".join(
                other.text for other in some[max(0, place - 1) : place + 2] if other is not window
            )
            parts = _measures(asked, window, f"{window.passage.context}\n{around}", weight)
            parts |= {"similarity": near[id(window)], "rank": 1.0 / window.passage.number}
            scored.append(Scored(window, sum(WEIGHTS[name] * parts[name] for name in WEIGHTS), parts))
    return sorted(scored, key=lambda one: (-one.score, one.window.passage.number, one.window.start))


def _measures(asked: Facts, window: Window, around: str, weight: dict[str, float]) -> dict[str, float]:
    shown, beside = facts_of(window.text), facts_of(around)
    whole = facts_of(window.passage.hit.chunk.text)
    stems, near = frozenset(shown.words), frozenset(beside.words)
    total = sum(weight[word] for word in asked.words) or 1.0
    own = words = 0.0
    for word in asked.words:
        if covered(word, stems, shown.text):
            own += weight[word] / total
            words += weight[word] / total
        elif covered(word, near, beside.text):
            words += _NEIGHBOUR * weight[word] / total
    names = {name for name, _, _ in asked.concepts}
    met = [
        1.0 if _names(shown, n) else _NEIGHBOUR if _names(beside, n) else _ELSEWHERE * _names(whole, n)
        for n in names
    ]
    concepts = sum(met) / len(met) if met else words
    if asked.language != shown.language:
        # Across languages words cannot meet; concepts stand in for them.
        words = concepts if names else 0.0
        own = sum(_names(shown, n) for n in names) / len(names) if names else 0.0
    return {"words": words, "own words": own, "concepts": concepts, "kind": _kind(asked.text, shown)}


def _names(facts: Facts, name: str) -> bool:
    return any(matches(other, name) or matches(name, other) for other, _, _ in facts.concepts)


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
