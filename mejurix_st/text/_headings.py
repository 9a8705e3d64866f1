"""Headings of plain text and the heading path of every section."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

from mejurix_st.text._heading_tables import (
    INITIAL,
    KOREAN_SENTENCE_END,
    KOREAN_SHORT,
    NEEDS_BLANK_LINES,
    PATTERNS,
    SINGLE_CAPITALS,
    SMALL_WORDS,
)
from mejurix_st.types import Heading

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE_FENCE = re.compile(r"^(```|~~~)[^\n]*\n.*?(?:^\1[`~]*[ \t\r]*$|\Z)", re.MULTILINE | re.DOTALL)
_BLANK_BEFORE = re.compile(r"(?:^|\n[ \t\r]*\n|\f)[ \t\r\n\f]*$")
_BLANK_AFTER = re.compile(r"[ \t\r]*(?:\n[ \t\r]*\n|\n?\Z|\n\f)")


def detect_headings(text: str) -> tuple[Heading, ...]:
    r"""Finds headings by their form: Markdown, capitals, numbers, Korean markers, known section names.

    Args:
        text: the document's text.

    Returns:
        Headings by rising start, none overlapping another.

    >>> [(h.level, h.text) for h in detect_headings("FINDINGS OF FACT\n\n1. The claim is granted.\n")]
    [(1, 'FINDINGS OF FACT')]
    """
    text = text.replace("\f", "\n")  # a page begins a line; the length stays
    fences = [m.span() for m in _CODE_FENCE.finditer(text)] if "```" in text or "~~~" in text else []
    found: list[tuple[int, int, int, str]] = []
    for name, level, pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("label")
            label = match.group("text").strip(" \t:：.")
            if _inside(fences, start) or not _accept(name, label, text, start, end):
                continue
            if name == "markdown":
                level = len(match.group("mark"))
            elif name == "numbered":
                level = 2 + match.group("mark").count(".")
            found.append((start, end, level, " ".join(label.split())))
    return _without_overlaps(found)


def _accept(name: str, label: str, text: str, start: int, end: int) -> bool:
    """Second look at a match: is it a heading, or a sentence, a name, a form line?"""
    if not label:
        return False
    if name in ("capitals", "run_in_capitals"):
        letters = sum(c.isalpha() for c in label)
        if name == "capitals" and " " not in label and label not in SINGLE_CAPITALS and letters < 8:
            return False
        if letters < 3 or letters * 2 < len(label) or INITIAL.search(label) or len(label.split()) > 12:
            return False
        if name == "capitals" and "__" in text[max(0, start - 80) : start]:
            return False  # the name under a signature line
        return name != "capitals" or (label[-1] not in ",;" and text[end - 1] != ".")
    if name in KOREAN_SHORT:
        return not KOREAN_SENTENCE_END.search(label.strip()) and text[end - 1] != "."
    if name == "title_case":
        words = label.split()
        capital = sum(w[0].isupper() for w in words)
        if (
            any(w[0].islower() and w.lower() not in SMALL_WORDS for w in words)
            or not capital
            or len(label) < 4
        ):
            return False
    if name in NEEDS_BLANK_LINES or name == "roman":
        if label[-1] in ".,;?!" or text[end - 1] in ".,;?!" or ". " in label.split(" ", 1)[-1]:
            return False
        return bool(_BLANK_BEFORE.search(text[max(0, start - 40) : start]) or start < 2) and bool(
            _BLANK_AFTER.match(text, end)
        )
    return True


def _inside(spans: list[tuple[int, int]], offset: int) -> bool:
    """Whether an offset lies in one of the rising, separate spans."""
    i = bisect_right(spans, (offset, sys.maxsize)) - 1
    return i >= 0 and offset < spans[i][1]


def _without_overlaps(found: Iterable[tuple[int, int, int, str]]) -> tuple[Heading, ...]:
    headings: list[Heading] = []
    for start, end, level, text in sorted(found, key=lambda f: (f[0], f[1] - f[0])):
        if not headings or start >= headings[-1].end:
            headings.append(Heading(start, end, level, text))
    return tuple(headings)


def heading_paths(headings: tuple[Heading, ...]) -> list[tuple[str, ...]]:
    """For each heading, the texts of the headings that enclose it and its own, outermost first."""
    open_headings: list[Heading] = []
    paths: list[tuple[str, ...]] = []
    for heading in headings:
        while open_headings and open_headings[-1].level >= heading.level:
            open_headings.pop()
        open_headings.append(heading)
        paths.append(tuple(h.text for h in open_headings))
    return paths
