"""Entity attention: exact at the gate's start, trainable, saved and read back, its weights readable."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from mejurix_st.checkpoint import load_model, save_model
from mejurix_st.config import EncoderConfig
from mejurix_st.entities import Assertion, assert_spans
from mejurix_st.entities.token_words import project_terms
from mejurix_st.errors import InputError
from mejurix_st.model import build_model
from mejurix_st.modules import EntityAttention, EntitySpanTransformer, explain_entities
from mejurix_st.modules.entity_transformer import LABELS, SIDES, STATUSES, assertion_labels, label_tokens
from mejurix_st.types import EntitySpan, EntityType

TEXTS = [
    "No lumbar fracture, but severe pain.",
    "요추 골절 없음. 수술은 시행하였다.",
    "It was by the gate.",
    "Surgery was denied.",
    "",
]
WITHOUT = [2, 4]


@pytest.fixture
def stock(tiny_bert):
    return build_model(
        EncoderConfig(
            base=str(tiny_bert), pooling="mean", query_prompt="query: ", document_prompt="passage: "
        )
    )


@pytest.fixture
def enhanced(stock):
    torch.manual_seed(3)
    transformer, pooling, *rest = stock
    return SentenceTransformer(
        modules=[EntitySpanTransformer.around(transformer), pooling, EntityAttention(32, 2, 8), *rest],
        device="cpu",
        prompts=stock.prompts,
        similarity_fn_name="cosine",
    )


def _open(model, gate: float = 0.7) -> EntityAttention:
    attention = model[2]
    with torch.no_grad():
        attention.gate.fill_(gate)
    return attention


def test_untrained_it_is_the_stock_stack_bit_for_bit(stock, enhanced):
    assert np.array_equal(enhanced.encode_document(TEXTS), stock.encode_document(TEXTS))
    assert np.array_equal(enhanced.encode_query(TEXTS), stock.encode_query(TEXTS))


def test_open_gate_changes_texts_with_entities_and_no_others(stock, enhanced):
    _open(enhanced)
    got, plain = enhanced.encode_document(TEXTS), stock.encode_document(TEXTS)
    same = [np.array_equal(a, b) for a, b in zip(got, plain, strict=True)]
    assert [i for i, equal in enumerate(same) if equal] == WITHOUT
    assert np.allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(enhanced):
    _open(enhanced)
    together = enhanced.encode(TEXTS, batch_size=len(TEXTS))
    alone = np.stack([enhanced.encode(text) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.parametrize("load", [load_model, lambda p: SentenceTransformer(str(p), trust_remote_code=True)])
def test_saved_and_loaded_it_is_the_same(enhanced, tmp_path, load):
    _open(enhanced)
    again = load(save_model(enhanced, tmp_path / "saved"))
    assert [type(m).__name__ for m in again] == [
        "EntitySpanTransformer", "Pooling", "EntityAttention", "Dense", "Normalize",
    ]  # fmt: skip
    assert np.array_equal(again.encode_document(TEXTS), enhanced.encode_document(TEXTS))
    assert explain_entities(again, TEXTS) == explain_entities(enhanced, TEXTS)


def test_bfloat16_encoder_works(enhanced, tmp_path):
    _open(enhanced)
    half = load_model(
        save_model(enhanced, tmp_path / "saved"), model_kwargs={"dtype": torch.bfloat16}
    ).encode_document(TEXTS)
    assert (half * enhanced.encode_document(TEXTS)).sum(1).min() > 0.99


def test_weights_name_the_entities_and_sum_to_one(enhanced):
    attention = _open(enhanced)
    found = explain_entities(enhanced, TEXTS)
    assert [(w.span.text, w.assertion.status) for w in found[0]] == [
        ("lumbar fracture", "absent"), ("severe", "present"), ("pain", "present"),
    ]  # fmt: skip
    for text, weights in zip(TEXTS, found, strict=True):
        assert all(text[w.span.start : w.span.end] == w.span.text for w in weights)
        if weights:
            assert sum(w.weight for w in weights) == pytest.approx(1, abs=1e-5)
    assert [i for i, weights in enumerate(found) if not weights] == WITHOUT
    with torch.no_grad():  # a head that looks for diseases alone
        attention.query.weight.zero_()
        attention.query.bias.fill_(1)
        attention.key.weight.zero_()
        attention.key.weight[:, 0] = 1
        attention.type_embedding.weight.zero_()
        attention.type_embedding.weight[EntityType.DISEASE.id, 0] = 50
    assert explain_entities(enhanced, TEXTS[:1])[0][0].weight > 0.99


def test_what_is_said_of_an_entity_reaches_the_vector(enhanced):
    attention = _open(enhanced)
    texts = ["Lumbar fracture was denied.", "Lumbar fracture was diagnosed."]
    before = enhanced.encode(texts)
    with torch.no_grad():
        attention.status_embedding.weight[STATUSES.index("absent")] += 3 * torch.randn(32)
    after = enhanced.encode(texts)
    assert np.abs(after[0] - before[0]).max() > 1e-4
    assert np.array_equal(after[1], before[1])


def test_everything_learns_once_the_gate_is_open(enhanced):
    attention = _open(enhanced)
    features = enhanced.preprocess(TEXTS[:2])
    enhanced(features)["sentence_embedding"][:, 0].sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in attention.parameters())


def test_a_closed_gate_learns_first(enhanced):
    enhanced(enhanced.preprocess(TEXTS[:2]))["sentence_embedding"][:, 0].sum().backward()
    moved = {name for name, p in enhanced[2].named_parameters() if p.grad.abs().sum() > 0}
    assert moved == {"gate"}


def test_attention_is_that_of_the_plain_formula():
    """Against torch's own attention with explicit keys and values."""
    torch.manual_seed(1)
    module = EntityAttention(16, 2, 4)
    with torch.no_grad():
        module.gate.fill_(0.5)
    pooled, states = torch.randn(3, 16), torch.randn(3, 6, 16)
    labels = torch.randint(0, 2, (3, 6, LABELS))
    labels[0, :, 0] = 1
    mask = labels[..., 0] > 0
    norm = torch.nn.functional.layer_norm
    x = norm(states, (16,))
    x = x + module.type_embedding(labels[..., 1]) + module.status_embedding(labels[..., 2])
    x = x + module.severity_embedding(labels[..., 3]) + module.side_embedding(labels[..., 4])

    def heads(t):
        return t.unflatten(-1, (2, 4)).transpose(1, 2)

    read = torch.nn.functional.scaled_dot_product_attention(
        heads(module.query(norm(pooled, (16,)))[:, None]),
        heads(module.key(x)),
        heads(module.value(x)),
        attn_mask=mask[:, None, None],
    )
    wanted = pooled + np.tanh(0.5) * module.output(read.transpose(1, 2).flatten(1))
    got, _ = module.attend(pooled, states, labels)
    rows = mask.any(1)
    assert torch.allclose(got[rows], wanted[rows], atol=1e-5)


