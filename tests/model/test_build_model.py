from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mejurix_st.config import EncoderConfig
from mejurix_st.errors import CheckpointError, InputError, ModelNotFoundError
from mejurix_st.model import build_model

TEXTS = ["Diagnosed with spinal fracture.", "요추 골절 진단", "pain"]


def test_vectors_are_256_float32_of_unit_norm(tiny_model):
    vectors = tiny_model.encode(TEXTS)
    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_stack_is_cls_dense_identity_normalize(tiny_model):
    assert [type(m).__name__ for m in tiny_model] == ["Transformer", "Pooling", "Dense", "Normalize"]
    assert tiny_model[1].pooling_mode == "cls"
    assert type(tiny_model[2].activation_function) is torch.nn.Identity
    assert tiny_model.similarity_fn_name == "cosine"


def test_prompts_are_put_before_queries_and_documents(tiny_model):
    assert np.array_equal(tiny_model.encode_query(TEXTS), tiny_model.encode([f"query: {t}" for t in TEXTS]))
    assert np.array_equal(
        tiny_model.encode_document(TEXTS), tiny_model.encode([f"passage: {t}" for t in TEXTS])
    )


def test_two_builds_agree_and_another_seed_differs(tiny_bert):
    first, second, other = (
        build_model(EncoderConfig(base=str(tiny_bert), seed=seed)).encode(TEXTS) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.allclose(first, other)


def test_building_leaves_the_random_state_alone(tiny_bert):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    build_model(EncoderConfig(base=str(tiny_bert)))
    assert torch.equal(torch.rand(3), expected)


def test_given_head_is_used(tiny_bert):
    weight, bias = np.eye(16, 32, dtype=np.float32), np.arange(16, dtype=np.float32)
    model = build_model(EncoderConfig(base=str(tiny_bert), dimension=16), head_weight=weight, head_bias=bias)
    cls = model.encode(TEXTS, output_value="token_embeddings")[0][0].numpy()[:16] + bias
    assert np.allclose(model.encode(TEXTS)[0], cls / np.linalg.norm(cls), atol=1e-6)


def test_dropout_acts_in_training_only(tiny_bert):
    model = build_model(EncoderConfig(base=str(tiny_bert), dropout=0.5))
    assert [type(m).__name__ for m in model][2] == "Dropout"
    plain = build_model(EncoderConfig(base=str(tiny_bert)))
    assert np.array_equal(model.encode(TEXTS), plain.encode(TEXTS))


def test_distilbert_base_works(tiny_distilbert):
    assert build_model(EncoderConfig(base=str(tiny_distilbert))).encode(TEXTS).shape == (3, 256)


@pytest.mark.parametrize(
    ("changes", "head", "words"),
    [
        ({"max_tokens": 513}, {}, "512 or less"),
        ({}, {"head_weight": np.zeros((256, 31))}, r"\(256, 31\).*\(256, 32\)"),
        ({}, {"head_bias": np.zeros(8)}, r"\(8,\)"),
        ({}, {"head_weight": np.full((256, 32), np.nan)}, "NaN"),
    ],
)
def test_bad_arguments_say_what_is_needed(tiny_bert, changes, head, words):
    with pytest.raises(InputError, match=words):
        build_model(EncoderConfig(base=str(tiny_bert), **changes), **head)


def test_absent_base_is_named(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no-such-base"):
        build_model(EncoderConfig(base=str(tmp_path / "no-such-base")))


def test_base_with_missing_weights_is_refused(tiny_bert, tmp_path):
    for path in tiny_bert.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        build_model(EncoderConfig(base=str(tmp_path)))
