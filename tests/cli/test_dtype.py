"""bfloat16 on request: nearly the same vectors, and stores that both precisions may open."""

import warnings

import numpy as np
import pytest
import torch

from mejurix_st import load
from mejurix_st.errors import InputError
from mejurix_st.precision import has_bfloat16, training_dtype

TEXTS = ["no acute fracture of L3", "요추 염좌로 3주 진단", "the claim was denied"]


def test_vectors_are_nearly_the_same_and_float32(tiny_folder):
    exact, reduced = load(tiny_folder), load(tiny_folder, dtype="bfloat16")
    one, other = (np.asarray(model.encode_document(TEXTS)) for model in (exact, reduced))
    assert other.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
    assert (one * other).sum(1).min() > 0.999
    assert not np.array_equal(one, other)


@pytest.fixture
def processor(monkeypatch):
    """Makes torch see an x86 processor with or without bfloat16 instructions."""

    def put(avx512_bf16, amx_bf16=False):
        able = {"avx2": True, "avx512_bf16": avx512_bf16, "amx_bf16": amx_bf16}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
        monkeypatch.setattr("platform.machine", lambda: "x86_64")

    return put


def test_a_processor_that_would_be_slower_in_bfloat16_is_told_so(tiny_folder, processor):
    processor(avx512_bf16=False)
    with pytest.warns(UserWarning, match="float32, the default, is faster"):
        load(tiny_folder, dtype="bfloat16", device="cpu")
    assert training_dtype() == torch.float32
    assert training_dtype("cuda") == torch.bfloat16


@pytest.mark.parametrize("able", [(True, False), (False, True)])
def test_a_processor_that_has_bfloat16_is_told_nothing(tiny_folder, processor, able):
    processor(*able)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        load(tiny_folder, dtype="bfloat16", device="cpu")
    assert training_dtype() == torch.bfloat16


def test_where_torch_cannot_tell_it_is_believed_to_have_bfloat16(processor, monkeypatch):
    processor(avx512_bf16=False)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert has_bfloat16()
    processor(avx512_bf16=False)
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert has_bfloat16()


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
