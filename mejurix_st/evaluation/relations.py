"""The ten relation types of the original model's card, with hard negatives, in English and Korean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.evaluation.pairs import TripleScores, score_triples
from mejurix_st.evaluation.triples import load_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.encoders import Encoder

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
"""Names of the relation sets, in the card's order."""

LANGUAGES: tuple[str, ...] = ("en", "ko")


def evaluate_relations(
    encoder: Encoder, languages: Sequence[str] = LANGUAGES, relations: Sequence[str] = RELATIONS
) -> list[TripleScores]:
    """Scores each relation type in each language.

    `TripleScores.auc_hard`, `.accuracy` and the mean cosine of positives (the card's own measure, kept for
    continuity) are read from what comes back.
    """
    return [
        score_triples(encoder, load_triples(name, language), name, language)
        for language in languages
        for name in relations
    ]
