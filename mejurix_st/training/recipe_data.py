"""What the default recipe draws from, how often, and which of it the teachers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.training.step import DOCUMENT, QUERY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.training.sources import Pair
    from mejurix_st.training.teachers import TeacherBank

# How often each source is drawn, and how many of its pairs the teachers read.
WEIGHTS = {
    "medquad": 3.0,
    "us_code": 4.5,
    "disease_ontology": 0.8,
    "icd10cm": 0.8,
    "notes_and_dialogues": 0.8,
    "abbreviations": 0.3,
    "va_contentions": 0.5,
    "clinical_notes": 2.5,
    "decisions": 1.5,
    "worksheets": 0.5,
    "korean": 1.0,
}
TAUGHT = {"medquad": 4500, "us_code": 7000, "clinical_notes": 4500, "decisions": 1500, "worksheets": 500}
TAUGHT |= {"disease_ontology": 2000, "icd10cm": 1500, "notes_and_dialogues": 1000, "va_contentions": 800}
TAUGHT |= {"korean": 3186}


def taught_texts(built: dict[str, list[Pair]]) -> list[str]:
    """Texts that the teachers read, prompts included, each once."""
    texts: dict[str, None] = {}
    for name, rows in built.items():
        for pair in rows[: TAUGHT.get(name, 0)]:
            texts[QUERY + pair.query] = None
            texts[DOCUMENT + pair.positive] = None
    return list(texts)


def near_pairs(bank: TeacherBank, rows: Sequence[Pair], count: int) -> list[Pair]:
    """A batch around its first pair, by the base's vectors of the documents."""
    return [rows[i] for i in bank.nearest([DOCUMENT + row.positive for row in rows], count)]