def test_labels_follow_the_text_behind_any_prompt(enhanced):
    for prompt in (None, "query: ", "passage: "):
        features = enhanced[0].preprocess(TEXTS, prompt=prompt)
        ids, labels = features["input_ids"], features["entity_labels"]
        assert labels.shape == (*ids.shape, LABELS)
        assert "offset_mapping" not in features
        marked = enhanced.tokenizer.decode(ids[0][labels[0, :, 0] == 1])
        assert marked == "lumbar fracture"
        absent = STATUSES.index("absent")
        assert labels[0, labels[0, :, 0] == 1, 1:3].unique(dim=0).tolist() == [
            [EntityType.DISEASE.id, absent]
        ]
        assert not labels[WITHOUT].any()


def test_a_text_cut_by_the_encoder_keeps_what_is_left(enhanced):
    _open(enhanced)
    weights = explain_entities(enhanced, ["pain " + "the " * 600 + "surgery", "the " * 600 + "surgery"])
    assert [[w.weight for w in row] for row in weights] == [[pytest.approx(1), 0.0], [0.0]]


def test_a_stack_that_does_not_fit_is_refused(stock, enhanced):
    with pytest.raises(InputError, match="EntitySpanTransformer"):
        explain_entities(stock, TEXTS)
    wrong = SentenceTransformer(modules=[stock[0], stock[1], EntityAttention(32, 2, 8)], device="cpu")
    with pytest.raises(InputError, match="EntitySpanTransformer"):
        wrong.encode(TEXTS)
    assert isinstance(enhanced[1], Pooling)


def test_another_recognizer_can_stand_in(enhanced):
    def recognizer(texts):
        return [[EntitySpan(0, 3, t[:3], EntityType.OUTCOME)] if len(t) > 3 else [] for t in texts]

    enhanced[0].recognizer = recognizer
    assert [[w.span.text for w in row] for row in explain_entities(enhanced, TEXTS)][2] == ["It "]


@settings(deadline=None)  # the first call builds the vocabulary
@given(
    st.lists(st.sampled_from(["lumbar fracture", "pain", "no", "수술", "요추 골절", "the", "."]), max_size=12)
)
def test_every_piece_of_an_entity_is_marked_and_nothing_else(words):
    text = " ".join(words)
    spans = project_terms()([text])[0]
    pieces = [(i, i + 1) for i in range(len(text))]
    labels = label_tokens(
        np.array([(0, 0), *pieces, (0, 0)], np.int64).reshape(-1, 2), spans, assert_spans(text, spans)
    )
    wanted = [0] * len(text)
    for number, span in enumerate(spans, start=1):
        wanted[span.start : span.end] = [number] * (span.end - span.start)
    assert labels[:, 0].tolist() == [0, *wanted, 0]


@pytest.mark.parametrize(
    ("said", "status", "severity", "side"),
    [
        (Assertion(), "present", 0, ""),
        (Assertion(status="absent", time="historical"), "absent", 0, ""),
        (Assertion(time="historical", severity=0), "historical", 1, ""),
        (Assertion(experiencer="family", time="historical"), "family", 0, ""),
        (Assertion(status="possible", severity=4, laterality="left"), "possible", 5, "left"),
    ],
)
def test_assertions_become_rows(said, status, severity, side):
    assert assertion_labels(said) == (STATUSES.index(status), severity, SIDES.index(side))
