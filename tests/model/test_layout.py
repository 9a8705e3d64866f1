from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer

from mejurix_st.checkpoint import load_model, save_model
from mejurix_st.config import EncoderConfig
from mejurix_st.errors import CheckpointError, InputError, ModelNotFoundError
from mejurix_st.model import build_model

TEXTS = ["Diagnosed with spinal fracture.", "요추 골절 진단", "pain " * 600, ""]
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def saved(tiny_model, tmp_path) -> Path:
    return save_model(tiny_model, tmp_path / "saved")


def _change(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")


@pytest.mark.parametrize("load", [SentenceTransformer, load_model])
def test_what_is_saved_loads_bit_identical_without_flag_or_warning(tiny_model, saved, load):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load(str(saved))
    assert np.array_equal(loaded.encode(TEXTS), tiny_model.encode(TEXTS))
    assert loaded.prompts == tiny_model.prompts
    assert loaded.similarity_fn_name == "cosine"
    assert loaded.max_seq_length == tiny_model.max_seq_length == 512
    assert loaded.get_embedding_dimension() == 256


def test_vectors_frozen_by_sentence_transformers_5_1(tmp_path):
    frozen = json.loads((FIXTURES / "stack-5.1-vectors.json").read_text("utf-8"))
    again = save_model(load_model(FIXTURES / "stack-5.1"), tmp_path / "again")
    for model in (
        SentenceTransformer(str(FIXTURES / "stack-5.1")),
        load_model(FIXTURES / "stack-5.1"),
        load_model(again),
    ):
        assert np.abs(model.encode(frozen["texts"]) - np.array(frozen["plain"])).max() < 1e-6
        assert np.abs(model.encode_query(frozen["texts"]) - np.array(frozen["query"])).max() < 1e-6


def test_layout_is_the_one_that_5_1_writes(tmp_path):
    """Same class names, folders and settings as in the folder that 5.1.2 itself saved."""
    theirs = FIXTURES / "stack-5.1"
    ours = save_model(load_model(theirs), tmp_path / "ours")
    for name in ("modules.json", "sentence_bert_config.json", "1_Pooling/config.json", "2_Dense/config.json"):
        assert json.loads((ours / name).read_text("utf-8")) == json.loads(
            (theirs / name).read_text("utf-8")
        ), name
    mine, yours = (
        json.loads((f / "config_sentence_transformers.json").read_text("utf-8")) for f in (ours, theirs)
    )
    del mine["__version__"], yours["__version__"]
    assert mine == yours
    tokenizer = json.loads((ours / "tokenizer_config.json").read_text("utf-8"))
    assert tokenizer["tokenizer_class"] == "BertTokenizer"


def test_every_optional_file_that_can_be_written_is(saved):
    names = {p.name for p in saved.iterdir()}
    assert {"README.md", "vocab.txt", "special_tokens_map.json", "added_tokens.json"} <= names
    assert len({p.stat().st_mode for p in saved.rglob("*") if p.is_file()}) == 1
    assert str(saved.parent) not in "".join(p.read_text("utf-8") for p in saved.rglob("*.json"))


def test_dropout_and_truncation_are_carried_over(tiny_bert, tmp_path):
    model = build_model(EncoderConfig(base=str(tiny_bert), dropout=0.25, max_tokens=40))
    model.truncate_dim = 64
    loaded = load_model(save_model(model, tmp_path / "m"))
    assert loaded[2].dropout == 0.25
    assert loaded.max_seq_length == 40
    assert loaded.encode(TEXTS).shape == (4, 64)
    assert np.array_equal(loaded.encode(TEXTS), model.encode(TEXTS))


def test_card_is_kept_or_replaced(tiny_model, tmp_path):
    first = save_model(tiny_model, tmp_path / "a", card="# My card\n")
    second = save_model(load_model(first), tmp_path / "b")
    assert (second / "README.md").read_text("utf-8") == "# My card\n"


def test_occupied_folders(tiny_model, saved, tmp_path):
    with pytest.raises(InputError, match="exists and is not empty"):
        save_model(tiny_model, saved)
    (saved / "stale.txt").write_text("old", "utf-8")
    save_model(tiny_model, saved, overwrite=True)
    assert not (saved / "stale.txt").exists()
    other = tmp_path / "documents"
    other.mkdir()
    (other / "will.docx").write_text("precious", "utf-8")
    with pytest.raises(InputError, match="holds no model"):
        save_model(tiny_model, other, overwrite=True)
    with pytest.raises(InputError, match="is a file"):
        save_model(tiny_model, other / "will.docx", overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["documents", "saved"]


def test_a_failed_save_leaves_the_old_model_and_no_litter(tiny_model, saved, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    before = {p: p.read_bytes() for p in saved.rglob("*") if p.is_file()}
    monkeypatch.setattr("mejurix_st._layout.save_file", fail)
    with pytest.raises(OSError, match="No space left"):
        save_model(tiny_model, saved, overwrite=True)
    assert {p: p.read_bytes() for p in saved.rglob("*") if p.is_file()} == before
    assert [p.name for p in saved.parent.iterdir()] == ["saved"]


def test_module_that_would_not_load_back_is_refused(tiny_model, tmp_path):
    class Doubler(torch.nn.Module):
        def forward(self, features):
            return features

    with pytest.raises(CheckpointError, match="Doubler"):
        save_model(SentenceTransformer(modules=[*tiny_model, Doubler()], device="cpu"), tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("class_ref", "words"),
    [
        ("evil.Payload", "evil.Payload"),
        ("os.system", "os.system"),
        ("sentence_transformersx.Thing", "sentence_transformersx"),
        ("mejurix_st.modules.NoSuchModule", "does not have"),
        ("sentence_transformers.util.cos_sim", "not a module class"),
        ("mejurix_st.types.Chunk", "not a module class"),
    ],
)
def test_foreign_module_classes_are_refused_and_no_code_of_the_folder_runs(saved, class_ref, words):
    (saved / "evil.py").write_text(f"open({str(saved / 'ran')!r}, 'w')\nclass Payload: pass\n", "utf-8")
    entries = json.loads((saved / "modules.json").read_text("utf-8"))
    entries[3]["type"] = class_ref
    (saved / "modules.json").write_text(json.dumps(entries), "utf-8")
    with pytest.raises(CheckpointError, match=words):
        load_model(saved)
    assert not (saved / "ran").exists()


def test_code_named_in_the_encoder_config_does_not_run(saved):
    (saved / "evil.py").write_text(f"open({str(saved / 'ran')!r}, 'w')\n", "utf-8")
    _change(
        saved / "config.json", model_type="evil", auto_map={"AutoConfig": "evil.C", "AutoModel": "evil.M"}
    )
    with pytest.raises(CheckpointError):
        load_model(saved)
    assert not (saved / "ran").exists()


def test_dense_activation_that_would_become_tanh_is_refused(saved):
    _change(saved / "2_Dense" / "config.json", activation_function="evil.Identity")
    with pytest.raises(CheckpointError, match="Tanh"):
        load_model(saved)


def test_missing_encoder_weights_are_refused_not_randomised(saved):
    tensors = load_file(saved / "model.safetensors")
    del tensors["embeddings.LayerNorm.weight"]
    save_file(tensors, saved / "model.safetensors", metadata={"format": "pt"})
    SentenceTransformer(str(saved))  # the stock loader does not mind
    with pytest.raises(CheckpointError, match=r"embeddings\.LayerNorm\.weight"):
        load_model(saved)


@pytest.mark.parametrize(
    "damage", ["modules.json", "model.safetensors", "2_Dense/model.safetensors", "tokenizer.json"]
)
def test_damaged_files_are_one_clear_error(saved, damage):
    (saved / damage).write_bytes(b"{ not what it was")
    with pytest.raises(CheckpointError):
        load_model(saved)


def test_folder_without_modules_points_to_convert(tiny_bert):
    with pytest.raises(CheckpointError, match="mejurix-st convert"):
        load_model(tiny_bert)


@pytest.mark.parametrize("name", ["no/such/folder", "plainname", "owner/not-cached"])
def test_absent_models(name):
    with pytest.raises(ModelNotFoundError, match=name):
        load_model(name)
    with pytest.raises(ModelNotFoundError, match=name):
        load_model(name, local_files_only=True)


def test_model_is_found_in_the_hub_cache_by_name(saved, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "cache" / "models--mejurix--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit, "utf-8")
    (repository / "snapshots").mkdir()
    saved.rename(repository / "snapshots" / commit)
    model = load_model("mejurix/tiny", cache_folder=str(tmp_path / "cache"))
    assert model.encode(["x"]).shape == (1, 256)
