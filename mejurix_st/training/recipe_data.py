"""What the default recipe draws from, how often, and which of it the teachers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.training.contrast_perturb import natural_triples
from mejurix_st.training.long_sources import LONG_SOURCES
from mejurix_st.training.passages import sentences
from mejurix_st.training.sources import SOURCES, pairs
from mejurix_st.training.step import DOCUMENT, QUERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mejurix_st.training.sources import Pair
    from mejurix_st.training.teachers import TeacherBank

# How often each source is drawn, and how many of its pairs the teachers read.
WEIGHTS = {
    "clinical_notes": 1.5,
    "long_notes": 2.0,
    "written_notes": 1.5,
    "decisions": 1.5,
    "long_decisions": 2.0,
    "us_code": 1.0,
    "code_sections": 2.5,
    "written_rules": 2.0,
    "medquad": 1.0,
    "answers": 2.5,
    "korean_passages": 1.2,
    "case_passages": 1.5,
    "worksheets": 0.8,
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
    """A batch around its first pair: by the base's vectors where they are known, otherwise by words."""
    texts = [DOCUMENT + row.positive for row in rows]
    order = bank.nearest(texts, count) if bank.known(texts) else near_by_words(texts, count)
    return [rows[i] for i in order]


def near_by_words(texts: Sequence[str], count: int) -> list[int]:
    """Positions of the first text and of those nearest to it by TF-IDF over these texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    table = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    similar = (table @ table[0].T).toarray().ravel()
    similar[0] = np.inf
    return np.argsort(-similar, kind="stable")[:count].tolist()


def all_pairs(data: Path, seed: int, refuse: Callable[[str], bool] | None) -> dict[str, list[Pair]]:
    """Pairs of every source, those of whole documents included."""
    return pairs(data, seed=seed, refuse=refuse, builders=SOURCES | LONG_SOURCES)


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
