"""The model while it is trained: tokens in buckets, frozen layers read once, what is trained and what is not."""

import pytest
import torch
from transformers import BertConfig, BertModel

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder
from mejurix_st.training.student import Student, TextEncoder

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *(f"{m}{c}" for c in "abcdefghijklmnopqrstuvwxyz" for m in ("", "▁")),
]
TEXTS = ["spine", "a", "knee and spine and claim", "court", "b c"]


@pytest.fixture
def tokenizer():
    base = BaseEncoder(
        {"unk_token_id": 3}, PIECES, torch.full((len(PIECES),), -3.0).numpy(), None, {}, "made here"
    )
    return build_tokenizer(base, list(range(len(PIECES))))


@pytest.fixture
def encoder() -> BertModel:
    config = BertConfig(
        vocab_size=len(PIECES), hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=64, pad_token_id=1, initializer_range=0.3,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return BertModel(config, add_pooling_layer=False).eval()


def make_student(encoder, tokenizer, **options) -> Student:
    return Student(
        encoder,
        tokenizer,
        torch.randn(16, 32),
        torch.zeros(16),
        rank=2,
        scale=1.0,
        max_tokens=24,
        seed=1,
        **options,
    )


def test_texts_are_cut_with_their_end_token_and_order_is_kept(encoder, tokenizer):
    small = TextEncoder(encoder, tokenizer, pad=1, max_tokens=10, bucket_tokens=25)
    ids = small._ids(TEXTS)
    assert max(map(len, ids)) == 10
    assert all(row[0] == 0 and row[-1] == 2 for row in ids)
    groups = small.buckets([len(row) for row in ids])
    assert sorted(i for group in groups for i in group) == list(range(5))
    assert all(len(g) * max(len(ids[i]) for i in g) <= 25 for g in groups)
    with torch.no_grad():
        together = small.states(TEXTS)
        alone = torch.cat([small.states([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_states_are_the_mean_over_tokens_of_the_whole_encoder(encoder, tokenizer):
    for split in (0, 2):
        reader = TextEncoder(encoder, tokenizer, pad=1, split=split)
        with torch.no_grad():
            for text in TEXTS:
                ids = torch.tensor([tokenizer.encode(text).ids])
                wanted = encoder(input_ids=ids).last_hidden_state.mean(1)
                torch.testing.assert_close(reader.states([text]), wanted, atol=1e-5, rtol=1e-4)


def test_frozen_layers_read_a_text_once_within_the_room_given(encoder, tokenizer):
    reader = TextEncoder(encoder, tokenizer, pad=1, split=2, kept_tokens=12)
    read = []
    encoder.embeddings.register_forward_hook(lambda *_: read.append(1))
    with torch.no_grad():
        first = reader.states(["spine", "court", "spine"])
        again = reader.states(["court", "spine"])
    torch.testing.assert_close(first[0], first[2])
    torch.testing.assert_close(again, first[[1, 0]])
    once = len(read)
    assert 0 < sum(len(states) for states in reader._kept.values()) <= 12
    with torch.no_grad():
        reader.states(["a text that has no room left"])
        reader.states(["a text that has no room left"])
    assert len(read) == once + 2


def test_student_gives_unit_vectors_and_trains_adapters_and_head_only(encoder, tokenizer):
    student = make_student(encoder, tokenizer)
    vectors = student(["spine", "knee pain"])
    assert vectors.shape == (2, 16)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    learnt = {n for n, p in student.named_parameters() if p.requires_grad and "lora_" not in n}
    assert learnt == {"head.weight", "head.bias"}


def test_layers_below_the_first_adapted_one_get_no_adapters_and_no_gradients(encoder, tokenizer):
    student = make_student(encoder, tokenizer, first_layer=2, kept_tokens=1000)
    assert student.adapters
    assert all("layer.2." in name for name in student.adapters)
    for _ in range(2):  # read, then from what is kept
        student(TEXTS).sum().backward()
    assert all(m.lora_B.grad.abs().sum() > 0 for m in student.adapters.values())


def test_the_base_s_states_are_those_without_adapters_and_read_once(encoder, tokenizer, monkeypatch):
    student = make_student(encoder, tokenizer)
    texts = TEXTS[:2]
    with torch.no_grad():
        before = student.texts.states(texts)
        for parameter in student.adapter_parameters():
            parameter.add_(0.3)
        moved = student.texts.states(texts)
    assert not torch.allclose(before, moved)
    assert torch.allclose(student.base_states(texts), before, atol=1e-3)
    monkeypatch.setattr(student.texts, "states", None)  # a second reading would fail
    assert torch.allclose(student.base_states(texts[::-1]), before.flip(0), atol=1e-3)
