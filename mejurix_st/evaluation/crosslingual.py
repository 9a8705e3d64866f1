"""Korean against English: questions to passages, and terms both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.evaluation.pairs import TripleScores, score_triples
from mejurix_st.evaluation.triples import load_crosslingual, load_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.encoders import Encoder
    from mejurix_st.evaluation.metrics import Floats


@dataclass(frozen=True)
class CrosslingualResult:
    """Korean and English together.

    Attributes:
        questions: Korean question against its English passage and a hard negative.
        passage_accuracy: share of Korean questions whose own passage is first among all passages, hard
            negatives included.
        korean_to_english: share of Korean terms whose nearest English term is the right one.
        english_to_korean: the same the other way.
        terms: number of term pairs.
    """

    questions: TripleScores
    passage_accuracy: float
    korean_to_english: float
    english_to_korean: float
    terms: int

    def to_dict(self) -> dict[str, Any]:
        """All measures, for JSON."""
        return {
            "questions": self.questions.to_dict(),
            "passage_acc@1": self.passage_accuracy,
            "term_ko_en_acc@1": self.korean_to_english,
            "term_en_ko_acc@1": self.english_to_korean,
            "terms": self.terms,
        }


def accuracy_at_1(similarities: Floats, sources: Sequence[str], targets: Sequence[str]) -> float:
    """Share of rows whose best column is a translation of the row's source.

    A term listed with several translations is right with any of them.

    Args:
        similarities: (pairs, pairs), row i is `sources[i]`, column j is `targets[j]`.
        sources: the terms asked for.
        targets: their translations, in the same order.
    """
    allowed: dict[str, set[str]] = {}
    for source, target in zip(sources, targets, strict=True):
        allowed.setdefault(source, set()).add(target)
    best = similarities.argmax(axis=1)
    return float(
        np.mean([targets[column] in allowed[source] for source, column in zip(sources, best, strict=True)])
    )


def evaluate_crosslingual(encoder: Encoder) -> CrosslingualResult:
    """Scores Korean questions against English passages, and terms in both directions."""
    triples = load_crosslingual()
    questions = encoder.encode([triple.anchor for triple in triples], "query")
    texts = [triple.positive for triple in triples] + [triple.negative for triple in triples]
    passages = encoder.encode(texts, "document")
    nearest = (questions @ passages.T).argmax(axis=1)
    found = [texts[column] == triple.positive for triple, column in zip(triples, nearest, strict=True)]
    terms = load_terms()
    korean, english = [term.ko for term in terms], [term.en for term in terms]
    across = (encoder.encode(korean, "query") @ encoder.encode(english, "query").T).astype(np.float64)
    return CrosslingualResult(
        score_triples(encoder, triples, "crosslingual", "ko-en", "query", "document"),
        float(np.mean(found)),
        accuracy_at_1(across, korean, english),
        accuracy_at_1(across.T, english, korean),
        len(terms),
    )
