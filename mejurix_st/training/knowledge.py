"""Batches of relation triples out of the table of medical knowledge, `knowledge.tsv`, in English and Korean.

Each row of the table is a disease with its medications, treatments and symptoms, every item in both languages;
kindred diseases stand beside each other. A batch is free of false negatives as far as the table knows: no item
drawn for one disease suits another disease of the batch.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mejurix_st.training.glossary import fill_frame, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TripleRow = tuple[str, str, str]
COLUMNS = ("medications", "treatments", "symptoms")
_COMMON = 6  # an item of more diseases than this tells none of them from the others: never a wrong one
_KIN = 4  # rows on either side whose items may suit as well
_FIELD = 40  # rows on either side from which the harder wrong items come
_HARD_SHARE = 0.4
_BARE_SHARE = 0.5  # of the texts are the names alone
# Languages of anchor and partner, and how often.
_LANGUAGES = {("en", "en"): 0.42, ("ko", "ko"): 0.33, ("ko", "en"): 0.15, ("en", "ko"): 0.1}


@dataclass(frozen=True, slots=True)
class Item:
    """One name in both languages."""

    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Illness:
    """A row of the table."""

    disease: Item
    medications: tuple[Item, ...]
    treatments: tuple[Item, ...]
    symptoms: tuple[Item, ...]


def _item(text: str) -> Item:
    english, _, korean = text.partition("=")
    return Item(english.strip(), korean.strip())


def _items(cell: str) -> tuple[Item, ...]:
    return () if cell == "none" else tuple(_item(text) for text in cell.split(" | "))


@cache
def knowledge() -> tuple[Illness, ...]:
    """The table, related diseases beside each other."""
    rows = read_table("knowledge.tsv")
    return tuple(Illness(_item(row["disease"]), *(_items(row[c]) for c in COLUMNS)) for row in rows)


def knowledge_terms() -> list[tuple[str, str]]:
    """Distinct (English, Korean) names of the table: diseases and all their items."""
    items = [
        i for row in knowledge() for i in (row.disease, *row.medications, *row.treatments, *row.symptoms)
    ]
    return [(item.en, item.ko) for item in dict.fromkeys(items)]


def _cleared(row: Illness, exclude: Callable[[str], bool]) -> Illness:
    """The row without the items that a guard refuses beside the disease, in either language."""
    kept = {}
    for column in COLUMNS:
        items = list(getattr(row, column))
        for language in ("en", "ko"):
            name = getattr(row.disease, language)
            items = [item for item in items if not exclude(f"{name} {getattr(item, language)}")]
            while items and exclude(" ".join([name, *(getattr(item, language) for item in items)])):
                items.pop()  # some of them together
        kept[column] = tuple(items)
    return Illness(row.disease, *(kept[column] for column in COLUMNS))


@cache
def _frames(column: str, part: str) -> tuple[Mapping[str, str], ...]:
    """The frames of a column, that of the names alone first."""
    rows = read_table("knowledge_frames.tsv")
    return tuple(row for row in rows if (row["column"], row["part"]) == (column, part))


class KnowledgeBatches:
    """Endless batches over a table of illnesses; position `at` says where they stand.

    Args:
        rows: the table.
        seed: of everything.
        exclude: drops the items of a disease with which, joined, it is true: facts of the test side.
        at: batches given so far.
    """

    def __init__(
        self,
        rows: Sequence[Illness],
        seed: int,
        exclude: Callable[[str], bool] | None = None,
        at: int = 0,
    ) -> None:
        if not rows:
            raise ValueError("no rows of knowledge")
        self.rows = rows if exclude is None else [_cleared(row, exclude) for row in rows]
        self.seed, self.at = seed, at
        self._sets = {c: [{i.en for i in getattr(row, c)} for row in self.rows] for c in COLUMNS}
        self._uses = {c: Counter(name for names in self._sets[c] for name in names) for c in COLUMNS}

    def take(self, size: int) -> list[TripleRow]:
        """At most `size` triples of one column and one pair of languages."""
        rng = random.Random(f"{self.seed} knowledge {self.at}")
        self.at += 1
        column = rng.choice([c for c in COLUMNS if self._uses[c]])
        languages = rng.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
        found = []
        for place, right, wrong in self._choose(column, rng):
            triple = self._write(column, languages, self.rows[place], right, wrong, rng)
            if len(set(triple)) == len(triple):
                found.append(triple)
            if len(found) == size:
                break
        return found

    def _choose(
        self, column: str, rng: random.Random
    ) -> Iterator[tuple[int, tuple[Item, ...], tuple[Item, ...] | Item]]:
        """Places with right items and something wrong, such that no place's items suit an earlier place."""
        sets, uses = self._sets[column], self._uses[column]
        taken: list[int] = []
        drawn: set[str] = set()
        for place in rng.sample(range(len(self.rows)), len(self.rows)):
            items = getattr(self.rows[place], column)
            telling = [item for item in items if uses[item.en] <= _COMMON and item.en not in drawn]
            if not telling or sets[place] & drawn:
                continue
            right = tuple(rng.sample(telling, min(len(telling), rng.choice((1, 1, 2, 3)))))
            if any(item.en in sets[other] for other in taken for item in right):
                continue
            wrong = self._wrong(column, place, rng)
            if wrong is not None:
                taken.append(place)
                drawn |= {item.en for item in right}
                yield place, right, wrong

    def _wrong(self, column: str, place: int, rng: random.Random) -> tuple[Item, ...] | Item | None:
        """Items of another disease, or for symptoms the other disease; None when the draw was no good."""
        near = range(max(0, place - _KIN), min(len(self.rows), place + _KIN + 1))
        field = range(max(0, place - _FIELD), min(len(self.rows), place + _FIELD + 1))
        for _ in range(8):
            other = rng.choice(field) if rng.random() < _HARD_SHARE else rng.randrange(len(self.rows))
            if other in near:
                continue
            if column == "symptoms":
                if not self._sets[column][other] & self._sets[column][place]:
                    return self.rows[other].disease
                continue
            suits = set().union(*(self._sets[column][i] for i in near))
            items = [item for item in getattr(self.rows[other], column) if item.en not in suits]
            items = [item for item in items if self._uses[column][item.en] <= _COMMON]
            if items:
                return tuple(rng.sample(items, min(len(items), rng.choice((1, 1, 2)))))
        return None

    def _write(
        self,
        column: str,
        languages: tuple[str, str],
        illness: Illness,
        right: tuple[Item, ...],
        wrong: tuple[Item, ...] | Item,
        rng: random.Random,
    ) -> TripleRow:
        """Symptoms ask for the disease; medications and treatments answer it."""
        first, second = languages
        anchor, partner = (
            frames[0] if rng.random() < _BARE_SHARE else rng.choice(frames)
            for frames in (_frames(column, part) for part in ("anchor", "partner"))
        )
        listed = _joined(right, first if column == "symptoms" else second)
        if isinstance(wrong, Item):
            return (
                fill_frame(anchor[first], {"items": listed}),
                fill_frame(partner[second], {"disease": getattr(illness.disease, second)}),
                fill_frame(partner[second], {"disease": getattr(wrong, second)}),
            )
        return (
            fill_frame(anchor[first], {"disease": getattr(illness.disease, first)}),
            fill_frame(partner[second], {"items": listed}),
            fill_frame(partner[second], {"items": _joined(wrong, second)}),
        )


def _joined(items: Sequence[Item], language: str) -> str:
    names = [getattr(item, language) for item in items]
    if len(names) == 1:
        return names[0]
    joint = " and " if language == "en" else " 및 "
    return ", ".join(names[:-1]) + joint + names[-1]
