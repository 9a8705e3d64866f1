"""Contrast triples: the same meaning in other words against nearly the same words with the meaning flipped.

A group of frames in `contrast_frames.tsv` holds wordings of one fact. Brackets carry the alternatives that
decide: `The patient [has|does not have] {disease}.` A triple takes two frames of a group: the anchor and the
negative share one, the positive uses the other and may use synonyms. Deciding words are those of the training
side only (`not`, `no`, `without`, mild and severe, before and after, left and right, …); the development
triples test others. All of it was written for this project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError
from mejurix_st.training.contrast_frames import (
    AXES,
    DOMAINS,
    LANGUAGES,
    Group,
    decide,
    fillers,
    frame_counts,
    groups,
    sides,
    slots,
)
from mejurix_st.training.glossary import Term, fill_frame, seeded, slots_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence


__all__ = ["AXES", "DOMAINS", "LANGUAGES", "ContrastTriple", "contrast_triples", "frame_counts"]

_HEADERS = {
    "en": {
        "medical": ("Assessment: ", "Note: ", "Summary: ", "Opinion: "),
        "legal": ("Finding: ", "Held: ", "Summary: ", "Opinion: "),
    },
    "ko": {
        "medical": ("평가: ", "소견: ", "요약: ", "기록: "),
        "legal": ("판단: ", "요지: ", "요약: ", "의견: "),
    },
}
_QUESTION = re.compile(r"^(is|was|were|did|does|do|has|have|how|which|who|can)\b|(까|까요)$", re.IGNORECASE)

_SYNONYM_RATE = 0.35  # how often the positive says a term by another name
_MIDDLE_RATE = 0.2  # how often a middle degree takes part, where the frames have one
_HEADER_RATE = 0.12
_SWAP_RATE = 0.1  # anchor and positive share the frame instead: nearness alone must not give the answer away
_FORMS = {"sentence": 0.55, "passage": 0.2, "query": 0.25}
DEFAULT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class ContrastTriple:
    """One triple of a training set.

    Attributes:
        anchor: A statement, a passage of two to four sentences, or (form `query`) a query.
        positive: The same meaning in other words, or the passage that supports the query.
        negative: Nearly the anchor's (or, for queries, the positive's) words with the meaning flipped.
        axis: One of `AXES`.
        language: `en` or `ko`.
        domain: `medical` or `legal`.
        form: `sentence`, `passage` or `query`.
    """

    anchor: str
    positive: str
    negative: str
    axis: str
    language: str
    domain: str
    form: str = "sentence"


class _Writer:
    """Renders the texts of one triple with the same facts in all of them."""

    def __init__(self, language: str, domain: str, frames: Sequence[str], rng: random.Random) -> None:
        self.language, self.domain, self.rng = language, domain, rng
        self.terms: dict[str, Term] = {}
        for slot in dict.fromkeys(slot for frame in frames for slot in slots_of(frame)):
            self.terms[slot] = rng.choice(slots()[slot.rstrip("0123456789")])

    def words(self, *, synonyms: bool) -> dict[str, str]:
        """A name for every slot: the usual one, or with `synonyms` sometimes another."""
        chosen = {}
        for slot, term in self.terms.items():
            usual, others = (
                (term.en, term.en_synonyms) if self.language == "en" else (term.ko, term.ko_synonyms)
            )
            other = synonyms and others and self.rng.random() < _SYNONYM_RATE
            chosen[slot] = self.rng.choice(others) if other else usual
        return chosen

    def state(self, frame: str, side: int, words: Mapping[str, str]) -> str:
        return fill_frame(decide(frame, side, self.language, self.rng), words)

    def surroundings(self) -> tuple[list[str], int]:
        """One to three neutral sentences and where the statement goes among them."""
        pool = fillers(self.language, self.domain)
        chosen = self.rng.sample(pool, self.rng.randint(1, 3))
        filled = []
        for frame in chosen:
            values = {s: self.rng.choice(slots()[s]) for s in slots_of(frame)}
            filled.append(
                fill_frame(frame, {s: t.en if self.language == "en" else t.ko for s, t in values.items()})
            )
        return filled, self.rng.randint(0, len(filled))

    def header(self) -> str:
        return (
            self.rng.choice(_HEADERS[self.language][self.domain]) if self.rng.random() < _HEADER_RATE else ""
        )


def _embed(statement: str, surroundings: tuple[list[str], int]) -> str:
    others, place = surroundings
    return " ".join([*others[:place], statement, *others[place:]])


def _pick_sides(frames: Sequence[str], language: str, rng: random.Random) -> tuple[int, int]:
    """The side of anchor and positive, and that of the negative."""
    known = [sides(frame, language) for frame in frames]
    if 0 in known:  # a neutral question looks for the affirmed statement
        return 0, 1
    side = rng.randint(0, 1)
    if min(known) == 3 and rng.random() < _MIDDLE_RATE:
        return rng.choice([(2, side), (side, 2)])
    return side, 1 - side


def _compose(
    axis: str, language: str, domain: str, group: Group, form: str, rng: random.Random
) -> ContrastTriple:
    first, second = rng.sample(group.statements, 2)
    query = rng.choice(group.queries) if form == "query" else None
    used = [first, second] if query is None else [query, first, second]
    side, flipped = _pick_sides(used, language, rng)
    writer = _Writer(language, domain, used, rng)
    plain, varied = writer.words(synonyms=False), writer.words(synonyms=True)
    if query is not None:
        around = writer.surroundings() if rng.random() < 0.7 else ([], 0)
        anchor = writer.state(query, side, plain)
        anchor += "?" if _QUESTION.search(anchor) else ""
        positive = _embed(writer.state(first, side, varied), around)
        negative = _embed(writer.state(first, flipped, varied), around)
    else:
        around, other = writer.surroundings(), writer.surroundings()
        if form == "sentence":
            around = other = ([], 0)
        if rng.random() < _SWAP_RATE:
            anchor = _embed(writer.state(first, side, plain), around)
            positive = writer.header() + _embed(writer.state(first, side, varied), writer.surroundings())
            negative = _embed(writer.state(second, flipped, plain), around)
        else:
            anchor = _embed(writer.state(first, side, plain), around)
            positive = writer.header() + _embed(writer.state(second, side, varied), other)
            negative = _embed(writer.state(first, flipped, plain), around)
    return ContrastTriple(anchor, positive, negative, axis, language, domain, form)


def contrast_triples(
    seed: int,
    language: str = "en",
    axes: Sequence[str] = AXES,
    exclude: Callable[[str], bool] | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Iterator[ContrastTriple]:
    """Triples over the frames, the axes and both domains in turn.

    Args:
        seed: Same seed, same stream.
        language: `en` or `ko`.
        axes: Any of `AXES`; they come in turn.
        exclude: Drops a triple when true of any of its texts.
        limit: Most triples to yield.

    Yields:
        Triples whose three texts differ; never the same anchor and negative twice.

    Raises:
        InputError: An unknown language or axis.
    """
    if language not in LANGUAGES:
        raise InputError(f"got language {language!r}; use one of {', '.join(LANGUAGES)}")
    if not axes or not set(axes) <= set(AXES):
        raise InputError(f"got axes {tuple(axes)!r}; use one or more of {', '.join(AXES)}")
    rng = seeded(seed)
    seen: set[tuple[str, str]] = set()
    turns = [(axis, domain) for domain in DOMAINS for axis in axes]
    for turn in range(limit * 4):
        if len(seen) >= limit:
            return
        axis, domain = turns[turn % len(turns)]
        members = groups(language)[axis, domain]
        group = rng.choices(members, weights=[len(g.statements) for g in members])[0]
        form = rng.choices(list(_FORMS), weights=list(_FORMS.values()))[0]
        if form == "query" and not group.queries:
            form = "sentence"
        triple = _compose(axis, language, domain, group, form, rng)
        texts = (triple.anchor, triple.positive, triple.negative)
        key = (triple.anchor, triple.negative)
        if len(set(texts)) < 3 or key in seen or (exclude is not None and any(map(exclude, texts))):
            continue
        seen.add(key)
        yield triple
