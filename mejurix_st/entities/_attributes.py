"""Severity, side and place in time of an entity: what stands next to it in its phrase."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.entities.dates import date_at, find_dates

if TYPE_CHECKING:
    from mejurix_st.entities.cues import Cue

_PHRASE_END = re.compile(
    r"[,;:.]|\b(?:and|or|but|with|without|no|not)\b|그리고|및|으나|지만|없|있고|있으며", re.IGNORECASE
)
_CLAUSE_END = re.compile(r";|\b(?:and|but)\b", re.IGNORECASE)
#: Characters between an entity and the word that grades it, or names its side.
_SEVERITY_REACH, _SIDE_REACH = 28, 40
_EVENT = re.compile(
    r"\s*(?:(?:the|his|her|their|this|that|an|a|any)\s+)?(?:[\w-]+\s+){0,3}?"
    r"(?P<event>accident|collision|crash|injury|surgery|operation|procedure|fall|incident|service|discharge|admission|"
    r"hospitali[sz]ation|assault|explosion|trial|filing|hearing|trauma|stroke|birth|delivery|separation|deployment|"
    r"enlistment|induction|employment|treatment|transfusion|vaccination|infarction|fusion|arthroplasty|biopsy|exposure)\b",
    re.IGNORECASE,
)
_EVENT_KOREAN = re.compile(
    r"(?P<event>사고|수술|외상|부상|입대|전역|제대|입원|퇴원|입사|퇴사|채용|취업|치료|시술|출산|분만|추락|충돌|소송|재해|"
    r"접종|수혈|복무|폭행|낙상|골절|진단)(?:\s*(?:당일|일|발생))?\s*(?:에|의|이|가|를|을|과|와|으로부터|로부터)?\s*$"
)
#: "Hearing loss, left ear, severe.": the grade as the last item of a list.
_LISTED = re.compile(
    r"(?:\s(?:of|in)\s[\w ]{1,24}?)?(?:,\s(?:left|right|both|bilateral)\b[\w -]{0,20}?)?,\s", re.IGNORECASE
)
_DATE_TAIL = re.compile(r"\s*(?:에|의|부터)?\s*$")


def severity_of(text: str, start: int, end: int, cues: list[Cue]) -> tuple[int | None, list[Cue]]:
    """The grade, 0 to 4, that stands nearest in the entity's own phrase; None without one."""
    best = _nearest(text, start, end, cues, "SEV", _SEVERITY_REACH, _PHRASE_END)
    if best is None and (match := _LISTED.match(text, end)):
        best = next((c for c in cues if c.category == "SEV" and c.start == match.end()), None)
        if best and text[best.end : best.end + 1] not in (".", ",", ";", ""):
            best = None
    return (int(best.value), [best]) if best else (None, [])


def laterality_of(text: str, start: int, end: int, cues: list[Cue]) -> tuple[str, list[Cue]]:
    """The side that stands nearest in the entity's clause; empty without one."""
    best = _nearest(text, start, end, cues, "LAT", _SIDE_REACH, _CLAUSE_END)
    return (best.value, [best]) if best else ("", [])


def _nearest(
    text: str, start: int, end: int, cues: list[Cue], category: str, reach: int, stop: re.Pattern[str]
) -> Cue | None:
    """The nearest cue of a category with no `stop` before the entity; one inside it comes first."""
    best: tuple[int, Cue] | None = None
    for cue in cues:
        if cue.category != category:
            continue
        if "C" in cue.direction and not (
            text[cue.start : cue.end].isupper()
            and text[max(0, cue.start - 1) : cue.start] in ("", " ", ",")
            and text[cue.end : cue.end + 1] in ("", " ", ".", ",")
        ):
            continue  # "L" is a side, "l" and "L-5" are none
        if cue.end <= start and "F" in cue.direction:
            gap, between = start - cue.end, text[cue.end : start]
        elif cue.start >= end and "B" in cue.direction:
            gap, between = cue.start - end, text[end : cue.start]
            # what stands behind counts a little further away: an adjective comes before its noun
            gap += 2
        elif cue.start >= start and cue.end <= end:
            gap, between = 0, ""
        else:
            continue
        if gap > reach or stop.search(between) or (best is not None and gap >= best[0]):
            continue
        best = (gap, cue)
    return best[1] if best else None


def anchor_of(text: str, start: int, end: int, left: int, cues: list[Cue]) -> tuple[str, str, list[Cue]]:
    """Relation to an event or a date of the sentence: ("before", "accident", cues), or empty strings.

    Args:
        text: source text.
        start: entity start, code points.
        end: entity end, code points.
        left: start of the sentence.
        cues: the sentence's cues.
    """
    best: tuple[int, str, str, Cue] | None = None
    for cue in cues:
        if cue.category != "ANC":
            continue
        found = _korean_anchor(text, left, cue) if cue.korean else _english_anchor(text, cue)
        if found is None:
            continue
        event_start, event_end, anchor = found
        first, last = min(cue.start, event_start), max(cue.end, event_end)
        if event_start < end and start < event_end:
            continue  # the entity is the event itself
        gap = max(first - end, start - last)
        between = text[end:first] if first >= end else text[last:start]
        blocked = any(
            c.category == "TERM" and min(end, last) <= c.start and c.end <= max(first, start) for c in cues
        )
        if blocked or ";" in between or (best is not None and gap >= best[0]):
            continue
        best = (gap, cue.value, anchor, cue)
    return (best[1], best[2], [best[3]]) if best else ("", "", [])


def _english_anchor(text: str, cue: Cue) -> tuple[int, int, str] | None:
    """The date or event right after "before", "following" and the like; inside "post-accident" itself."""
    if text[cue.start : cue.end].lower().startswith(("pre-", "post-", "pre ", "post ")):
        return cue.start, cue.end, text[cue.start : cue.end].lower().replace("-", " ").split()[-1]
    begin = cue.end + 1 if text[cue.end : cue.end + 1].isspace() else cue.end
    date = date_at(text, begin)
    if date:
        return date
    match = _EVENT.match(text, cue.end, min(len(text), cue.end + 60))
    return (match.start("event"), match.end("event"), match["event"].lower()) if match else None


def _korean_anchor(text: str, left: int, cue: Cue) -> tuple[int, int, str] | None:
    """The date or event right before "이전", "직후" and the like."""
    begin = max(left, cue.start - 24)
    for date in reversed(find_dates(text, begin, cue.start)):
        if _DATE_TAIL.match(text, date[1], cue.start):
            return date
        break
    match = _EVENT_KOREAN.search(text[begin : cue.start])
    return (begin + match.start("event"), begin + match.end("event"), match["event"]) if match else None
