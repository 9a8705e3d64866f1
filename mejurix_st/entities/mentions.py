"""What a text speaks of, for the arm "assertions": its entities, general concepts, and the words left over.

General concepts (`data/concepts.tsv`: surgery, consent, payment, driving, parts of the body, relatives) are no
entities and are not shown to anyone; they let a query and a passage meet that name a thing in other words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mejurix_st.entities.common import is_of_proceedings
from mejurix_st.entities.cues import read_rows
from mejurix_st.entities.recognizer import VocabularyRecognizer
from mejurix_st.entities.vocabulary import Vocabulary
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mejurix_st.types import EntitySpan

#: Shares of a head noun ("lumbar fracture" → "fracture"), a general concept and a plain word.
HEAD, GENERAL, WORD = 0.35, 0.5, 0.2
#: General concepts that are persons: who has what is told by them.
RELATIVES = frozenset(
    ["mother", "father", "parent", "sister", "brother", "sibling", "grandparent", "aunt", "uncle", "cousin",
     "spouse", "child"]
)  # fmt: skip
PERSONS = RELATIVES | {"newborn", "donor", "coworker", "operator", "passenger"}
#: Concepts that nearly every file names; they tell little.
COMMON = frozenset(
    ["treatment", "surgery", "medication", "pain", "injury", "trauma", "damages", "liability", "board", "record",
     "disease", "symptom", "diagnosis", "expert", "examination"]
)  # fmt: skip
_WORD = re.compile(r"[a-z]{3,}|[가-힣]{2,}")
_SUFFIX = re.compile(r"(?:ingly|edly|ing|ied|ies|ed|es|ly|s)$")


class Mention(NamedTuple):
    """A concept at a place: `start` (code points), its name, and its share of a full name's weight."""

    start: int
    name: str
    share: float


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    return frozenset(row[0] for row in read_rows("stop_words.tsv"))


@lru_cache(maxsize=1)
def _general() -> VocabularyRecognizer:
    vocabulary = Vocabulary()
    for row in read_rows("concepts.tsv"):
        english, korean = (*row, "")[:2]
        name = english.partition("|")[0]
        for form in [*english.split("|"), *korean.split("|")]:
            if form:
                vocabulary.add_concept(EntityType.NONE, [form], name=name)
    return VocabularyRecognizer(vocabulary, citations=False, rules=False)


def find_mentions(text: str, spans: Sequence[EntitySpan]) -> list[Mention]:
    """Concepts of a text in order of start.

    Args:
        text: source text.
        spans: its entities; those of severity count as no concept.

    Returns:
        The entities' names and their heads, general concepts, and stems of the words that belong to neither.
    """
    found: list[Mention] = []
    covered: list[tuple[int, int]] = []
    for span in spans:
        if span.type is EntityType.NONE:
            continue
        covered.append((span.start, span.end))
        if span.type is not EntityType.SEVERITY:
            found += [Mention(span.start, name, share) for name, share in names_of(span)]
    for span in _general()([text])[0]:
        covered.append((span.start, span.end))
        found.append(Mention(span.start, span.normalized, GENERAL))
    covered.sort()
    found += _words(text, covered)
    return sorted(found)


def names_of(span: EntitySpan) -> Iterator[tuple[str, float]]:
    """An entity's concept, and its head noun at a lower share."""
    concept = span.normalized or span.text.lower()
    yield concept, 1.0
    head = concept.rpartition(" ")[2]
    if head != concept and head.isalpha():
        yield head, HEAD


def scale_of(name: str) -> float:
    """Weight of a concept: less for those that nearly every file names."""
    return 0.3 if name in COMMON or is_of_proceedings(name) else 1.0


def _words(text: str, covered: list[tuple[int, int]]) -> Iterator[Mention]:
    lowered = text.lower()
    if len(lowered) != len(text):
        return  # rare letters change length; offsets must not
    place, reach, stop = 0, -1, _stop_words()
    for match in _WORD.finditer(lowered):
        while place < len(covered) and covered[place][0] <= match.start():
            reach = max(reach, covered[place][1])
            place += 1
        if match.start() < reach:
            continue
        word = match.group()
        stem = word[:2] if word[0] >= "가" else _SUFFIX.sub("", word) if len(word) > 4 else word
        if stem not in stop and word not in stop:
            yield Mention(match.start(), "w:" + stem, WORD)
