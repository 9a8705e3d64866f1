"""Lessons: single texts, each with the English text whose place among the teachers' vectors it should take.

English texts of health take their own place; Korean ones that of their translation (Reimers & Gurevych 2020,
"Making monolingual sentence embeddings multilingual using knowledge distillation"); texts of law the place that the
base and their words give them, for there mpnet knows less. Contrasts are left out: to the teachers "no fracture" is
near "a fracture".
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from mejurix_st.training import glossary
from mejurix_st.training.knowledge import knowledge_terms
from mejurix_st.training.lexical import LAW
from mejurix_st.training.teachers import PROMPTS, bare, has_hangul
from mejurix_st.training.written import (
    written_parallel,
    written_terms,
    written_translations,
    written_triples,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mejurix_st.training.mixture import Cycle
    from mejurix_st.training.sources import Pair

QUERY, DOCUMENT = PROMPTS
# Sources of health, and how many pairs of each are read: what two cores read in half an hour.
HEALTH = {"answers": 7000, "medquad": 6000, "long_notes": 2500, "clinical_notes": 7000, "written_notes": 2000}
HEALTH |= {"notes_and_dialogues": 2000, "case_passages": 1000, "icd10cm": 4000, "disease_ontology": 12000}
HEALTH |= {"abbreviations": 3000, "va_contentions": 3000}
WEIGHTS = {"long": 0.3, "short": 0.15, "korean": 0.25, "law": 0.3}
LAW_PAIRS = 6000  # of each source, at most
_LONG = 60  # words


class Lesson(NamedTuple):
    """A text and the English text that says where it belongs, both with the same prompt."""

    text: str
    reading: str


def lesson_rows(
    built: Mapping[str, Sequence[Pair]],
    *,
    facts: Callable[[str], bool] | None = None,
    parallels: Callable[[str], bool] | None = None,
) -> dict[str, list[Lesson]]:
    """Lessons by kind: "long", "short", "korean" and "law", each text once.

    Args:
        built: pairs by source.
        facts: drops relation triples that belong to the test side.
        parallels: drops translations that belong to the test side.
    """
    english = dict.fromkeys(text for text in _english(built, facts) if not has_hangul(text))
    own = [Lesson(text, text) for text in english if bare(text).strip()]
    contrasts = {text for row in written_triples("contrast_en", part="all") for text in row}
    translated = [pair for pair in written_translations(parallels) if pair[1] not in contrasts]
    sentences = [(english, korean) for korean, english in [*written_parallel(parallels), *translated]]
    translations = dict.fromkeys([*sentences, *_terms(parallels)])
    korean_rows = [
        Lesson(PROMPTS[i % 2] + korean, PROMPTS[i % 2] + english)
        for i, (english, korean) in enumerate(translations)
        if has_hangul(korean) and not has_hangul(english)
    ]
    return {
        "long": [row for row in own if len(row.text.split()) > _LONG],
        "short": [row for row in own if len(row.text.split()) <= _LONG],
        "korean": korean_rows,
        "law": [Lesson(text, text) for text in dict.fromkeys(_law(built))],
    }


def readings(rows: Mapping[str, Iterable[Lesson]]) -> list[str]:
    """What the second teacher must read, without prompts, each text once."""
    kinds = (rows[kind] for kind in rows if kind != "law")
    return list(dict.fromkeys(bare(row.reading) for kind in kinds for row in kind))


def _english(built: Mapping[str, Sequence[Pair]], facts: Callable[[str], bool] | None) -> Iterator[str]:
    for source, count in HEALTH.items():
        for pair in built.get(source, ())[:count]:
            yield QUERY + pair.query
            yield DOCUMENT + pair.positive
    for i, triple in enumerate(written_triples("relations_en", facts)):
        yield from (PROMPTS[(i + k) % 2] + text for k, text in enumerate(triple))
    for _, positive, negative in written_triples("crosslingual", facts):
        yield from (DOCUMENT + positive, DOCUMENT + negative)


def _law(built: Mapping[str, Sequence[Pair]]) -> Iterator[str]:
    for name in LAW:
        pairs = built.get(name, ())
        every = max(1, -(-len(pairs) // LAW_PAIRS))  # spread over all: the first ones are of the first titles
        for pair in pairs[::every]:
            yield QUERY + pair.query
            yield DOCUMENT + pair.positive


def _terms(parallels: Callable[[str], bool] | None) -> list[tuple[str, str]]:
    """(English, Korean) terms of the glossary, the tables of terms and of knowledge."""
    return [
        *glossary.term_pairs(0, exclude=parallels),
        *((english, korean) for korean, english in written_terms(parallels)),
        *(term for term in knowledge_terms() if parallels is None or not any(map(parallels, term))),
    ]


def tokens(text: str) -> float:
    """A rough count of a text's tokens, for the size of a batch."""
    return len(text) / (2.0 if has_hangul(text) else 4.2)


class LessonBatches:
    """Batches of one kind of lesson, filled up to a number of tokens.

    Args:
        cycles: by kind.
        seed: of the order of kinds.
    """

    def __init__(self, cycles: Mapping[str, Cycle[Lesson]], seed: int) -> None:
        self.cycles = {kind: cycle for kind, cycle in cycles.items() if WEIGHTS.get(kind, 0) > 0}
        self.seed = seed

    def take(self, step: int, size: int) -> list[Lesson]:
        """The lessons of a step, about `size` tokens, at least two."""
        rng = random.Random(f"{self.seed} lessons {step}")
        kind = rng.choices(list(self.cycles), [WEIGHTS[k] for k in self.cycles])[0]
        rows: list[Lesson] = []
        left = float(size)
        while left > 0 or len(rows) < 2:
            rows += self.cycles[kind].take(1)
            left -= tokens(rows[-1].text)
        return rows
