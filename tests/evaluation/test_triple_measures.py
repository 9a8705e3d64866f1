from __future__ import annotations

import numpy as np
import pytest

from mejurix_st.errors import InputError
from mejurix_st.evaluation.crosslingual import accuracy_at_1
from mejurix_st.evaluation.encoders import CachedEncoder
from mejurix_st.evaluation.pairs import mean_of, score_triples
from mejurix_st.evaluation.triples import Triple

ANGLES = {"a": 0, "a+": 10, "a-": 60, "b": 90, "b+": 120, "b-": 110, "c": 90, "c+": 95, "c-": 180}


def encode(texts, role):
    radians = np.radians([ANGLES[text] for text in texts])
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def triple(letter, *entities):
    return Triple(letter, letter, f"{letter}+", f"{letter}-", "medical", entities, "")


@pytest.fixture
def scores():
    encoder = CachedEncoder("angles", encode)
    return score_triples(encoder, [triple("a", "x"), triple("b", "y"), triple("c", "Y")], "negation", "en")


def cosines(*degrees):
    return np.cos(np.radians(degrees))


def test_similarities_by_hand(scores):
    np.testing.assert_allclose(scores.positive, cosines(10, 30, 5), atol=1e-6)
    np.testing.assert_allclose(scores.negative, cosines(60, 20, 90), atol=1e-6)


def test_unrelated_pairs_leave_out_triples_that_share_an_entity(scores):
    # b and c share an entity (in different case): only pairs with a remain.
    np.testing.assert_allclose(np.sort(scores.random), np.sort(cosines(120, 95, 80, 80)), atol=1e-6)


def test_measures_by_hand(scores):
    assert scores.accuracy == pytest.approx(2 / 3)
    # Angles of positives 10, 30, 5 against negatives 60, 20, 90: 3 + 2 + 3 of 9 pairs are won.
    assert scores.auc_hard == pytest.approx(8 / 9)
    assert scores.auc_random == 1
    assert scores.margin == pytest.approx(float(np.mean(cosines(10, 30, 5) - cosines(60, 20, 90))), abs=1e-6)
    assert scores.to_dict()["mean_positive"] == pytest.approx(float(np.mean(cosines(10, 30, 5))), abs=1e-6)
    assert mean_of([scores, scores], "accuracy") == pytest.approx(2 / 3)


def test_a_tie_is_a_miss():
    encoder = CachedEncoder("flat", lambda texts, role: np.ones((len(texts), 4)))
    found = score_triples(encoder, [triple("a"), triple("b")], "negation", "en")
    assert found.accuracy == 0
    assert found.auc_hard == 0.5


def test_no_triples_are_refused():
    with pytest.raises(InputError, match="no triples"):
        score_triples(CachedEncoder("angles", encode), [], "negation", "en")


def test_a_term_with_two_translations_is_right_with_either():
    similarities = np.array([[0.1, 0.9, 0.0], [0.2, 0.8, 0.0], [0.0, 0.9, 0.5]])
    assert accuracy_at_1(
        similarities, ["골절", "골절", "합의"], ["fracture", "break", "settlement"]
    ) == pytest.approx(2 / 3)
