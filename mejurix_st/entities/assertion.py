"""What a text says of an entity: `assert_span` and, for many entities of one text, `assert_spans`.

Rules only, no model: a cue table (`cues.py`), scopes (`_scope.py`) and attributes (`_attributes.py`). The
same input gives the same answer on every machine, and `Assertion.cues` names the words that decided.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mejurix_st.entities import _attributes, _scope
from mejurix_st.entities._clauses import enclosed
from mejurix_st.entities._fold import fold
from mejurix_st.entities.cues import Cue, find_cues
from mejurix_st.entities.sections import Section, find_sections
from mejurix_st.entities.sentences import sentence_spans
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mejurix_st.types import EntitySpan

Status = Literal["present", "absent", "possible", "hypothetical"]
Time = Literal["current", "historical"]
Experiencer = Literal["patient", "family", "other"]
Polarity = Literal["", "found", "not_found", "granted", "denied"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a text says of one entity.

    Attributes:
        status: "present", "absent", "possible" or "hypothetical". A claim that is denied, or a breach that
            is not found, is "absent".
        time: "current" or "historical".
        experiencer: "patient" (the person the file is about), "family" or "other".
        severity: 0 trivial, 1 mild, 2 moderate, 3 severe, 4 profound or fatal; None when the text gives none.
        laterality: "left", "right", "bilateral", "unilateral", or "" when the text gives none.
        polarity: the legal outcome: "found", "not_found", "granted", "denied", or "".
        relative: "before" or "after" the anchor, or "".
        anchor: an ISO 8601 date, or an event in lower case ("accident", "사고"), or "".
        cues: half-open code-point offsets of the deciding words, in order.
    """

    status: Status = "present"
    time: Time = "current"
    experiencer: Experiencer = "patient"
    severity: int | None = None
    laterality: str = ""
    polarity: Polarity = ""
    relative: str = ""
    anchor: str = ""
    cues: tuple[tuple[int, int], ...] = ()


#: Code points of a sentence, on either side of an entity, that are looked at.
_REACH = 300
#: What is said of an entity when no cue reaches it.
PLAIN = Assertion()


def assert_span(text: str, start: int, end: int) -> Assertion:
    """Decide what a text says of the entity at `text[start:end]`.

    Args:
        text: source text; the sentence around the entity decides, so give at least that.
        start: code-point offset, inclusive.
        end: code-point offset, exclusive.

    Returns:
        The assertion.

    Raises:
        InputError: the offsets do not name a part of the text.

    >>> text = "CT showed no fracture, but severe swelling of the left knee."
    >>> assert_span(text, 13, 21).status
    'absent'
    >>> swelling = assert_span(text, 34, 42)
    >>> swelling.status, swelling.severity, swelling.laterality
    ('present', 3, 'left')
    """
    return _assert_offsets(text, [(start, end)])[0]


def assert_spans(text: str, spans: Iterable[EntitySpan]) -> list[Assertion]:
    """Decide what a text says of each of its entities; the sentences and cues are found once.

    Args:
        text: source text.
        spans: entities of that text, in any order.

    Returns:
        One assertion per entity, in the same order.

    Raises:
        InputError: an entity's offsets do not name a part of the text.
    """
    return _assert_offsets(text, [(span.start, span.end) for span in spans])


def _assert_offsets(text: str, offsets: list[tuple[int, int]]) -> list[Assertion]:
    for start, end in offsets:
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"Got the span [{start}, {end}) in a text of {len(text)} characters; "
                "wanted 0 <= start < end <= length. "
                "Offsets count code points of this very text."
            )
    if not offsets:
        return []
    sentences = sentence_spans(text)
    cues = find_cues(fold(text))
    sections = find_sections(text)
    may_ask = "?" in text or not text.isascii()
    sentence_starts = [start for start, _ in sentences]
    cue_starts = [cue.start for cue in cues]
    results = []
    for start, end in offsets:
        left, right = sentences[bisect_right(sentence_starts, start) - 1]
        # a sentence of record length (a table, a list without stops) stays cheap
        left, right = max(left, start - _REACH), min(max(right, end), end + _REACH)
        inside = cues[bisect_right(cue_starts, left - 1) : bisect_right(cue_starts, right - 1)]
        said = _decide(text, start, end, (left, right), inside, may_ask)
        for section in sections:
            if section.start <= start < section.end:
                said = _under(said, section, inside)
        results.append(said)
    return results


def _under(said: Assertion, section: Section, cues: list[Cue]) -> Assertion:
    """An assertion with what the heading above it adds, where the line itself does not say otherwise."""
    named = {cue.category for cue in cues}
    change: dict[str, str] = {}
    if section.category == "FAM" and said.experiencer == "patient" and "SELF" not in named:
        change["experiencer"] = "family"
    elif section.category == "HIST" and said.status in ("present", "possible") and "CURR" not in named:
        change["time"] = "historical"
    elif section.category == "NEG" and said.status == "present" and "TERM" not in named:
        change["status"] = "absent"
    elif section.category == "HYP" and said.status == "present":
        change["status"] = "hypothetical"
    if not change:
        return said
    heading = (section.heading_start, section.heading_end)
    return replace(said, **change, cues=tuple(sorted({*said.cues, heading})))  # type: ignore[arg-type]


def _decide(
    text: str, start: int, end: int, sentence: tuple[int, int], cues: list[Cue], may_ask: bool
) -> Assertion:
    """Put together the parts that the sentence's cues decide."""
    left, right = sentence
    question = may_ask and _scope.is_question(text, left, right)
    if not cues and not question:
        return PLAIN
    parts = enclosed(text, left, right)
    status, polarity, used = _scope.status_of(text, start, end, sentence, cues, parts)
    if question:
        status = "hypothetical"
    experiencer, more = _scope.experiencer_of(text, start, end, cues, parts)
    used += more
    relative, anchor, more = _attributes.anchor_of(text, start, end, left, cues)
    used += more
    time, more = _scope.time_of(text, start, end, left, cues)
    used += more
    if relative == "before" and status != "hypothetical":
        time = "historical"
    severity, more = _attributes.severity_of(text, start, end, cues)
    used += more
    laterality, more = _attributes.laterality_of(text, start, end, cues)
    used += more
    return Assertion(
        status=status,
        time=time,
        experiencer=experiencer,
        severity=severity,
        laterality=laterality,
        polarity=polarity,
        relative=relative,
        anchor=anchor,
        cues=tuple(sorted({(cue.start, cue.end) for cue in used})),
    )
