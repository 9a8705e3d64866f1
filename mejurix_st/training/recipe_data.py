"""What the default recipe draws from, how often, and which of it the teachers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.training.contrast_perturb import natural_triples
from mejurix_st.training.passages import sentences
from mejurix_st.training.step import DOCUMENT, QUERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mejurix_st.training.sources import Pair
    from mejurix_st.training.teachers import TeacherBank

# How often each source is drawn, and how many of its pairs the teachers read.
WEIGHTS = {
    "clinical_notes": 3.0,
    "decisions": 3.0,
    "us_code": 2.5,
    "medquad": 2.5,
    "worksheets": 1.0,
    "korean": 1.0,
    "notes_and_dialogues": 0.8,
    "disease_ontology": 0.6,
    "icd10cm": 0.6,
    "va_contentions": 0.3,
    "abbreviations": 0.2,
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


def natural_rows(
    built: dict[str, list[Pair]], seed: int, exclude: Callable[[str], bool] | None
) -> list[tuple[str, str, str]]:
    """Contrast triples out of sentences of notes, decisions and statutes."""
    found = []
    for name, domain in (("clinical_notes", "medical"), ("decisions", "legal"), ("us_code", "legal")):
        triples = natural_triples(_short_sentences(built.get(name, [])), seed, domain, exclude)
        found += [(t.anchor, t.positive, t.negative) for t in triples]
    return found


def _short_sentences(rows: Sequence[Pair], words: int = 30) -> Iterator[str]:
    for pair in rows[:6000]:
        for sentence in dict.fromkeys(sentences(pair.positive)):
            if 4 <= len(sentence.split()) <= words:
                yield sentence
