from __future__ import annotations

import numpy as np
import pytest

from mejurix_st.errors import InputError
from mejurix_st.evaluation.data import RetrievalSet
from mejurix_st.evaluation.encoders import CachedEncoder, normalized
from mejurix_st.evaluation.geometry import (
    effective_rank,
    evaluate_geometry,
    int8,
    mean_random_cosine,
    truncated,
)
from mejurix_st.evaluation.retrieval import EmbeddedTask
from mejurix_st.evaluation.speed import measure_speed


def random_vectors(count, dimension, seed=0):
    return normalized(np.random.default_rng(seed).normal(size=(count, dimension)))


def test_mean_random_cosine_equals_the_mean_over_pairs():
    vectors = random_vectors(30, 8) + 0.2
    vectors = normalized(vectors)
    across = vectors @ vectors.T
    pairs = across[~np.eye(30, dtype=bool)]
    assert mean_random_cosine(vectors) == pytest.approx(float(pairs.mean()), abs=1e-6)
    with pytest.raises(InputError, match="2 or more"):
        mean_random_cosine(vectors[:1])


def test_effective_rank_of_known_spaces():
    assert effective_rank(np.eye(16, dtype=np.float32)) == pytest.approx(16)
    assert effective_rank(np.tile(normalized(np.ones((1, 16))), (40, 1))) == pytest.approx(1, abs=1e-3)
    half = np.zeros((8, 16), dtype=np.float32)
    half[np.arange(8), np.arange(8) % 4] = 1
    assert effective_rank(half) == pytest.approx(4)


def test_truncated_vectors_have_unit_norm():
    found = truncated(random_vectors(5, 256), 64)
    assert found.shape == (5, 64)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)


def test_int8_keeps_similarities_and_does_not_depend_on_the_batch():
    vectors = random_vectors(50, 256)
    codes = int8(vectors)
    assert codes.dtype == np.int8
    np.testing.assert_array_equal(int8(vectors[7:8]), codes[7:8])
    back = normalized(codes.astype(np.float32))
    np.testing.assert_allclose(back @ back.T, vectors @ vectors.T, atol=0.02)


def test_variants_are_measured_on_retrieval():
    # Documents differ only beyond component 64: cut there, the order is that of the corpus.
    base = np.zeros((4, 300), dtype=np.float32)
    base[:, 0] = 0.5
    base[np.arange(4), 290 + np.arange(4)] = 1
    vectors = normalized(base)
    task = RetrievalSet("tail", ("q",), ("a", "b", "c", "d"), (frozenset({3}),), (frozenset(),), ("",) * 4)
    found = evaluate_geometry(vectors, [EmbeddedTask(task, vectors[3:4], vectors, range(4))])
    assert set(found.ndcg["tail"]) == {"full", "256", "128", "64", "int8"}
    assert found.ndcg["tail"]["full"] == found.ndcg["tail"]["int8"] == 1
    assert found.ndcg["tail"]["64"] == pytest.approx(1 / np.log2(5))
    assert found.kept("64") == pytest.approx(1 / np.log2(5))
    assert found.kept("32") is None
    assert found.dimension == 300


def test_speed_is_a_ratio_to_a_named_peer_and_uses_no_cache(monkeypatch):
    calls = {"fast": 0, "slow": 0}
    clock = [0.0]
    monkeypatch.setattr("mejurix_st.evaluation.speed.time.perf_counter", lambda: clock[0])

    def encoder(name, seconds):
        def encode(texts, role):
            calls[name] += 1
            clock[0] += seconds
            return np.ones((len(texts), 4))

        return CachedEncoder(name, encode)

    found = measure_speed(
        [encoder("fast", 0.01), encoder("slow", 0.04)], ["two words"] * 10, "slow", repeats=3
    )
    assert calls == {"fast": 4, "slow": 4}
    assert found[1].ratio == 1
    assert found[0].ratio == pytest.approx(4)
    assert found[0].tokens_per_second == pytest.approx(2 * found[0].texts_per_second)
    with pytest.raises(InputError, match="peer 'none'"):
        measure_speed([encoder("fast", 0.01)], ["a"], "none")
