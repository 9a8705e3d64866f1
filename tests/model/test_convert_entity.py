"""The entity-conditioned variant: one type per text, given for the call or for each text."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from mejurix_st.checkpoint import convert, load_model, save_model
from mejurix_st.errors import InputError
from mejurix_st.modules import EntityConditioning, EntityTransformer, TypedText, entity_type_id
from mejurix_st.types import EntityType

TEXTS = ["Diagnosed with L3 spinal fracture.", "요추 골절 진단", "compensation is needed for lumbar injury"]


@pytest.fixture
def variant(make_original, tmp_path):
    """The original and its entity-conditioned conversion."""
    original = make_original("distilbert", layout="package")
    report = convert(original.folder, tmp_path / "out", entity=True)
    assert report.entity_kept
    assert report.parity_error <= 1e-6
    return original, load_model(tmp_path / "out")


def _difference(got, wanted) -> float:
    return float((torch.as_tensor(got) - wanted).abs().max())


def test_without_a_type_it_is_the_stock_stack(variant):
    original, model = variant
    assert [type(m).__name__ for m in model][2:] == ["Dense", "EntityConditioning", "Normalize"]
    assert _difference(model.encode(TEXTS), original.vectors(TEXTS)) < 1e-6


@pytest.mark.parametrize("entity_type", list(EntityType))
def test_one_type_for_the_call(variant, entity_type):
    original, model = variant
    wanted = original.vectors(TEXTS, entity_type.id)
    for given in (entity_type, entity_type.name, entity_type.name.lower(), entity_type.id):
        assert _difference(model.encode(TEXTS, entity_type=given), wanted) < 1e-6
    assert _difference(wanted, original.vectors(TEXTS)) > 0.01


def test_types_per_text_survive_sorting_and_batches(variant):
    original, model = variant
    texts = [
        TypedText(TEXTS[0], "DISEASE"),
        TEXTS[1],
        TypedText(TEXTS[2], EntityType.COMPENSATION),
        TEXTS[0] * 3,
    ]
    got = model.encode(texts, batch_size=2)
    for row, text in zip(got, texts, strict=True):
        wanted = original.vectors([str(text)], text.entity_type.id if isinstance(text, TypedText) else None)
        assert _difference(row, wanted[0]) < 1e-6


def test_a_texts_own_type_wins_over_the_calls(variant):
    original, model = variant
    got = model.encode([TypedText(TEXTS[0], 3), TEXTS[0]], entity_type="OUTCOME")
    assert (
        _difference(got, torch.cat([original.vectors(TEXTS[:1], 3), original.vectors(TEXTS[:1], 6)])) < 1e-6
    )


def test_types_work_with_prompts(variant):
    original, model = variant
    model.prompts = {"query": "query: ", "document": ""}
    got = model.encode_query([TypedText(TEXTS[0], "DISEASE")])
    assert _difference(got, original.vectors([f"query: {TEXTS[0]}"], 1)) < 1e-6


def test_saved_again_it_is_the_same(variant, tmp_path):
    _, model = variant
    again = load_model(save_model(model, tmp_path / "again"))
    assert isinstance(again[0], EntityTransformer)
    assert np.array_equal(
        again.encode(TEXTS, entity_type=EntityType.SYMPTOM),
        model.encode(TEXTS, entity_type=EntityType.SYMPTOM),
    )


def test_stock_loader_asks_for_its_flag_and_then_agrees(variant, tmp_path):
    _, model = variant
    with pytest.raises(ValueError, match="trust_remote_code"):
        SentenceTransformer(str(tmp_path / "out"))
    stock = SentenceTransformer(str(tmp_path / "out"), trust_remote_code=True)
    assert np.array_equal(stock.encode(TEXTS, entity_type=1), model.encode(TEXTS, entity_type=1))


def test_a_model_saved_by_the_host_loads_too(variant, tmp_path):
    """`model.save`, as a trainer calls it, writes full class paths; they are ours all the same."""
    _, model = variant
    model.save(str(tmp_path / "host"), create_model_card=False)
    assert np.array_equal(load_model(tmp_path / "host").encode(TEXTS), model.encode(TEXTS))


def test_the_table_learns(variant):
    _, model = variant
    features = model.preprocess([TypedText(TEXTS[0], "DISEASE"), TEXTS[1]])
    assert features["entity_type_ids"].tolist() == [1, -1]
    model(features)["sentence_embedding"][:, 0].sum().backward()
    touched = model[3].entity_type_embedding.weight.grad.abs().sum(1) > 0
    assert touched.nonzero().flatten().tolist() == [1]


@pytest.mark.parametrize("bad", ["DRUG", 10, -1, True, 1.5, None, ["DISEASE"]])
def test_what_is_no_type_is_refused(bad):
    with pytest.raises(InputError, match="DISEASE"):
        entity_type_id(bad)


def test_a_list_of_types_points_to_typed_texts(variant):
    with pytest.raises(InputError, match="TypedText"):
        variant[1].encode(TEXTS, entity_type=["DISEASE", "SYMPTOM", "OUTCOME"])


def test_typed_text_is_a_string_that_survives_pickling():
    text = TypedText("lumbar fracture", "disease")
    copy = pickle.loads(pickle.dumps(text))  # noqa: S301 - our own bytes
    assert copy == text == "lumbar fracture"
    assert copy.entity_type is EntityType.DISEASE
    assert repr(text) == "TypedText('lumbar fracture', DISEASE)"


def test_conditioning_leaves_untyped_rows_bit_identical():
    module = EntityConditioning(type_dim=4, out_features=8)
    embedding = torch.randn(3, 8)
    out = module({"sentence_embedding": embedding.clone(), "entity_type_ids": torch.tensor([-1, 2, -1])})
    assert torch.equal(out["sentence_embedding"][[0, 2]], embedding[[0, 2]])
    assert not torch.equal(out["sentence_embedding"][1], embedding[1])
