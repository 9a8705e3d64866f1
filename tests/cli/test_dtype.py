"""bfloat16 on request: nearly the same vectors, and stores that both precisions may open."""

import numpy as np
import pytest

from mejurix_st import load
from mejurix_st.errors import InputError

TEXTS = ["no acute fracture of L3", "요추 염좌로 3주 진단", "the claim was denied"]


def test_vectors_are_nearly_the_same_and_float32(tiny_folder):
    exact, reduced = load(tiny_folder), load(tiny_folder, dtype="bfloat16")
    one, other = (np.asarray(model.encode_document(TEXTS)) for model in (exact, reduced))
    assert other.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
    assert (one * other).sum(1).min() > 0.999
    assert not np.array_equal(one, other)


def test_another_dtype_is_refused(tiny_folder):
    with pytest.raises(InputError, match='"float32" or "bfloat16"'):
        load(tiny_folder, dtype="float16")


def test_a_store_made_in_one_precision_is_searched_in_the_other(cli, files, tmp_path, tiny_folder):
    store = tmp_path / "store"
    made = cli("index", files, "-m", "smith", "-s", store, "--model", tiny_folder, "--dtype", "bfloat16")
    assert made.code == 0, made.error_line
    found = cli("search", "fracture", "-m", "smith", "-s", store, "--model", tiny_folder, "--json")
    assert found.code == 0, found.error_line
    again = cli("index", files, "-m", "smith", "-s", store, "--model", tiny_folder)
    assert again.code == 0, again.error_line
