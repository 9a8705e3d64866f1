"""Texts beyond the encoder's limit: counted, refused, or split."""

from __future__ import annotations

import warnings

import pytest

from mejurix_st.errors import InputError
from mejurix_st.text import LengthPolicy, apply_length_policy, count_truncated, token_offsets_from
from mejurix_st.text.tokens import count_tokens

LONG = " ".join(f"The pain of day {i} was worse than before." for i in range(60))
TEXTS = ["short", LONG, ""]


def test_count(simple_offsets):
    assert count_truncated(TEXTS, simple_offsets, 64) == 1
    assert count_truncated(["a " * 62], simple_offsets, 64) == 0
    assert count_truncated(["a " * 63], simple_offsets, 64) == 1
    assert count_truncated(["a " * 60], simple_offsets, 64, prompt="query: text ") == 1


def test_error(simple_offsets):
    with pytest.raises(InputError, match=r"1 of 3 texts are longer than 64 tokens \(text 1 has \d+\)"):
        apply_length_policy(TEXTS, simple_offsets, 64, "error")
    assert apply_length_policy(["a"], simple_offsets, 64, "error") == (["a"], [0], 0)


def test_warn(simple_offsets):
    with pytest.warns(UserWarning, match="1 of 3 texts"):
        assert apply_length_policy(TEXTS, simple_offsets, 64, LengthPolicy.WARN) == (TEXTS, [0, 1, 2], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apply_length_policy(["short"], simple_offsets, 64, "warn")


def test_split(token_offsets):
    pieces, owners, truncated = apply_length_policy(TEXTS, token_offsets, 64, "split", prompt="passage: ")
    assert truncated == 1
    assert (pieces[0], pieces[-1]) == ("short", "")
    assert owners == [0, *[1] * (len(pieces) - 2), 2]
    assert "".join("".join(pieces[1:-1]).split()) == "".join(LONG.split())
    assert max(count_tokens(token_offsets, ["passage: " + p for p in pieces])) + 2 <= 64


def test_unknown_policy(simple_offsets):
    with pytest.raises(InputError, match="error, warn, split"):
        apply_length_policy([], simple_offsets, 64, "cut")


def test_truncation_set_on_the_tokenizer_does_not_hide_tokens(wordpiece_tokenizer):
    wordpiece_tokenizer.enable_truncation(8)
    wordpiece_tokenizer.enable_padding(length=8)
    offsets = token_offsets_from(wordpiece_tokenizer)
    assert len(offsets("the patient " * 20)) == 40
    assert offsets.counts(["the", "the patient"]) == [1, 2]
    assert offsets.special_tokens == 2


def test_no_fast_tokenizer():
    with pytest.raises(InputError, match="got int, which has no fast tokenizer"):
        token_offsets_from(3)
