"""The head's start in closed form: centred, ordered, evened out as far as asked."""

import numpy as np
import pytest

from mejurix_st.training.head import level_means, principal_head


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(size=(3000, 6)) * np.array([4.0, 2.0, 1.0, 1.0, 0.5, 0.25]) + 3.0


def test_without_evening_out_distances_are_kept(vectors: np.ndarray):
    head = principal_head(vectors, dimension=6, power=0)
    out = vectors @ head.weight.T.astype(np.float64) + head.bias
    centred = vectors - vectors.mean(0)
    np.testing.assert_allclose(out @ out.T, centred @ centred.T, rtol=1e-3, atol=1e-2)  # up to a rotation
    assert head.variance_kept == pytest.approx(1)
    assert head.weight.shape == (6, 6)
    assert head.bias.shape == (6,)
    assert head.weight.dtype == head.bias.dtype == np.float32


@pytest.mark.parametrize("power", [0.0, 0.25, 1.0])
def test_output_is_centred_and_its_axes_are_uncorrelated_and_evened_out(vectors: np.ndarray, power: float):
    head = principal_head(vectors, dimension=5, power=power)
    out = vectors @ head.weight.T + head.bias
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-3)
    covariance = np.cov(out.T)
    variances = np.diag(covariance)
    assert np.abs(covariance - np.diag(variances)).max() < 1e-3 * variances[0]
    plain = np.linalg.eigvalsh(np.cov(vectors.T))[::-1][:5]
    np.testing.assert_allclose(variances / variances[0], (plain / plain[0]) ** (1 - power), rtol=1e-3)


def test_variance_kept_is_the_share_of_the_leading_components(vectors: np.ndarray):
    whole = 16 + 4 + 1 + 1 + 0.25 + 0.0625
    assert principal_head(vectors, dimension=2).variance_kept == pytest.approx(20 / whole, abs=0.01)


def test_random_pairs_part_although_vectors_share_a_direction():
    rng = np.random.default_rng(4)
    vectors = unit(rng.normal(size=(600, 16)) * 0.1 + 2.0)
    assert (vectors @ vectors.T).mean() > 0.9
    head = principal_head(vectors, dimension=16)
    out = unit(vectors @ head.weight.T + head.bias)
    assert abs((out @ out.T).mean()) < 0.02


def test_a_direction_without_variance_gives_no_huge_weights():
    rng = np.random.default_rng(5)
    vectors = np.c_[rng.normal(size=(200, 4)), np.ones(200)]
    assert np.isfinite(principal_head(vectors, dimension=5, power=1.0).weight).all()


def test_level_means_are_zero_and_other_directions_stay():
    rng = np.random.default_rng(5)
    weight, bias = rng.normal(size=(6, 8)), rng.normal(size=6)
    groups = [rng.normal(size=(50, 8)) + 3 * rng.normal(size=8) for _ in range(3)]
    new_weight, new_bias = level_means(weight, bias, groups)
    before = [group.mean(0) @ weight.T + bias for group in groups]
    for group in groups:
        np.testing.assert_allclose(group.mean(0) @ new_weight.T + new_bias, 0, atol=1e-5)
    kept = np.linalg.svd(np.stack([before[1] - before[0], before[2] - before[0]]))[2][2:]
    np.testing.assert_allclose(kept @ new_weight, kept @ weight, atol=1e-5)
    alone_weight, _ = level_means(weight, bias, groups[:1])
    np.testing.assert_allclose(alone_weight, weight, atol=1e-6)
