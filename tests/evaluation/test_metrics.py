from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.errors import InputError
from mejurix_st.evaluation.metrics import auc, bootstrap, ndcg, recall, top


def test_ndcg_by_hand():
    # Hits at ranks 1 and 3 of two relevant documents: (1 + 1/2) / (1 + 1/log2 3).
    assert ndcg([7, 1, 9, 2], {7, 9}) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))


def test_ndcg_ideal_is_cut_at_k():
    assert ndcg(list(range(10)), set(range(25)), k=10) == pytest.approx(1)
    assert ndcg(list(range(20, 30)), {0, 1}, k=10) == 0


def test_ndcg_looks_no_deeper_than_k():
    assert ndcg([5, 6, 1], {1}, k=2) == 0
    assert ndcg([5, 6, 1], {1}, k=3) == pytest.approx(0.5)


def test_recall_by_hand():
    assert recall([3, 4, 5], {3, 5, 8, 9}, k=3) == 0.5
    assert recall([3, 4, 5], {3, 5, 8, 9}, k=2) == 0.25


def test_top_leaves_out_excluded_and_keeps_the_order_of_ties():
    scores = np.array([0.5, 0.9, 0.5, 0.9, 0.1])
    assert top(scores, 3).tolist() == [1, 3, 0]
    assert top(scores, 3, {1, 0}).tolist() == [3, 2, 4]
    assert top(scores, 10, {1}).tolist() == [3, 0, 2, 4]


def test_auc_by_hand():
    assert auc([0.9, 0.4], [0.5, 0.1]) == 0.75
    assert auc([0.5], [0.5]) == 0.5
    with pytest.raises(InputError, match="0 negatives"):
        auc([0.5], [])


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=20), st.lists(st.integers(0, 6), min_size=1, max_size=20)
)
def test_auc_equals_the_count_over_all_pairs(positives, negatives):
    wins = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    assert auc(positives, negatives) == pytest.approx(wins / (len(positives) * len(negatives)))


def test_bootstrap_is_the_same_for_the_same_seed_and_holds_the_mean():
    values = np.random.default_rng(5).random(80)
    first, second, other = bootstrap(values), bootstrap(values), bootstrap(values, seed=1)
    assert first == second
    assert first.low < first.mean < first.high
    assert (other.low, other.high) != (first.low, first.high)
    assert first.mean == pytest.approx(values.mean())
    assert first.n == 80


def test_bootstrap_interval_has_the_width_of_the_standard_error():
    values = np.random.default_rng(0).normal(0.5, 0.2, 400)
    found = bootstrap(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_bootstrap_refuses_nothing():
    with pytest.raises(InputError, match="no values"):
        bootstrap([])
