"""How passages are shown: nothing of them is lost, the best part is chosen, the query's words are found."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mejurix_cli.console import one_line
from mejurix_cli.passages import excerpt, indented, query_words, reflow
from rich.console import Console
from rich.text import Text

WORDS = st.text("ab골절 .\n\f-1", max_size=400)


def _solid(text: str) -> str:
    return "".join(text.split())


@settings(deadline=None)
@given(WORDS)
def test_reflow_changes_blanks_only(text):
    assert _solid(reflow(text)) == _solid(text)
    assert not any(line != line.strip() or not line for line in reflow(text).split("\n") if reflow(text))


@settings(deadline=None)
@given(WORDS, st.integers(10, 120))
def test_an_excerpt_is_a_part_of_the_text(text, limit):
    shown = reflow(text)
    part = excerpt(shown, query_words("골절 ab"), limit)
    bare = part.removeprefix("… ").removesuffix(" …")
    assert bare in shown
    assert len(bare) <= limit


def test_an_excerpt_shows_where_the_words_are():
    text = "Nothing of note. " * 60 + "The lumbar fracture healed. " + "Nothing else. " * 60
    shown = excerpt(text, query_words("Was there a lumbar fracture?"), 120)
    assert "lumbar fracture healed" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("Were there fractures?", "a fracture; fractured; infraction", ["fracture", "fractured"]),
        ("골절이 있습니까?", "골절은 없다. 탈골", ["골절"]),
        ("추간판 탈출증은", "추간판 탈출증이", ["추간판", "탈출증"]),
        ("수술이 필요하다고 판단하였습니까?", "수술을 판단", ["수술", "판단"]),
        ("what was the", "what was the", []),
        ("L5 in 2022", "L5 root, 2022-03-14, 20220", ["L5", "2022"]),
    ],
)
def test_the_words_of_a_query_with_their_endings(query, text, found):
    words = query_words(query)
    assert ([match[0] for match in words.finditer(text)] if words else []) == found


def test_lines_fit_the_width_also_in_korean():
    console = Console(file=io.StringIO(), width=40)
    text = indented(console, Text("수술 집도의는 추간판 탈출증이 사고 때문이라고 판단하였습니다. " * 4), 4)
    lines = text.plain.splitlines()
    assert len(lines) > 3
    for line in lines:
        assert Text(line).cell_len <= 40
        assert line.startswith("    ")
        assert line == line.rstrip()


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_message_is_one_printable_line(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line
