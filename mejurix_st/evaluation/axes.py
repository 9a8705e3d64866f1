"""Meaning that a word turns round: negation, severity, temporality, laterality, as minimal triples.

Each anchor stands with its meaning in other words and its opposite in nearly the same words.
A model that goes by shared words scores below one half. Each axis is scored twice: where words decide that no
training text has for it ("ruled out", "low-grade"), and in plain everyday sentences ("plain_negation").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.evaluation.pairs import TripleScores, score_triples
from mejurix_st.evaluation.triples import AXES, LANGUAGES, PLAIN, load_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.encoders import Encoder


def evaluate_axes(
    encoder: Encoder, languages: Sequence[str] = LANGUAGES, axes: Sequence[str] = (*AXES, *PLAIN)
) -> list[TripleScores]:
    """Scores each axis in each language; read `accuracy` and `margin` from what comes back."""
    return [
        score_triples(encoder, load_triples(name, language), name, language)
        for language in languages
        for name in axes
    ]
