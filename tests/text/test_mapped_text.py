"""The offset map of transformed texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.errors import InputError
from mejurix_st.text import MappedText, expand_shorthand


@st.composite
def mapped(draw):
    source = draw(st.text(max_size=60))
    edges = sorted(draw(st.lists(st.integers(0, len(source)), max_size=12)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    return MappedText.replace(source, [(a, b, draw(st.text(max_size=8))) for a, b in spans if a < b])


@given(mapped(), st.data())
def test_unchanged_stretches_map_to_themselves(text, data):
    start = data.draw(st.integers(0, len(text.text)))
    end = data.draw(st.integers(start, len(text.text)))
    a, b = text.source_span(start, end)
    assert 0 <= a <= b <= len(text.source)
    if start < end and not any(r.start < end and start < r.end for r in text.replacements if r.end > r.start):
        inner = [r for r in text.replacements if start < r.start < end]  # deletions inside
        if not inner:
            assert text.source[a:b] == text.text[start:end]


@given(mapped())
def test_replacements_map_to_what_they_replaced(text):
    for r in text.replacements:
        if r.end > r.start:
            assert text.source_span(r.start, r.end) == (r.source_start, r.source_end)
            assert text.source_span(r.start, r.start + 1) == (r.source_start, r.source_end)


@given(mapped())
def test_the_whole_maps_to_the_whole_of_what_is_left(text):
    a, b = text.source_span(0, len(text.text))
    kept = [r for r in text.replacements if r.start < r.end]
    if text.text and (not text.replacements or kept == list(text.replacements)):
        assert (a, b) == (0, len(text.source))


@pytest.mark.parametrize(
    "changes", [[(0, 2, "x"), (1, 3, "y")], [(2, 9, "x")], [(-1, 1, "x")], [(2, 1, "x")]]
)
def test_bad_changes_are_refused(changes):
    with pytest.raises(InputError, match="overlaps another or lies outside"):
        MappedText.replace("abcd", changes)


def test_bad_spans_are_refused():
    with pytest.raises(InputError, match="lies outside"):
        expand_shorthand("abc").source_span(2, 9)
