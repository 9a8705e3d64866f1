"""Sentence boundaries for records and decisions, English and Korean.

A sentence is the widest reach of an assertion cue, so a missed boundary costs more than an extra one: a
short line of a chart ("fever none", "흉통 없음") is a sentence of its own, a line wrapped near the margin
is not.
"""

from __future__ import annotations

import re

#: Words whose full stop does not end a sentence, before a capital or a digit.
_ABBREVIATIONS = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|no|nos|vs|v|fig|sec|art|inc|ltd|co|corp|jr|sr|approx|dept|est|pt|pts|hx|dx|rx|tx|"
    r"e\.g|i\.e|cf|al|id|ca|cir|ct|app|supp|rev|stat|ch|para|u\.s|u\.s\.c|c\.f\.r|f\.3d|f\.2d|vet|fed|reg)|\b[A-Z]|\d)\.$",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"[.!?。？！]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z가-힣\d<]|<)"  # a full stop; a capital, Hangul, digit or tag
    r"|\n[ \t]*\n+"  # a blank line
    r"|\n(?=[ \t]*(?:[-*•▪◦]|\d{1,2}[.)])[ \t])"  # a list item
    r"|\n"
)
#: A line shorter than this was not wrapped: it ended on purpose.
_WRAP_COLUMNS = 50


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Split a text into sentences.

    Args:
        text: source text.

    Returns:
        Half-open code-point offsets, in order; together they cover the text. Empty for an empty text.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        end = match.end()
        if text[match.start()] in ".!?。？！":
            if text[match.start()] == "." and _is_abbreviation(text, match.start(), end):
                continue
        elif match.group() == "\n" and not _ends_line(text, match.start()):
            continue
        if end > start:
            spans.append((start, end))
            start = end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _is_abbreviation(text: str, dot: int, end: int) -> bool:
    """Whether the full stop belongs to an abbreviation, an initial or a number ("2019. 5. 1.")."""
    before = text[max(0, dot - 12) : dot + 1]
    match = _ABBREVIATIONS.search(before)
    if match is None:
        return False
    if before[-2:-1].isdigit():  # "2019. 5." goes on, "in 2019. He" does not
        following = text[end : end + 3].strip()
        return following[:1].isdigit()
    return True


def _ends_line(text: str, newline: int) -> bool:
    """Whether a single line break ends a sentence: the line is short, or ends in a stop or a colon."""
    line_start = text.rfind("\n", max(0, newline - 200), newline) + 1 or max(0, newline - 200)
    line = text[line_start:newline].rstrip()
    width = sum(2 if c >= "ᄀ" else 1 for c in line) if not line.isascii() else len(line)
    return width < _WRAP_COLUMNS or line.endswith((".", ":", ";", "!", "?", "다", "음", "함", "임", "됨"))
