"""Finds shorthand in a text by the table; whole words only, context where the table asks for it."""

from __future__ import annotations

import re
from functools import lru_cache

from mejurix_st.text._shorthand_table import LEGAL, MEDICAL

_CONTEXT = 40  # code points looked at on each side
# The full stop of an abbreviation, not of the sentence: a lower-case word, a digit or Hangul follows.
_OWN_STOP = re.compile(r"\.(?=\s*[;:)]|,\s|\s+[a-z\d]|\s*[가-힣])")

_Rule = tuple[str, re.Pattern[str], re.Pattern[str]]


@lru_cache(maxsize=3)
def _compiled(domain: str) -> tuple[re.Pattern[str], dict[str, list[_Rule]]]:
    rows = (*(MEDICAL if domain != "legal" else ()), *(LEGAL if domain != "medical" else ()))
    rules: dict[str, list[_Rule]] = {}
    for forms, expansion, before, after in rows:
        for form in (written.replace("_", " ") for written in forms.split()):
            rules.setdefault(form, []).append((expansion, re.compile(before), re.compile(after)))
    # Not \b: Hangul counts as a word character, and "Fx가" is a fracture with a particle.
    ends = {form: "(?![A-Za-z0-9_])" if form[-1].isalnum() else "" for form in rules}
    alternatives = "|".join(re.escape(form) + ends[form] for form in sorted(rules, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{alternatives})"), rules


def find_shorthand(text: str, domain: str) -> list[tuple[int, int, str]]:
    """Shorthand in a text.

    Args:
        text: any text.
        domain: "medical", "legal" or "both".

    Returns:
        (start, end, expansion) by rising start, none overlapping; offsets are code points, half-open.
    """
    pattern, rules = _compiled(domain)
    found: list[tuple[int, int, str]] = []
    for match in pattern.finditer(text):
        start, end = match.span()
        before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
        for expansion, needs_before, needs_after in rules[match.group()]:
            if needs_before.search(before) and needs_after.match(after):
                stop = _OWN_STOP.match(text, end)
                joined = text[end - 1] == "/" and after[:1].strip()  # "w/fever"
                found.append((start, stop.end() if stop else end, expansion + " " if joined else expansion))
                break
    return found
