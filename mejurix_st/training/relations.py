"""Training triples for the ten relation types of the original model's card, in English and Korean.

The facts lie in `relations_data_*.tsv`, written for this project: which drugs and treatments suit a disease
and which symptoms it gives, what a treatment brings about, statements graded from 0 (nothing) to 4 (worst),
and legal situations in three wordings each. Korean terms come from the glossary. The negative of a triple
keeps the frame of the positive and names a wrong partner of the same kind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError
from mejurix_st.training.glossary import Term, fill_frame, load_glossary, read_table, seeded, slots_of
from mejurix_st.training.written import refused

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

RELATIONS = (
    "DISEASE_MEDICATION",
    "DISEASE_TREATMENT",
    "DIAGNOSIS_TREATMENT",
    "SYMPTOM_DISEASE",
    "TREATMENT_OUTCOME",
    "SEVERITY_PROGNOSIS",
    "SEVERITY_COMPENSATION",
    "OUTCOME_SETTLEMENT",
    "LEGAL_SIMILAR_MEDICAL_DIFFERENT",
    "MEDICAL_SIMILAR_LEGAL_DIFFERENT",
)
_COLUMNS = {
    "DISEASE_MEDICATION": "medications",
    "DISEASE_TREATMENT": "treatments",
    "DIAGNOSIS_TREATMENT": "treatments",
    "SYMPTOM_DISEASE": "symptoms",
}
_GRADED = {
    "SEVERITY_PROGNOSIS": ("severity", "prognosis"),
    "SEVERITY_COMPENSATION": ("severity", "compensation"),
    "OUTCOME_SETTLEMENT": ("outcome", "settlement"),
}
_COMMON = 3  # a partner of more diseases than this suits nearly all: never a wrong one
_COMMON_SYMPTOM = 6  # nor do symptoms of more diseases than this tell one disease from another
_NEIGHBOURS = 3  # diseases stand in the table beside their kin, whose partners may suit as well
_FAR = 2  # grades between a right and a wrong statement, at the least
_SYNONYM_RATE = 0.3
DEFAULT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class RelationTriple:
    """One triple of a relation type: `positive` stands in the relation to `anchor`, `negative` does not."""

    anchor: str
    positive: str
    negative: str
    relation: str
    language: str


@dataclass(frozen=True, slots=True)
class Disease:
    """A row of the disease table; the tuples hold English glossary names."""

    name: str
    medications: tuple[str, ...]
    treatments: tuple[str, ...]
    symptoms: tuple[str, ...]


@cache
def diseases() -> tuple[Disease, ...]:
    """The disease table, related diseases beside each other."""
    rows = read_table("relations_data_medical.tsv")
    columns = ("medications", "treatments", "symptoms")
    return tuple(Disease(row["disease"], *(tuple(row[c].split("|")) for c in columns)) for row in rows)


@cache
def _terms() -> Mapping[str, Term]:
    return {term.en: term for term in reversed(load_glossary())}


@cache
def _uses(column: str) -> Counter[str]:
    return Counter(name for disease in diseases() for name in getattr(disease, column))


@cache
def _frames(relation: str, part: str) -> tuple[Mapping[str, str], ...]:
    rows = read_table("relations_data_frames.tsv")
    return tuple(row for row in rows if (row["relation"], row["part"]) == (relation, part))


@cache
def _statements(family: str) -> tuple[tuple[Mapping[str, str], ...], ...]:
    """Statements of one family by grade."""
    rows = [row for row in read_table("relations_data_graded.tsv") if row["family"] == family]
    return tuple(tuple(row for row in rows if int(row["level"]) == level) for level in range(5))


@cache
def _gradable(level: int) -> tuple[str, ...]:
    """Diseases that occur in this grade: nobody is bedridden with a sprained ankle."""
    rows = read_table("relations_data_gradable.tsv")
    return tuple(row["disease"] for row in rows if int(row["lowest"]) <= level <= int(row["highest"]))


class _Composer:
    """Writes triples of one language."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self.language, self.rng = language, rng

    def name(self, english: str) -> str:
        """A name of a glossary term in this language, sometimes a synonym."""
        term = _terms()[english]
        usual, others = (term.en, term.en_synonyms) if self.language == "en" else (term.ko, term.ko_synonyms)
        return self.rng.choice(others) if others and self.rng.random() < _SYNONYM_RATE else usual

    def write(self, frame: Mapping[str, str], **english: str) -> str:
        return fill_frame(frame[self.language], {slot: self.name(name) for slot, name in english.items()})

    def wrong_partner(self, column: str, place: int) -> str | None:
        """A partner of another disease that is not right for this one; None when the draw was no good."""
        other = self.rng.randrange(len(diseases()))
        partner = self.rng.choice(getattr(diseases()[other], column))
        near = diseases()[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]
        suits = any(partner in getattr(disease, column) for disease in near)
        return None if suits or _uses(column)[partner] > _COMMON else partner

    def clinical(self, relation: str) -> tuple[str, str, str] | None:
        column = _COLUMNS[relation]
        place = self.rng.randrange(len(diseases()))
        disease = diseases()[place]
        anchor, partner = (self.rng.choice(_frames(relation, part)) for part in ("anchor", "partner"))
        if relation == "SYMPTOM_DISEASE":
            return self._symptom(anchor, partner, place)
        wrong = self.wrong_partner(column, place)
        if wrong is None:
            return None
        slot = column[:-1]
        return (
            self.write(anchor, disease=disease.name),
            self.write(partner, **{slot: self.rng.choice(getattr(disease, column))}),
            self.write(partner, **{slot: wrong}),
        )

    def _symptom(
        self, anchor: Mapping[str, str], partner: Mapping[str, str], place: int
    ) -> tuple[str, str, str] | None:
        disease, other = diseases()[place], self.rng.choice(diseases())
        slots = slots_of(anchor[self.language])
        enough = len(disease.symptoms) >= len(slots)
        if not enough or set(disease.symptoms) & set(other.symptoms):
            return None
        symptoms = self.rng.sample(disease.symptoms, len(slots))
        if all(_uses("symptoms")[symptom] > _COMMON_SYMPTOM for symptom in symptoms):
            return None
        return (
            self.write(anchor, **dict(zip(slots, symptoms, strict=True))),
            self.write(partner, disease=disease.name),
            self.write(partner, disease=other.name),
        )

    def outcome(self) -> tuple[str, str, str] | None:
        right, wrong = self.rng.sample(read_outcomes(), 2)
        anchor = self.write(
            self.rng.choice(_frames("TREATMENT_OUTCOME", "anchor")), treatment=right["treatment"]
        )
        if right["treatment"] == wrong["treatment"]:
            return None
        return anchor, right[self.language], wrong[self.language]

    def graded(self, relation: str) -> tuple[str, str, str]:
        first, second = _GRADED[relation]
        level = self.rng.randrange(5)
        wrong = self.rng.choice([other for other in range(5) if abs(other - level) >= _FAR])
        anchor = self.write(
            self.rng.choice(_statements(first)[level]),
            disease=self.rng.choice(_gradable(level)),
            treatment=self.rng.choice(self.rng.choice(diseases()).treatments),
        )
        right, other = (self.rng.choice(_statements(second)[grade]) for grade in (level, wrong))
        return anchor, right[self.language], other[self.language]

    def crossed(self, relation: str) -> tuple[str, str, str]:
        """Two fields at once. The longer part says what the text is about, the other is a short aside."""
        same_law, other_law = self.rng.sample(range(len(read_situations())), 2)
        same_ill, other_ill = self.rng.sample(diseases(), 2)
        if relation == "LEGAL_SIMILAR_MEDICAL_DIFFERENT":
            return (
                self._case(same_law, same_ill, legal=True),
                self._case(same_law, other_ill, legal=True),
                self._case(other_law, same_ill, legal=True),
            )
        return (
            self._case(same_law, same_ill, legal=False),
            self._case(other_law, same_ill, legal=False),
            self._case(same_law, other_ill, legal=False),
        )

    def _case(self, law: int, disease: Disease, *, legal: bool) -> str:
        wordings = read_situations()[law][self.language].split("|")
        count = 2 if legal else 1
        sentences = self.rng.sample(wordings, count)
        frames = self.rng.sample(_frames("MEDICAL", "scene"), 3 - count)
        scene = [
            self.write(
                frame,
                disease=disease.name,
                treatment=self.rng.choice(disease.treatments),
                symptom=self.rng.choice(disease.symptoms),
            )
            for frame in frames
        ]
        parts = sentences + scene if self.rng.random() < 0.5 else scene + sentences
        return " ".join(parts)

    def compose(self, relation: str) -> tuple[str, str, str] | None:
        """Anchor, positive and negative, or None when the draw gave no sound triple."""
        if relation in _COLUMNS:
            return self.clinical(relation)
        if relation in _GRADED:
            return self.graded(relation)
        return self.outcome() if relation == "TREATMENT_OUTCOME" else self.crossed(relation)


