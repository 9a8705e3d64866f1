"""The closed-form head recovers what can be recovered, and says how well it fits."""

import numpy as np
import pytest

from mejurix_st.training.head import closed_form_head


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def exact() -> tuple[np.ndarray, np.ndarray]:
    """CLS vectors with an offset, and targets that are an exact affine image of them."""
    rng = np.random.default_rng(1)
    cls = rng.normal(size=(300, 12)) + 3.0
    return cls, cls @ rng.normal(size=(12, 8)) + rng.normal(size=8)


def test_an_exact_linear_map_is_recovered(exact):
    cls, target = exact
    head = closed_form_head(cls, target, dimension=8, ridge=0.0)
    out = cls @ head.weight.T.astype(np.float64) + head.bias
    centred = target - target.mean(0)
    np.testing.assert_allclose(out @ out.T, centred @ centred.T, rtol=1e-3, atol=1e-2)  # up to a rotation
    assert head.fit_cosine == pytest.approx(1, abs=1e-9)
    assert head.variance_kept == pytest.approx(1)
    assert head.weight.shape == (8, 12)
    assert head.bias.shape == (8,)
    assert head.weight.dtype == head.bias.dtype == np.float32


def test_output_is_centred_and_its_axes_are_ordered_and_uncorrelated(exact):
    cls, target = exact
    head = closed_form_head(cls, target, dimension=5, ridge=0.0)
    out = cls @ head.weight.T + head.bias
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-3)
    covariance = np.cov(out.T)
    variances = np.diag(covariance)
    assert (np.diff(variances) <= 0).all()
    assert np.abs(covariance - np.diag(variances)).max() < 1e-3 * variances[0]


def test_variance_kept_is_the_share_of_the_leading_components():
    rng = np.random.default_rng(2)
    target = rng.normal(size=(4000, 4)) * np.array([4.0, 2.0, 1.0, 1.0])
    head = closed_form_head(target, target, dimension=2)
    assert head.variance_kept == pytest.approx(20 / 22, abs=0.01)


def test_fit_cosine_falls_with_noise_and_ridge_shrinks():
    rng = np.random.default_rng(3)
    cls = rng.normal(size=(500, 10))
    target = unit(cls @ rng.normal(size=(10, 6)) + 4.0 * rng.normal(size=(500, 6)))
    loose, firm = (closed_form_head(cls, target, dimension=6, ridge=r) for r in (0.0, 100.0))
    assert loose.fit_cosine < 0.9
    assert np.linalg.norm(firm.weight) < np.linalg.norm(loose.weight)


def test_random_pairs_part_although_targets_share_a_direction():
    rng = np.random.default_rng(4)
    cls = rng.normal(size=(600, 20))
    target = unit(cls @ rng.normal(size=(20, 16)) * 0.1 + 2.0)
    assert (target @ target.T).mean() > 0.9
    head = closed_form_head(cls, target, dimension=16)
    out = unit(cls @ head.weight.T + head.bias)
    assert abs((out @ out.T).mean()) < 0.02
