"""What speaks for a unit of a passage as the answer to a question: numbers from which a score is made.

All measures lie in about [0, 1], except the similarity to the question, which is standardised over the units of
one question (three standard deviations count 1), so that it does not depend on the encoder's scale. Words weigh
by their rarity among the passages that the search brought (the more passages hold a word, the less it tells), and
meet across Korean and English by concepts (`mejurix_st.entities`) and by a table of everyday words (`bridge`).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from langchain_mejurix.asking import holds, is_polar, kinds_asked
from langchain_mejurix.bridge import met, translations
from langchain_mejurix.concepts import matches
from langchain_mejurix.facts import Facts, facts_of
from langchain_mejurix.units import is_heading, running_lines, units_of
from langchain_mejurix.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_mejurix.evidence import Passage, Window
    from langchain_mejurix.support import Similarity
    from langchain_mejurix.units import Unit
    from mejurix_st.types import Chunk

MEASURES = (
    "own words",
    "near words",
    "passage words",
    "own concepts",
    "near concepts",
    "missing words",
    "missing concepts",
    "figures",
    "figures missed",
    "kind met",
    "kind missed",
    "kind beside",
    "words without kind",
    "new words",
    "other date",
    "heading",
    "similarity",
    "first passage",
    "other language",
    "short",
    "long",
    "polar",
)
"""Names of the measures, in the order of the weights."""
_LONG = 350


@dataclass(frozen=True, slots=True)
class Measured:
    """A stretch with its measures, in the order of `MEASURES`."""

    window: Window
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and how much each of its words tells."""

    facts: Facts
    weight: dict[str, float]
    names: frozenset[str]

    def share(self, *texts: str) -> float:
        """Share of the question's words, by weight, that some text holds."""
        total = sum(self.weight.values())
        if not total:
            return 0.0
        whole = "\n".join(texts)
        stems = frozenset[str]().union(*(_stems(text) for text in texts))
        return sum(weight * met(word, stems, whole) for word, weight in self.weight.items()) / total

    def concepts(self, *texts: str) -> float:
        """Share of the question's concepts that some text names; 0 when it names none."""
        shown = {name for text in texts for name, _, _ in facts_of(text).concepts}
        held = [any(matches(other, name) or matches(name, other) for other in shown) for name in self.names]
        return sum(held) / len(held) if held else 0.0


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(content_words(text))


def measure(
    question: str, passages: Sequence[Passage], others: Sequence[Chunk], similarity: Similarity
) -> list[Measured]:
    """The measures of every unit that may answer.

    Args:
        question: the question.
        passages: the best passages, best first; only their units can answer.
        others: further passages that the search brought; they tell how rare a word is.
        similarity: of the index's encoder.
    """
    running = running_lines([*(passage.hit.chunk for passage in passages), *others])
    units = [unit for passage in passages for unit in units_of(passage, running)]
    usable = [unit for unit in units if unit.usable]
    if not usable:
        return []
    texts = [passage.hit.chunk.text for passage in passages]
    contexts = [passage.context for passage in passages]
    asked = _asked(
        question, [*(f"{c}\n{t}" for c, t in zip(contexts, texts, strict=True)), *(o.text for o in others)]
    )
    values = similarity.scaled(
        similarity.query(question), similarity.vectors([unit.window.text for unit in usable])
    )
    spread = float(np.std(values)) or 1.0
    standard = (values - float(np.mean(values))) / spread
    missing_words = 1.0 - asked.share(*texts, *contexts)
    shown = (*(unit.window.text for unit in units), *contexts)
    missing_concepts = 1.0 - asked.concepts(*shown) if asked.names else 0.0
    wide = {p.number: asked.share(t, c) for p, t, c in zip(passages, texts, contexts, strict=True)}
    found = []
    for unit, rank in zip(usable, standard, strict=True):
        passage = unit.window.passage
        own = _own(asked, unit)
        own |= {
            "passage words": wide[passage.number],
            "missing words": missing_words,
            "missing concepts": missing_concepts,
            "similarity": float(rank) / 3.0,
            "first passage": 1.0 / passage.number,
        }
        found.append(Measured(unit.window, tuple(own[name] for name in MEASURES)))
    return found