@cache
def read_outcomes() -> tuple[Mapping[str, str], ...]:
    """Treatment and what it brought about, in both languages."""
    return tuple(read_table("relations_data_outcomes.tsv"))


@cache
def read_situations() -> tuple[Mapping[str, str], ...]:
    """Legal situations: in each language three wordings, separated by `|`."""
    return tuple(read_table("relations_data_legal.tsv"))


def relation_triples(
    seed: int,
    language: str = "en",
    relations: Sequence[str] = RELATIONS,
    exclude: Callable[[str], bool] | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Iterator[RelationTriple]:
    """Triples over the relation types in turn.

    Args:
        seed: Same seed, same stream.
        language: `en` or `ko`.
        relations: Any of `RELATIONS`.
        exclude: Drops a triple when true of any of its texts, or of anchor and positive joined.
        limit: Most triples to yield.

    Yields:
        Triples of three different texts, none twice.

    Raises:
        InputError: An unknown language or relation.
    """
    if language not in {"en", "ko"}:
        raise InputError(f"got language {language!r}; use en or ko")
    if not relations or not set(relations) <= set(RELATIONS):
        raise InputError(f"got relations {tuple(relations)!r}; use one or more of {', '.join(RELATIONS)}")
    composer = _Composer(language, seeded(seed))
    seen: set[tuple[str, str, str]] = set()
    for turn in range(limit * 4):
        if len(seen) >= limit:
            return
        relation = relations[turn % len(relations)]
        texts = composer.compose(relation)
        if texts is None or len(set(texts)) < 3 or texts in seen:
            continue
        if not refused(texts, exclude):
            seen.add(texts)
            yield RelationTriple(*texts, relation, language)
