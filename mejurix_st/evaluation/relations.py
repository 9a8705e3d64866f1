"""The ten relation types of the original model's card, with hard negatives, in English and Korean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.evaluation.pairs import TripleScores, score_triples
from mejurix_st.evaluation.triples import LANGUAGES, RELATIONS, load_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.encoders import Encoder


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