def _asked(question: str, passages: Sequence[str]) -> _Asked:
    facts = facts_of(question)
    words = list(dict.fromkeys(facts.words))
    stems = [_stems(text) for text in passages]
    frequency = Counter(
        word for word in words for text, some in zip(passages, stems, strict=True) if met(word, some, text)
    )
    weight = {word: math.log(1 + len(passages) / (0.5 + frequency[word])) for word in words}
    if facts.language == "ko":
        # A Korean word that the table does not know may well stand in an English passage.
        for word in words:
            if not frequency[word] and not translations(word):
                weight[word] *= 0.5
    return _Asked(facts, weight, frozenset(name for name, _, _ in facts.concepts))


def _own(asked: _Asked, unit: Unit) -> dict[str, float]:
    text, context = unit.window.text, unit.window.passage.context
    shown = facts_of(text)
    around = (unit.before, unit.after, context)
    kinds = kinds_asked(asked.facts.text)
    kept = sum(holds(kind, asked.facts, shown) for kind in kinds) / len(kinds) if kinds else 0.0
    next_to = facts_of(unit.after) if unit.after else shown
    beside = sum(holds(kind, asked.facts, next_to) for kind in kinds) / len(kinds) if kinds else 0.0
    words = asked.share(text)
    figures = _figures(asked.facts, shown, [facts_of(text) for text in around if text])
    fresh = [w for w in shown.words if w not in asked.weight]
    return {
        "own words": words,
        "near words": asked.share(text, *around),
        "own concepts": asked.concepts(text),
        "near concepts": asked.concepts(text, *around),
        "figures": 0.5 if figures is None else figures,
        "figures missed": 0.0 if figures is None else 1.0 - figures,
        "kind met": kept,
        "kind missed": 1.0 - kept if kinds else 0.0,
        "kind beside": beside * (1.0 - kept),
        "words without kind": words * (1.0 - kept) if kinds else 0.0,
        "new words": min(1.0, (len(fresh) + len(shown.numbers - asked.facts.numbers)) / 4),
        "other date": _other_date(asked.facts, shown),
        "heading": float(is_heading(text)),
        "other language": float(asked.facts.language != shown.language),
        "short": float(len(shown.words) < 4),
        "long": float(len(text) > _LONG),
        "polar": float(is_polar(asked.facts.text)),
    }


def _other_date(asked: Facts, shown: Facts) -> float:
    """Whether the unit is dated, and otherwise than the question."""
    if not asked.dates or not shown.dates:
        return 0.0
    years = {date[:4] for date in asked.dates}
    return float(not any(date[:4] in years for date in shown.dates))


def _figures(asked: Facts, shown: Facts, around: Sequence[Facts]) -> float | None:
    """Share of the question's dates, numbers, identifiers and sides in the unit; in its surroundings, half.

    None when the question has none.
    """
    wanted = [
        *asked.dates,
        *asked.month_days,
        *asked.identifiers,
        *(str(n) for n in asked.numbers),
        *asked.sides,
    ]
    if not wanted:
        return None
    points = 0.0
    for one in wanted:
        points += 1.0 if _has(shown, one) else 0.5 if any(_has(beside, one) for beside in around) else 0.0
    return points / len(wanted)


def _has(facts: Facts, wanted: str) -> bool:
    if wanted in facts.sides or wanted in facts.month_days or wanted in facts.identifiers:
        return True
    if any(date.startswith(wanted) for date in facts.dates):
        return True
    try:
        number = float(wanted)
    except ValueError:
        return wanted in facts.text.lower()
    return number in facts.numbers or any(float(date[:4]) == number for date in facts.dates)
