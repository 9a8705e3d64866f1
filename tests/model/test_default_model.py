"""Putting the default model together from a base encoder, an adapter and a head; here all of them tiny."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from mejurix_st import _base_hub, _base_weights
from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder, kept_pieces
from mejurix_st._default_model import (
    Trained,
    build_encoder,
    read_base,
    read_trained,
    write_encoder,
    write_trained,
)
from mejurix_st.errors import CheckpointError, MissingExtraError, ModelNotFoundError

CONFIG = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 40, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
    "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
}  # fmt: skip
PIECES = [
    "<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{w}" for w in ("the", "knee", "골절")), "боль", "骨折",
    *"abcdefghijklmnopqrstuvwxyz골절",
]  # fmt: skip


@pytest.fixture(scope="module")
def base() -> BaseEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = BertConfig(vocab_size=len(PIECES), initializer_range=0.2, **CONFIG)
        state = BertModel(config, add_pooling_layer=False).state_dict()
    arrays = {name: value.numpy() for name, value in state.items()}
    word = arrays.pop("embeddings.word_embeddings.weight")
    scores = -np.arange(len(PIECES), dtype=np.float32)
    return BaseEncoder({**CONFIG, "unk_token_id": 3}, PIECES, scores, word, arrays, "made here")


@pytest.fixture
def trained() -> Trained:
    generator = torch.Generator().manual_seed(2)
    name = "encoder.layer.1.intermediate.dense"
    adapter = {
        f"{name}.lora_A": torch.randn(3, 32, generator=generator).half(),
        f"{name}.lora_B": torch.randn(48, 3, generator=generator).half(),
    }
    head = torch.randn(256, 32, generator=generator), torch.randn(256, generator=generator)
    return Trained(*head, adapter, {"base": "made here", "adapter": {"rank": 3, "scale": 0.5}})


def test_trained_files_round_trip(trained: Trained, tmp_path: Path):
    write_trained(tmp_path / "made" / "trained", trained)
    again = read_trained(tmp_path / "made" / "trained")
    assert torch.equal(again.head_weight, trained.head_weight)
    assert torch.equal(again.head_bias, trained.head_bias)
    assert again.config == trained.config
    assert {k: v.tolist() for k, v in again.adapter.items()} == {
        k: v.tolist() for k, v in trained.adapter.items()
    }
    assert again.digest == trained.digest


def test_digest_tells_versions_apart(trained: Trained):
    assert len(trained.digest) == 64
    moved = trained.head_bias.clone()
    moved[0] += 1
    others = [
        Trained(trained.head_weight, moved, trained.adapter, trained.config),
        Trained(trained.head_weight, trained.head_bias, {}, trained.config),
        Trained(trained.head_weight, trained.head_bias, trained.adapter, {**trained.config, "steps": 1}),
    ]
    assert len({trained.digest, *(t.digest for t in others)}) == 4


def test_a_trained_folder_that_is_not_whole_is_refused(trained: Trained, tmp_path: Path):
    for name in ("config.json", "head.safetensors"):
        folder = tmp_path / name
        write_trained(folder, trained)
        (folder / name).unlink()
        with pytest.raises(CheckpointError, match="does not hold a trained adapter and head"):
            read_trained(folder)
    write_trained(tmp_path / "cut", trained)
    (tmp_path / "cut" / "config.json").write_text("{", "utf-8")
    with pytest.raises(CheckpointError):
        read_trained(tmp_path / "cut")


def test_a_missing_adapter_is_refused(trained: Trained, tmp_path: Path):
    write_trained(tmp_path, trained)
    (tmp_path / "adapter.safetensors").unlink()
    with pytest.raises(CheckpointError):
        read_trained(tmp_path)


def test_the_adapter_is_merged_at_its_scale(base: BaseEncoder, trained: Trained):
    kept = list(range(len(PIECES)))
    name = "encoder.layer.1.intermediate.dense"
    plain, merged = build_encoder(base, kept).state_dict(), build_encoder(base, kept, trained).state_dict()
    a, b = (trained.adapter[f"{name}.lora_{m}"].float() for m in "AB")
    torch.testing.assert_close(merged[f"{name}.weight"], plain[f"{name}.weight"] + 0.5 * b @ a)
    assert {k for k in plain if not torch.equal(plain[k], merged[k])} == {f"{name}.weight"}
    assert all(value.dtype == torch.float32 for value in merged.values())


@pytest.mark.parametrize("text", ["the knee abc", "골절 the", "  the   knee  "])
def test_the_written_folder_computes_what_the_whole_encoder_does(
    base: BaseEncoder, tmp_path: Path, text: str
):
    write_encoder(tmp_path / "encoder", base=base, max_tokens=40)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "encoder")
    model = AutoModel.from_pretrained(tmp_path / "encoder").eval()
    kept = kept_pieces(PIECES)
    assert len(kept) == len(PIECES) - 2  # Cyrillic and Chinese are left out
    assert model.config.vocab_size == len(tokenizer) == len(kept)
    assert tokenizer.model_max_length == 40
    everything = list(range(len(PIECES)))
    full = build_encoder(base, everything)
    ids = build_tokenizer(base, everything).encode(text).ids
    encoded = tokenizer(text, return_tensors="pt")
    assert [kept[i] for i in encoded["input_ids"][0].tolist()] == ids
    assert set(encoded) == {"input_ids", "attention_mask"}
    with torch.no_grad():
        one = model(**encoded).last_hidden_state
        other = full(input_ids=torch.tensor([ids])).last_hidden_state
    assert (one - other).abs().max() < 1e-6


def test_long_text_is_cut_with_its_end_token(base: BaseEncoder, tmp_path: Path):
    write_encoder(tmp_path / "encoder", base=base, max_tokens=10)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "encoder")
    ids = tokenizer("the knee " * 30, truncation=True)["input_ids"]
    assert (len(ids), ids[0], ids[-1]) == (10, 0, 2)


@pytest.fixture
def hub_folder(base: BaseEncoder, tmp_path: Path) -> Path:
    """The same encoder in the shape that the hub has: with a pooler, a prefix and a mask token."""
    folder = tmp_path / "hub"
    folder.mkdir()
    tensors = {f"bert.{name}": torch.from_numpy(value.copy()) for name, value in base.parameters.items()}
    tensors["bert.embeddings.word_embeddings.weight"] = torch.from_numpy(base.word_embeddings.copy())
    tensors["bert.pooler.dense.weight"] = torch.zeros(32, 32)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({**CONFIG, "model_type": "bert"}), "utf-8")
    vocabulary = [[p, float(s)] for p, s in zip(base.pieces, base.scores, strict=True)]
    (folder / "tokenizer.json").write_text(
        json.dumps({"model": {"type": "Unigram", "vocab": vocabulary}}), "utf-8"
    )
    return folder


def test_the_hub_s_files_give_the_same_encoder(base: BaseEncoder, hub_folder: Path):
    found = _base_hub.read_hub(str(hub_folder))
    assert found.config == base.config
    assert found.pieces == base.pieces
    np.testing.assert_array_equal(found.scores, base.scores)
    np.testing.assert_array_equal(found.word_embeddings, base.word_embeddings)
    assert found.parameters.keys() == base.parameters.keys()
    assert all((found.parameters[k] == base.parameters[k]).all() for k in base.parameters)
    kept = kept_pieces(PIECES)
    one, other = (build_encoder(b, kept).state_dict() for b in (found, base))
    assert all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_hub_files_that_do_not_fit_are_refused(hub_folder: Path, name: str):
    (hub_folder / name).unlink()
    with pytest.raises(CheckpointError, match="not the expected base encoder"):
        _base_hub.read_hub(str(hub_folder))


def test_a_tokenizer_of_another_kind_is_refused(hub_folder: Path):
    (hub_folder / "tokenizer.json").write_text('{"model": {"type": "WordPiece", "vocab": {}}}', "utf-8")
    with pytest.raises(CheckpointError, match="unigram"):
        _base_hub.read_hub(str(hub_folder))


def test_without_package_and_hub_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(_base_weights, "PACKAGE", "no_such_package_of_weights")
    monkeypatch.setattr(_base_hub, "BASE_ID", "no-one/no-such-encoder", raising=False)
    monkeypatch.setattr("mejurix_st._default_model.BASE_ID", "no-one/no-such-encoder")
    for source in ("auto", "package"):
        with pytest.raises(MissingExtraError, match=r"mejurix-st\[offline\]"):
            read_base(source)
    with pytest.raises(ModelNotFoundError, match=r"no-one/no-such-encoder.*mejurix-st\[offline\]"):
        read_base("hub")
