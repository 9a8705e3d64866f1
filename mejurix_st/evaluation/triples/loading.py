"""Typed loaders of the development triples: one JSON Lines file for each set and language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

RELATIONS: tuple[str, ...] = (
    "disease_medication",
    "severity_prognosis",
    "severity_compensation",
    "disease_treatment",
    "diagnosis_treatment",
    "legal_similar_medical_different",
    "treatment_outcome",
    "outcome_settlement",
    "medical_similar_legal_different",
    "symptom_disease",
)
"""The ten relation types of the original model's card, in its order, in lower case."""

AXES: tuple[str, ...] = ("negation", "severity", "temporality", "laterality")
"""Axes on which a word or two turns the meaning round."""

PLAIN: tuple[str, ...] = tuple(f"plain_{axis}" for axis in AXES)
"""The axes once more in short everyday sentences, whose cues may occur in training; the sentences may not."""

LANGUAGES: tuple[str, ...] = ("en", "ko")


@dataclass(frozen=True, slots=True)
class Triple:
    """An anchor, a text that belongs to it, and one that looks as if it did.

    Attributes:
        id: unique over all sets, such as "negation.ko.007".
        anchor: a sentence as a record, a judgment or a question has it.
        positive: stands in the set's relation to the anchor; on an axis: the same meaning in other words.
        negative: does not; on an axis: another meaning in nearly the anchor's words.
        domain: "medical", "legal" or "medical-legal".
        entities: key terms, lower case; each occurs in one of the three texts.
        cue: on an axis, the phrase that decides, as used; else, and in plain sets, "".
    """

    id: str
    anchor: str
    positive: str
    negative: str
    domain: str
    entities: tuple[str, ...]
    cue: str


@dataclass(frozen=True, slots=True)
class TermPair:
    """A Korean term and its English equivalent.

    Attributes:
        ko: Korean term.
        en: English term, lower case but for names and abbreviations.
    """

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class TripleSet:
    """Name of one set in one language.

    Attributes:
        name: one of `RELATIONS` or `AXES`.
        language: "en" or "ko".
        kind: "relation" or "axis".
    """

    name: str
    language: str
    kind: str

    def load(self) -> list[Triple]:
        """The set's triples."""
        return load_triples(self.name, self.language)


def triple_sets() -> list[TripleSet]:
    """Every relation and axis set in every language; cross-lingual and plain ones are loaded by themselves."""
    kinds = {**dict.fromkeys(RELATIONS, "relation"), **dict.fromkeys(AXES, "axis")}
    return [TripleSet(name, language, kind) for language in LANGUAGES for name, kind in kinds.items()]


def load_triples(name: str, language: str) -> list[Triple]:
    """Triples of one set.

    Args:
        name: a relation type, an axis or one of `PLAIN`, in any case: "DISEASE_MEDICATION", "negation".
        language: "en" or "ko".

    Raises:
        InputError: no such set or language.
    """
    known = (*RELATIONS, *AXES, *PLAIN)
    if name.lower() not in known:
        raise InputError(f"no triple set named {name!r}; use one of: {', '.join(known)}")
    if language not in LANGUAGES:
        raise InputError(f"no triples in language {language!r}; use one of: {', '.join(LANGUAGES)}")
    if name.lower() in PLAIN:
        rows = map(_triple, _rows(f"plain.{language}.jsonl"))
        return [triple for triple in rows if triple.id.startswith(f"{name.lower()}.")]
    return [_triple(row) for row in _rows(f"{name.lower()}.{language}.jsonl")]


def load_crosslingual() -> list[Triple]:
    """Korean questions (anchor) with an English passage that answers and one that does not."""
    return [_triple(row) for row in _rows("crosslingual.jsonl")]


def load_terms() -> list[TermPair]:
    """Korean medical and legal terms with their English equivalents, each used once."""
    return [TermPair(**row) for row in _rows("korean_terms.jsonl")]


def _rows(file_name: str) -> Iterator[dict[str, Any]]:
    text = resources.files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    return (json.loads(line) for line in text.splitlines())


def _triple(row: dict[str, Any]) -> Triple:
    return Triple(**{**row, "entities": tuple(row["entities"])})
