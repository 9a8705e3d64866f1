"""Which texts a training step sees: weighted sources, deterministic by step, so that a run can be resumed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mejurix_st.training.long_sources import LONG_SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mejurix_st.training.knowledge import KnowledgeBatches
    from mejurix_st.training.lessons import Lesson, LessonBatches
    from mejurix_st.training.sources import Pair

Row = TypeVar("Row")
TripleRow = tuple[str, str, str]
SHORT_SOURCES = {"disease_ontology", "icd10cm", "abbreviations", "va_contentions", "korean"}
# How often each kind of triple is drawn. What was written by hand is worth more than what frames generate.
CONTRAST_WEIGHTS = {
    "written contrast_en": 4.0,
    "written contrast_ko": 3.0,
    "translated contrast_en": 1.5,
    "contrast en": 0.8,
    "contrast ko": 0.8,
    "negations": 0.7,
    "natural": 0.7,
}
RELATION_WEIGHTS = {
    "written relations_en": 3.0,
    "written relations_ko": 2.0,
    "translated relations_en": 2.0,
    "written crosslingual": 1.5,
    "relations en": 0.5,
    "relations ko": 0.4,
}


class Cycle(Generic[Row]):
    """Endless passes over rows, reshuffled on each pass; position `at` says where it stands."""

    def __init__(self, rows: Sequence[Row], seed: str, at: int = 0) -> None:
        if not rows:
            raise ValueError(f"no rows for {seed}")
        self.rows, self.seed, self.at = rows, seed, at
        self._pass, self._order = -1, list(range(len(rows)))

    def take(self, count: int) -> list[Row]:
        """The next `count` rows."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Row:
        number, offset = divmod(self.at, len(self.rows))
        if number != self._pass:
            self._order = list(range(len(self.rows)))
            random.Random(f"{self.seed} {number}").shuffle(self._order)
            self._pass = number
        self.at += 1
        return self.rows[self._order[offset]]


