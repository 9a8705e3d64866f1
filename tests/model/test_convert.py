from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, BertConfig, BertModel

from mejurix_st import _legacy, _reference
from mejurix_st.checkpoint import convert, load_model
from mejurix_st.errors import ModelNotFoundError

TEXTS = ["Diagnosed with L3 spinal fracture.", "요추 골절 진단", "compensation is needed for lumbar injury"]
STYLES = [
    ("distilbert", ""),
    ("distilbert", "distilbert."),
    ("distilbert", "bert."),
    ("distilbert", "bert_model."),
    ("distilbert", "bert_model.distilbert."),
    ("distilbert", "module.bert_model."),
    ("bert", ""),
    ("bert", "bert."),
    ("bert", "bert_model."),
    ("bert", "bert_model.bert."),
    ("bert", "module.bert_model."),
]


@pytest.mark.parametrize(
    ("layout", "file", "head_file"),
    [
        ("hub", "safetensors", False),
        ("hub", "bin", False),
        ("hub", "safetensors", True),
        ("package", "safetensors", True),
        ("package", "bin", True),
    ],
)
@pytest.mark.parametrize(("kind", "prefix"), STYLES)
def test_every_naming_in_every_layout_computes_the_original_formula(
    make_original, tmp_path, kind, prefix, layout, file, head_file
):
    original = make_original(kind, prefix=prefix, layout=layout, file=file, head_file=head_file)
    report = convert(original.folder, tmp_path / "out")
    assert (report.architecture, report.layout, report.layers) == (kind, layout, 2)
    assert report.prefixes == (prefix,)
    assert (report.projection, report.entity_table, report.entity_kept) == ((256, 32), (10, 64), False)
    assert report.parity_error <= 1e-6
    got = SentenceTransformer(str(tmp_path / "out")).encode(TEXTS, convert_to_tensor=True)
    assert (got - original.vectors(TEXTS)).abs().max() < 1e-6


def test_published_config_randomises_plain_automodel_but_not_the_converter(make_original, tmp_path):
    """The trap: DistilBERT weights under a BERT label."""
    original = make_original("distilbert")
    plain, again = (AutoModel.from_pretrained(original.folder).eval() for _ in range(2))
    assert isinstance(plain, BertModel)
    with torch.no_grad():
        one, two = (m(torch.tensor([[2, 7, 3]])).last_hidden_state[:, 0] for m in (plain, again))
    assert (one - two).abs().max() > 0.1  # two loads, two models
    report = convert(original.folder, tmp_path / "out")
    assert any("labelled 'bert'" in note for note in report.notes)
    written = json.loads((tmp_path / "out" / "config.json").read_text("utf-8"))
    assert (written["model_type"], written["n_layers"]) == ("distilbert", 2)
    first, second = (load_model(tmp_path / "out").encode(TEXTS) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_bert_checkpoint_gets_its_layers_from_the_weights(make_original, tmp_path):
    """The published config has no `num_hidden_layers`; BERT's default of 12 would leave ten layers random."""
    original = make_original("bert")
    assert (
        BertConfig(**json.loads((original.folder / "config.json").read_text("utf-8"))).num_hidden_layers == 12
    )
    assert convert(original.folder, tmp_path / "out").layers == 2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_read_exactly(make_original, tmp_path, dtype):
    def halve(encoder, head):
        encoder.update({n: t.to(dtype) for n, t in encoder.items()})

    original = make_original("distilbert", edit=halve)
    convert(original.folder, tmp_path / "out")
    stored = load_file(original.folder / "model.safetensors")["embeddings.LayerNorm.weight"]
    assert torch.equal(
        load_file(tmp_path / "out" / "model.safetensors")["embeddings.LayerNorm.weight"], stored.float()
    )


def test_pretraining_heads_are_left_out_and_reported(make_original, tmp_path):
    def add(encoder, head):
        encoder["vocab_projector.bias"] = torch.zeros(420)
        encoder["embeddings.position_ids"] = torch.arange(512)

    report = convert(make_original("distilbert", edit=add).folder, tmp_path / "out")
    assert set(report.ignored) == {"vocab_projector.bias", "embeddings.position_ids"}


def test_names_of_the_first_ports_are_read(make_original, tmp_path):
    def age(encoder, head):
        for name in list(encoder):
            old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            )
            encoder[old] = encoder.pop(name)

    original = make_original("bert", edit=age)
    convert(original.folder, tmp_path / "out")
    got = load_model(tmp_path / "out").encode(TEXTS, convert_to_tensor=True)
    assert (got - original.vectors(TEXTS)).abs().max() < 1e-6


def test_lower_casing_is_taken_over_as_published(make_original, tmp_path):
    convert(make_original("distilbert").folder, tmp_path / "out")
    model = load_model(tmp_path / "out")
    assert np.array_equal(model.encode(["SPINAL Fracture"]), model.encode(["spinal fracture"]))
    assert "token_type_ids" not in model.preprocess(["x"])


def test_report_is_plain_data_and_lists_what_is_there(make_original, tmp_path):
    report = convert(make_original("distilbert").folder, tmp_path / "out")
    values = json.loads(json.dumps(report.to_dict()))
    assert values["heads"] == 4
    on_disk = {
        str(p.relative_to(tmp_path / "out")): p.stat().st_size
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    assert values["files"] == on_disk
    assert "mejurix/medical-legal-embedder" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_hub_id_without_a_network(tmp_path):
    with pytest.raises(ModelNotFoundError, match="mejurix/not-cached"):
        convert("mejurix/not-cached", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_hub_id_from_the_cache(make_original, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "cache" / "models--mejurix--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit, "utf-8")
    (repository / "snapshots").mkdir()
    make_original("distilbert").folder.rename(repository / "snapshots" / commit)
    report = convert("mejurix/tiny", tmp_path / "out", cache_folder=str(tmp_path / "cache"))
    assert report.source == "mejurix/tiny"


@pytest.mark.parametrize("prefix", _legacy.PREFIXES)
@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_names_round_trip(make_tiny_encoder, kind, prefix):
    for name in load_file(make_tiny_encoder(kind) / "model.safetensors"):
        assert _legacy.canonical_name(prefix + name) == name
        assert _legacy.stored_prefix(prefix + name) == prefix


@pytest.mark.parametrize("prefix", ["", "module."])
def test_head_names_round_trip(prefix):
    for name in (*_legacy.PROJECTION, *_legacy.ENTITY_TABLE):
        assert _legacy.canonical_name(prefix + name) == name


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_plain_torch_formula_agrees_with_transformers(make_original, kind):
    original = make_original(kind)
    tensors = {
        _legacy.canonical_name(n): t for n, t in load_file(original.folder / "model.safetensors").items()
    }
    architecture = next(a for a in _legacy.ARCHITECTURES if a.model_type == kind)
    tokenizer = SentenceTransformer(str(original.encoder)).tokenizer
    for kind_id in (None, 0, 3):
        got = torch.stack(
            [
                _reference.embed(
                    tensors, architecture, tokenizer(t)["input_ids"], heads=4, entity_type=kind_id
                )
                for t in TEXTS
            ]
        )
        assert (got - original.vectors(TEXTS, kind_id)).abs().max() < 1e-6
