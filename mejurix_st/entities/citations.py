"""American case citations and statutes: eyecite, behind a cheap look for what could be one."""

from __future__ import annotations

import re

from mejurix_st.types import EntitySpan, EntityType

#: Volume, reporter, page ("410 U.S. 113"), a section sign, a code, or a short form.
_PROBABLE = re.compile(
    r"\d\s+[A-Z][A-Za-z.\s]{0,24}?\s*\d?[a-z]{0,2}\.?\s*\d+|§|U\.\s?S\.\s?C|C\.\s?F\.\s?R|\bsupra\b"
)
_DIGIT = re.compile(r"\d")
_CONTEXT = 400
_TAIL = re.compile(r"\s*(?:\((?:[A-Za-z0-9]{1,4})\))+")


def find_citations(text: str) -> list[EntitySpan]:
    """Find citations of American cases and statutes.

    Args:
        text: source text.

    Returns:
        Spans of type LEGAL_TERM; `normalized` is the corrected citation in lower case and `code` "CITE:38
        U.S.C. § 1110". Only the windows around something that looks like a citation are parsed, so that
        ordinary text costs little.
    """
    if _DIGIT.search(text) is None and "supra" not in text:
        return []
    first = _PROBABLE.search(text)
    if first is None:
        return []
    from eyecite import get_citations

    spans: list[EntitySpan] = []
    for left, right in _windows(text, first):
        for citation in get_citations(text[left:right]):
            kind = type(citation).__name__
            if kind not in (
                "FullCaseCitation",
                "FullLawCitation",
                "FullJournalCitation",
                "ShortCaseCitation",
            ):
                continue
            begin, end = citation.span()
            begin, end = left + begin, left + end
            if kind == "FullLawCitation" and (tail := _TAIL.match(text, end)):
                end = tail.end()
            if not 0 <= begin < end <= len(text):
                continue
            corrected = str(citation.corrected_citation())
            spans.append(
                EntitySpan(
                    begin, end, text[begin:end], EntityType.LEGAL_TERM, corrected.lower(), f"CITE:{corrected}"
                )
            )
    return spans


def _windows(text: str, first: re.Match[str]) -> list[tuple[int, int]]:
    """Windows around the probable citations, merged where they touch."""
    windows: list[tuple[int, int]] = []
    for match in _PROBABLE.finditer(text, first.start()):
        left, right = max(0, match.start() - 60), min(len(text), match.end() + _CONTEXT // 4)
        if windows and left <= windows[-1][1]:
            windows[-1] = (windows[-1][0], right)
        else:
            windows.append((left, right))
    return windows