@dataclass
class Mixture:
    """Pairs of several sources, and triples of several kinds.

    Attributes:
        pairs: cycles by source name.
        weights: of the sources, any positive numbers.
        triples: cycles by kind, the keys of `CONTRAST_WEIGHTS` and `RELATION_WEIGHTS`.
        parallel: cycle over (English, Korean) sentences.
        terms: cycle over (English, Korean) terms.
        knowledge: batches over the table of medical knowledge; None for none.
        lessons: batches of single texts; None for none.
        seed: of the order of sources.
        neighbours: picks, from ten times as many pairs, a batch of near ones: harder in-batch negatives.
        hard_share: share of the batches made so, [0, 1].
        hard_pool: first pairs of each source that such batches draw from.
    """

    pairs: dict[str, Cycle[Pair]]
    weights: dict[str, float]
    triples: dict[str, Cycle[TripleRow]]
    parallel: Cycle[tuple[str, str]]
    terms: Cycle[tuple[str, str]]
    knowledge: KnowledgeBatches | None = None
    lessons: LessonBatches | None = None
    seed: int = 0
    neighbours: Callable[[Sequence[Pair], int], list[Pair]] | None = None
    hard_share: float = 0.6
    hard_pool: int = 7000
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [n for n in self.pairs if self.weights.get(n, 0) > 0]

    def pair_batch(self, step: int, size: int, short_size: int, long_size: int) -> list[Pair]:
        """One batch of a single source: in-batch negatives are then of the same kind, and hard.

        Args:
            step: number of the step; decides the source.
            size: pairs of a source of passages.
            short_size: pairs of a source of terms and short sentences.
            long_size: pairs of a source of whole documents.
        """
        rng = random.Random(f"{self.seed} {step}")
        name = rng.choices(self.names, [self.weights[n] for n in self.names])[0]
        count = short_size if name in SHORT_SOURCES else long_size if name in LONG_SOURCES else size
        if self.neighbours is not None and rng.random() < self.hard_share:
            pool = self.pairs[name].rows[: self.hard_pool]
            return self.neighbours(rng.sample(pool, min(len(pool), 10 * count)), count)
        return self.pairs[name].take(count)

    def triple_batch(self, step: int, size: int) -> list[TripleRow]:
        """Triples of all kinds."""
        return self._triples(CONTRAST_WEIGHTS | RELATION_WEIGHTS, f"{self.seed} triples {step}", size)

    def contrast_batch(self, step: int, size: int) -> list[TripleRow]:
        """Contrast triples: half of one kind, so that the rows are each other's hard negatives; half of all."""
        return self._triples(CONTRAST_WEIGHTS, f"{self.seed} contrasts {step}", size)

    def relation_batch(self, step: int, size: int, facts: int) -> list[TripleRow]:
        """Relation triples: every other batch at most `facts` out of the table of knowledge, if there is one."""
        if self.knowledge is not None and step % 2:
            return self.knowledge.take(facts)
        return self._triples(RELATION_WEIGHTS, f"{self.seed} relations {step}", size)

    def _triples(self, weights: Mapping[str, float], seed: str, size: int) -> list[TripleRow]:
        rng = random.Random(seed)
        names = [name for name in weights if name in self.triples]
        shares = [weights[name] for name in names]
        kinds = [rng.choices(names, shares)[0]] * (size // 2)
        kinds += rng.choices(names, shares, k=size - len(kinds))
        return [self.triples[kind].take(1)[0] for kind in kinds]

    def positions(self) -> dict[str, int]:
        """Where every cycle stands, for the checkpoint."""
        return {name: cycle.at for name, cycle in self._cycles()}

    def restore(self, positions: dict[str, int]) -> None:
        """Continues from a checkpoint's positions."""
        for name, cycle in self._cycles():
            cycle.at = positions.get(name, 0)

    def _cycles(self) -> Iterator[tuple[str, Cycle[Any] | KnowledgeBatches]]:
        yield from ((f"pairs {n}", c) for n, c in self.pairs.items())
        yield from ((f"triples {n}", c) for n, c in self.triples.items())
        yield "parallel", self.parallel
        yield "terms", self.terms
        if self.knowledge is not None:
            yield "knowledge", self.knowledge
        if self.lessons is not None:
            yield from ((f"lessons {kind}", c) for kind, c in self.lessons.cycles.items())


def build_mixture(
    pairs: dict[str, list[Pair]],
    *,
    weights: dict[str, float],
    seed: int,
    guards: Mapping[str, Callable[[str], bool]],
    natural: Sequence[TripleRow] = (),
    negations: Sequence[TripleRow] = (),
    lessons: Mapping[str, Sequence[Lesson]] | None = None,
) -> Mixture:
    """Puts real pairs together with this project's contrast triples, relations and parallel sentences.

    Args:
        pairs: by source.
        weights: of the sources.
        seed: of every order.
        guards: for "contrast", "relations" and "parallel": True for a text that must be left out.
        natural: triples made of real sentences.
        negations: sentences with their negations.
        lessons: single texts by kind.
    """
    from mejurix_st.training import contrast, glossary, relations
    from mejurix_st.training.knowledge import KnowledgeBatches, knowledge, knowledge_terms
    from mejurix_st.training.lessons import LessonBatches
    from mejurix_st.training.written import (
        translated_triples,
        written_parallel,
        written_terms,
        written_triples,
    )

    cues, facts, parallels = (guards.get(k) for k in ("contrast", "relations", "parallel"))
    rows: dict[str, Sequence[TripleRow]] = {"natural": natural, "negations": negations}
    for language in ("en", "ko"):
        rows[f"contrast {language}"] = [
            (t.anchor, t.positive, t.negative)
            for t in contrast.contrast_triples(seed, language, exclude=cues)
        ]
        rows[f"relations {language}"] = [
            (t.anchor, t.positive, t.negative)
            for t in relations.relation_triples(seed, language, exclude=facts)
        ]
        rows[f"written contrast_{language}"] = written_triples(f"contrast_{language}", cues)
        rows[f"written relations_{language}"] = written_triples(f"relations_{language}", facts)
    for kind, guard in (("contrast", cues), ("relations", facts)):
        rows[f"translated {kind}_en"] = translated_triples(f"{kind}_en", guard)
    rows["written crosslingual"] = written_triples("crosslingual", parallels)
    triples = {kind: Cycle(found, f"{seed} {kind}") for kind, found in rows.items() if found}
    # Frames repeat themselves: a part of what they give, and what was written by hand four times.
    parallel = [
        *list(glossary.parallel_sentences(seed, exclude=parallels))[::3],
        *list(glossary.query_pairs(seed, exclude=parallels))[::2],
        *4 * [(english, korean) for korean, english in written_parallel(parallels)],
    ]
    terms = [
        *glossary.term_pairs(seed, exclude=parallels),
        *((english, korean) for korean, english in written_terms(parallels)),
        *(term for term in knowledge_terms() if parallels is None or not any(map(parallels, term))),
    ]
    cycles = {name: Cycle(found, f"{seed} {name}") for name, found in pairs.items() if found}
    translations = Cycle(parallel, f"{seed} parallel"), Cycle(terms, f"{seed} terms")
    facts_table = KnowledgeBatches(knowledge(), seed, facts)
    single = {kind: Cycle(rows, f"{seed} lessons {kind}") for kind, rows in (lessons or {}).items() if rows}
    return Mixture(
        cycles,
        weights,
        triples,
        *translations,
        knowledge=facts_table,
        lessons=LessonBatches(single, seed) if single else None,
        seed=seed,
    )
