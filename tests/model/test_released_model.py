"""The released default model: frozen numbers, and what a user would see of it."""

from __future__ import annotations

import numpy as np
import pytest

from mejurix_st.hub import installed, load

pytestmark = pytest.mark.default_model

QUERIES = ["Was the lumbar fracture related to service?", "요추 골절이 사고와 관련이 있습니까?"]
FROZEN = [
    [7e-05, 0.04141, -0.01756, 0.0641, 0.18088, -0.05226],
    [-0.00226, 0.06378, -0.01985, 0.05699, 0.23499, -0.00717],
]


@pytest.fixture(scope="module")
def model():
    if installed() is None:
        pytest.skip("the default model is not installed; run mejurix-st install")
    return load(device="cpu")


def test_first_components_are_those_of_the_release(model):
    vectors = model.encode_query(QUERIES)
    assert vectors.shape == (2, 256)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[:, :6], FROZEN, atol=2e-3)


@pytest.mark.parametrize(
    ("anchor", "same", "opposite"),
    [
        ("Surgery is needed.", "An operation is required.", "Surgery is not needed."),
        ("수술이 필요하다.", "수술적 치료를 요한다.", "수술이 필요하지 않다."),
        ("The left knee is painful.", "There is pain in the left knee.", "The right knee is painful."),
    ],
)
def test_other_words_are_nearer_than_the_opposite(model, anchor, same, opposite):
    a, s, o = model.encode_query([anchor, same, opposite])
    assert a @ s > a @ o + 0.1
