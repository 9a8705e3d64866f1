"""What the converter refuses: a message of its own for each, nothing written, nothing run."""

from __future__ import annotations

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file

from mejurix_st import _convert
from mejurix_st.checkpoint import convert
from mejurix_st.errors import CheckpointError, InputError, ModelNotFoundError

LAYER = "transformer.layer.1.attention.q_lin.weight"


def _drop(*names):
    def edit(encoder, head):
        for tensors in (encoder, head):
            for name in names:
                tensors.pop(name, None)

    return edit


def _set(name, tensor):
    def edit(encoder, head):
        (head if name in head else encoder)[name] = tensor

    return edit


def _drop_layer(number):
    def edit(encoder, head):
        for name in [n for n in encoder if n.startswith(f"transformer.layer.{number}.")]:
            del encoder[name]

    return edit


REFUSED = [
    (_drop(LAYER), rf"lacks 1 encoder weights.*{LAYER}"),
    (_drop("embeddings.word_embeddings.weight"), "embeddings.word_embeddings.weight is missing"),
    (_drop_layer(0), "lacks encoder weights"),
    (_drop_layer(1), "config.json says 2 layers, the file has 1"),
    (lambda encoder, head: encoder.clear(), "no layer is named as in BERT or DistilBERT"),
    (_set("encoder.layer.0.attention.self.query.weight", torch.zeros(32, 32)), "both BERT and DistilBERT"),
    (_set(LAYER, torch.zeros(16, 32)), rf"wrong shape: {LAYER} is \(16, 32\), not \(32, 32\)"),
    (_set(f"distilbert.{LAYER}", torch.zeros(32, 32)), "two different tensors"),
    (_set(LAYER, torch.full((32, 32), float("nan"))), "NaN"),
    (_set(LAYER, torch.zeros(32, 32, dtype=torch.int64)), "floating point is needed"),
    (
        _set("adapter.down.weight", torch.zeros(4, 32)),
        "neither of the encoder nor of the head: adapter.down.weight",
    ),
    (_drop("projection.weight", "projection.bias"), "has no projection"),
    (_drop("projection.bias"), "has no projection"),
    (_set("projection.weight", torch.zeros(256, 31)), r"projection.weight is \(256, 31\), not \(256, 32\)"),
    (_set("projection.bias", torch.zeros(255)), r"projection.bias is \(255,\), not \(256,\)"),
    (_drop("entity_type_projection.bias"), "incomplete entity table: entity_type_projection.bias"),
    (
        _set("entity_type_embedding.weight", torch.zeros(9, 64)),
        r"entity_type_embedding.weight is \(9, 64\), not \(10, 64\)",
    ),
]


@pytest.mark.parametrize(("edit", "words"), REFUSED)
def test_bad_weights(make_original, tmp_path, edit, words):
    folder = make_original("distilbert", edit=edit).folder
    with pytest.raises(CheckpointError, match=words):
        convert(folder, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["original"]


class _Payload:
    """Unpickling it makes a file: the sign that code ran."""

    def __init__(self, marker) -> None:
        self.marker = marker

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize("name", ["embedder_state.pt", "bert_model/pytorch_model.bin"])
def test_pickled_objects_are_refused_and_do_not_run(make_original, tmp_path, name):
    folder = make_original("distilbert", layout="package", file="bin").folder
    marker = tmp_path / "ran"
    torch.save({"projection.weight": _Payload(str(marker))}, folder / name)
    with pytest.raises(CheckpointError, match="pickled Python objects"):
        convert(folder, tmp_path / "out")
    assert not marker.exists()
    pickle.loads(pickle.dumps(_Payload(str(marker)))).close()  # noqa: S301 - shows that the payload works
    assert marker.exists()


@pytest.mark.parametrize("value", [[torch.zeros(1)], {"projection.weight": 1.0}])
def test_what_is_no_state_dict_is_refused(make_original, tmp_path, value):
    folder = make_original("distilbert", layout="package").folder
    torch.save(value, folder / "embedder_state.pt")
    with pytest.raises(CheckpointError, match="plain state dict of tensors"):
        convert(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ("vocab.txt", "no tokenizer"),
        ("model.safetensors", "no encoder weights"),
    ],
)
def test_absent_files(make_original, tmp_path, absent, words):
    folder = make_original("distilbert").folder
    (folder / absent).unlink()
    with pytest.raises(CheckpointError, match=words):
        convert(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.safetensors", b"not weights", "not a readable weight file"),
        ("config.json", b"{", "not valid JSON"),
        ("config.json", b'{"n_heads": 5}', "do not divide 32"),
        ("config.json", b'{"activation": "swish", "n_heads": 4}', "'swish'"),
        ("tokenizer.json", b"{", "cannot be read"),
        (
            "vocab.txt",
            "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str, range(999))]).encode(),
            "belong together",
        ),
    ],
)
def test_damaged_files(make_original, tmp_path, name, content, words):
    folder = make_original("distilbert").folder
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        convert(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_shard_is_named(make_original, tmp_path):
    folder = make_original("distilbert").folder
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {LAYER: "model-00001-of-00002.safetensors", "x": "../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(CheckpointError, match="model-00001-of-00002"):
        convert(folder, tmp_path / "out")


def test_sources_and_options(make_original, tmp_path):
    folder = make_original("distilbert", entity=False).folder
    with pytest.raises(ModelNotFoundError, match="no-such-folder"):
        convert(tmp_path / "no-such-folder", tmp_path / "out")
    with pytest.raises(ModelNotFoundError, match="is a file"):
        convert(folder / "config.json", tmp_path / "out")
    with pytest.raises(InputError, match="sentence-transformers, transformers"):
        convert(folder, tmp_path / "out", format="onnx")
    with pytest.raises(CheckpointError, match="has no entity table"):
        convert(folder, tmp_path / "out", entity=True)
    with pytest.raises(InputError, match="exists and is not empty"):
        convert(folder, folder)


def test_a_result_that_disagrees_is_not_written(make_original, tmp_path, monkeypatch):
    folder = make_original("distilbert").folder
    write = _convert.write_layout

    def spoil(model, place, card):
        model[2].linear.bias.data[0] += 1e-2
        write(model, place, card)

    monkeypatch.setattr(_convert, "write_layout", spoil)
    with pytest.raises(CheckpointError, match="differs from the original formula"):
        convert(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_overwriting_the_source_keeps_what_was_read(make_original):
    """With `overwrite`, the source folder itself may be replaced by its conversion."""
    folder = make_original("distilbert").folder
    stored = load_file(folder / "model.safetensors")["embeddings.LayerNorm.weight"].clone()
    convert(folder, folder, overwrite=True)
    assert torch.equal(load_file(folder / "model.safetensors")["embeddings.LayerNorm.weight"], stored)
