"""Parts of a sentence that a cue cannot leave: parentheses, relative clauses, contrasts ("the driver, not he")."""

from __future__ import annotations

import re

#: A relative or subordinate clause between commas: what it denies stays inside.
_INSERTED = re.compile(
    r",\s(?:who|whom|whose|which|where|although|though|while|when|because|since|if)\b[^,;.]*(?=,)"
    r"|(?<![^\s.;:])(?:Although|Though|While|When|Because|Since|Where|Whereas)\b[^,;.]*(?=,)"
    r"|,\s(?:not|never)\s(?:the|our|his|her|their|my|a|an|this|that)?\s?[\w'’-]+(?:\s[\w'’-]+)?(?=,)"
)
_PARENTHESIS = re.compile(r"\([^()]*\)")
#: A verb of having or suffering, right after a person of whom it may be said.
_SUFFERS = re.compile(
    r"(?:['’]s)?(?:\s(?:in|on|at|of|to|from|next)\s[\w'’ -]{1,24}?)?(?:,[^,;.]{1,40},)?\s(?:also\s|then\s|later\s)?"
    r"(?:had|has|have|sustain|suffer|develop|contract|caught|catch|complain|died|tested\spositive|carr(?:y|ies|ied)"
    r"|experienc|(?:was|were|is|had\sbeen|has\sbeen)\s(?:found|diagnosed|treated|killed|hospital|injured|hurt|infected))",
    re.IGNORECASE,
)
#: "was reversed" after a denial: the denial no longer stands.
_UNDONE = re.compile(
    r"\b(?:was|were|is|has been)\s(?:reversed|overturned|set aside|vacated)\b", re.IGNORECASE
)


def enclosed(text: str, left: int, right: int) -> list[tuple[int, int, bool]]:
    """Inserted parts of the sentence `text[left:right]`: start, end (code points), whether in parentheses."""
    found: list[tuple[int, int, bool]] = []
    if text.find(",", left, right) >= 0:
        found += [(m.start(), m.end(), False) for m in _INSERTED.finditer(text, left, right)]
    if text.find("(", left, right) >= 0:
        found += [(m.start(), m.end(), True) for m in _PARENTHESIS.finditer(text, left, right)]
    return found


def kept_inside(
    parts: list[tuple[int, int, bool]], text: str, start: int, end: int, cue_start: int, cue_end: int
) -> bool:
    """Whether an inserted part keeps a cue from the entity at `[start, end)`.

    What stands in parentheses still speaks of the word right before them: "diabetes (denied)".
    """
    for first, last, parenthesis in parts:
        cue_in = first <= cue_start and cue_end <= last
        if cue_in and not (first <= start and end <= last):
            return not (parenthesis and end <= first and not text[end:first].strip())
    return False


def suffers(text: str, person_end: int, start: int) -> bool:
    """Whether a verb of having or suffering stands between a person and the entity at `start`."""
    match = _SUFFERS.match(text, person_end)
    return match is not None and match.end() <= start + 1


def undone(text: str, end: int, right: int) -> bool:
    """Whether a decision named before `end` is reversed in the rest of its sentence."""
    return _UNDONE.search(text, end, right) is not None
