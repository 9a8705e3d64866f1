"""Headings of a record whose meaning carries over to the lines below: "FAMILY HISTORY:", "과거력".

A heading stands on a line of its own. Its section ends at the next heading, or at a blank line after its first
line of content.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Category of the cue that a heading amounts to (as in the cue tables), by the heading's words.
_HEADINGS = {
    "FAM": "family history|family medical history|fh|fhx|fam hx|가족력|가족 병력",
    "HIST": "past medical history|past history|past surgical history|medical history|surgical history"
    "|previous illnesses|prior medical history|pmh|pmhx|psh|과거력|과거 병력|기왕력|기왕증|수술력|과거 수술력|병력",
    "NEG": "pertinent negatives|negatives|denies|negative for|patient denies|음성 소견",
    "HYP": "risks|risks explained|risks discussed|possible complications|return precautions"
    "|설명한 위험|합병증 설명",
}
_CATEGORY = {name: category for category, names in _HEADINGS.items() for name in names.split("|")}
_LINE = re.compile(
    r"^[ \t]*(?P<mark>#{1,6}[ \t]+|\d{1,2}[.)][ \t]+|[■□▶○●◆*][ \t]*)?"
    r"[*_\[<]{0,2}(?P<name>[^\W\d_][^\n:：.]{1,40}?)[*_\]>]{0,2}"
    r"[ \t]*(?P<colon>[:：])?[*_]{0,2}[ \t]*$",
    re.MULTILINE,
)
_BLANK = re.compile(r"\n[ \t]*\n")


class Section(NamedTuple):
    """Lines below a heading, `[start, end)`, and the heading itself; all in code points."""

    start: int
    end: int
    category: str
    heading_start: int
    heading_end: int


def find_sections(text: str) -> list[Section]:
    """Sections whose heading says something of all that stands in them, in order; texts of one line have none."""
    if "\n" not in text:
        return []
    headings: list[tuple[int, int, int, str]] = []
    for match in _LINE.finditer(text):
        name = " ".join(match["name"].lower().split())
        category = _CATEGORY.get(name, "")
        shown = match["colon"] or (match["mark"] or "").startswith("#") or match["name"].isupper()
        if category or shown:
            headings.append((match.start("name"), match.end("name"), match.end(), category))
    sections = []
    for number, (start, end, line_end, category) in enumerate(headings):
        if not category:
            continue
        stop = headings[number + 1][0] if number + 1 < len(headings) else len(text)
        content = re.compile(r"\s*").match(text, line_end)
        first = content.end() if content else line_end
        blank = _BLANK.search(text, first, stop)
        sections.append(Section(line_end, blank.start() if blank else stop, category, start, end))
    return sections
