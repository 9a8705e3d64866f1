"""Development triples, written by hand for this project, and the guard that keeps them out of training.

`load_triples("negation", "ko")` reads one set; `triple_sets()` lists them all; `held_out().conflicts(text)`
tells a training builder what in a text belongs to this side.
"""

from __future__ import annotations

from mejurix_st.evaluation.triples.cues import TEST_CUES, TRAIN_CUES
from mejurix_st.evaluation.triples.held_out import HeldOut, held_out
from mejurix_st.evaluation.triples.loading import (
    AXES,
    LANGUAGES,
    PLAIN,
    RELATIONS,
    TermPair,
    Triple,
    TripleSet,
    load_crosslingual,
    load_terms,
    load_triples,
    triple_sets,
)

__all__ = [
    "AXES",
    "LANGUAGES",
    "PLAIN",
    "RELATIONS",
    "TEST_CUES",
    "TRAIN_CUES",
    "HeldOut",
    "TermPair",
    "Triple",
    "TripleSet",
    "held_out",
    "load_crosslingual",
    "load_terms",
    "load_triples",
    "triple_sets",
]
