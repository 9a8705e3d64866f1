"""Which cues of a sentence reach an entity, and what they make of it together.

English cues look forward or back until a terminator ("but", "other than", "because"). Korean predicates end
the clause, so their cues look back, from the ending to the term, and a clause that is closed by a
connective (-고, -으나, -지만) keeps later predicates out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.entities._clauses import kept_inside, suffers, undone

if TYPE_CHECKING:
    from mejurix_st.entities.assertion import Experiencer, Polarity, Status, Time
    from mejurix_st.entities.cues import Cue

Parts = list[tuple[int, int, bool]]
_STATUS = {"NEG", "POSS", "HYP", "POL"}
#: A new English clause with a subject of its own: a forward scope does not cross it.
_NEW_CLAUSE = re.compile(
    r"[;:]\s|,?\s+(?:and|,)\s+(?:he|she|it|they|i|we|there|"
    r"the (?:patient|claimant|plaintiff|veteran|defendant))\s"
    r"|,\s+(?:and\s+)?(?:he|she|it|they|there|the|this|his|her|a|an)\s|\s+but\s",
    re.IGNORECASE,
)
#: A finished clause before "and": a backward scope does not cross it ("healed well and infection was ruled
#: out").
_CLOSED_CLAUSE = re.compile(
    r"\b(?:is|was|are|were|has|had|showed|shows|\w{3,}ed)\b.*?\b(?:and|;)\s+\S|;", re.IGNORECASE
)
#: A Korean predicate that closes its clause right after a cue.
_KOREAN_CLOSE = re.compile(
    r"[가-힣]{0,4}?(?:으나|지만|고|며|는데|으므로|므로|으니|어서|아서|여서|나)(?=[\s,])|[가-힣]{0,3}[,;.]"
)
#: The entity is the cause of what is negated ("통증으로 일하지 않았다"), unless the verb judges the entity
#: itself.
_KOREAN_CAUSE = re.compile(
    r"(?:으로|로)(?:\s*인[하해한]\S*|\s+(?!확인|진단|볼|보[이기]|인정|판단|판명|생각|단정|의심|추정|사료|평가))"
)
_KOREAN_QUESTION = re.compile(r"(?:습니까|는가|은가|인가|나요|까요|을까|는지요)\s*[.?]?\s*$")
#: Adjectives and adverbs of time reach the words next to them; phrases such as "history of" reach to the
#: clause's end.
_NEAR = 26
_YEAR_AFTER = re.compile(r"\s(?:in|of|from|back in)\s(?:the\s)?(?:19|20)\d\ds?\b")
_YEAR_BEFORE = re.compile(
    r"\s*(?:Back\s)?In\s(?:the\s)?(?:19|20)\d\ds?,?\s(?:he|she|they|the \w+)\s(?:was|were|had|underwent)\s"
    r"(?:been\s)?(?:\w+ly\s)?(?:treated|hospitali[sz]ed|operated|an?\b|for\b)?",
)


def is_question(text: str, left: int, right: int) -> bool:
    """Whether the sentence `text[left:right]` asks."""
    stripped = text[left:right].rstrip(" \n\t\"'”’)]")
    return stripped.endswith(("?", "？")) or _KOREAN_QUESTION.search(stripped[-12:]) is not None


def status_of(
    text: str, start: int, end: int, sentence: tuple[int, int], cues: list[Cue], parts: Parts
) -> tuple[Status, Polarity, list[Cue]]:
    """Status and legal outcome of the entity at `[start, end)`; `parts` is what `enclosed` found."""
    statuses = [cue for cue in cues if cue.category in _STATUS]
    if not statuses:
        return "present", "", []
    left, right = sentence
    terms = [cue for cue in cues if cue.category == "TERM"]
    barrier = _last_clause(text, left, start)
    anchors = [cue for cue in cues if cue.category == "ANC" and not cue.korean]
    reached = [
        cue
        for cue in statuses
        if (_reaches(text, start, end, left, cue, terms, barrier) or text[end : cue.start].strip() == "(")
        and not (parts and kept_inside(parts, text, start, end, cue.start, cue.end))
        # "was not asked before the biopsy": what stands behind "before" took place
        and not (cue.category == "NEG" and cue.end <= start and _blocked(cue.end, start, anchors))
    ]
    reached = _first_korean_predicate(text, end, reached)
    if any(cue.category == "NEG" for cue in reached) and undone(text, end, right):
        reached = []
    kinds = {cue.category for cue in reached}
    outcomes = [cue.value for cue in reached if cue.value in ("found", "not_found", "granted", "denied")]
    polarity: Polarity = ""
    if outcomes:
        negative = [value for value in outcomes if value in ("not_found", "denied")]
        polarity = (negative or outcomes)[0]  # type: ignore[assignment]
        if "NEG" in kinds and not negative:
            polarity = "not_found" if polarity == "found" else "denied"
    if "HYP" in kinds:
        return "hypothetical", polarity, reached
    if polarity in ("not_found", "denied") or "NEG" in kinds:
        return "absent", polarity, reached
    if "POSS" in kinds:
        return "possible", polarity, reached
    return "present", polarity, reached


def experiencer_of(
    text: str, start: int, end: int, cues: list[Cue], parts: Parts
) -> tuple[Experiencer, list[Cue]]:
    """Whose condition it is: the nearest person named before it, or after it where the cue looks back."""
    terms = [cue for cue in cues if cue.category == "TERM"]
    for cue in reversed(cues):
        if cue.end > start or cue.category not in ("FAM", "OTHER", "SELF"):
            continue
        if parts and kept_inside(parts, text, start, end, cue.start, cue.end):
            continue
        if cue.value == "subject" and not suffers(text, cue.end, start):
            continue
        if cue.category == "SELF" or _blocked(cue.end, start, terms) or ";" in text[cue.end : start]:
            break
        return ("family" if cue.category == "FAM" else "other"), [cue]
    for cue in cues:
        if cue.start >= end and cue.category == "FAM" and "B" in cue.direction:
            return "family", [cue]
    return "patient", []


def time_of(text: str, start: int, end: int, left: int, cues: list[Cue]) -> tuple[Time, list[Cue]]:
    """Current or historical: the nearest cue of time in reach decides; else a year next to the entity."""
    best: tuple[int, Cue] | None = None
    terms = [cue for cue in cues if cue.category == "TERM"]
    for cue in cues:
        if cue.category not in ("HIST", "CURR"):
            continue
        if cue.end <= start and "F" in cue.direction:
            gap = start - cue.end
            blocked = _blocked(cue.end, start, terms) or ";" in text[cue.end : start]
        elif cue.start >= end and "B" in cue.direction:
            gap = cue.start - end
            blocked = _blocked(end, cue.start, terms) or ";" in text[end : cue.start]
        else:
            continue
        near = not cue.korean and " " not in text[cue.start : cue.end].strip()
        if blocked or (near and gap > _NEAR):
            continue
        if best is None or gap < best[0]:
            best = (gap, cue)
    if best is None:
        return _bare_time(text, start, end, left, cues)
    return ("historical" if best[1].category == "HIST" else "current"), [best[1]]


def _bare_time(text: str, start: int, end: int, left: int, cues: list[Cue]) -> tuple[Time, list[Cue]]:
    """A bare year ("stroke in 2009", "in 2001 he was treated for") and a Korean "before" without an event."""
    stop = end + 24  # only what stands near: the whole text may be long
    if (text.find(" 19", left, stop) >= 0 or text.find(" 20", left, stop) >= 0) and (
        _YEAR_AFTER.match(text, end) or _YEAR_BEFORE.match(text, left, start)
    ):
        return "historical", []
    for cue in cues:
        before = cue.category == "ANC" and cue.korean and cue.end <= start and cue.value == "before"
        if before and not text[left : cue.start].strip(" ,.'\""):
            return "historical", [cue]
    return "current", []


def _last_clause(text: str, left: int, start: int) -> int:
    """Where the clause that holds the entity begins: the last English clause break before it, or -1."""
    barrier = -1
    for match in _NEW_CLAUSE.finditer(text, left, start):
        barrier = match.start()
    return barrier


def _reaches(text: str, start: int, end: int, left: int, cue: Cue, terms: list[Cue], barrier: int) -> bool:
    """Whether a status cue reaches the entity; `barrier` is what `_last_clause` found."""
    if cue.end <= start and "F" in cue.direction:
        between = text[cue.end : start]
        if cue.value == "adjacent":
            return not between.strip()
        if cue.category == "HYP":
            # an inverted conditional ("Had the cancer been found") stands at the start of its sentence
            inverted = text[cue.start : cue.end].lower() != "had the" or not text[left : cue.start].strip()
            return inverted and ";" not in between
        return not _blocked(cue.end, start, terms) and (cue.korean or barrier < cue.end)
    if cue.start >= end and "B" in cue.direction:
        between = text[end : cue.start]
        if cue.value == "adjacent":
            return len(between.strip()) == 0
        if cue.category == "HYP":
            return ";" not in between and (not cue.korean or not _blocked(end, cue.start, terms))
        if _blocked(end, cue.start, terms):
            return False
        if cue.korean:
            return cue.category != "NEG" or _KOREAN_CAUSE.match(between + text[cue.start : cue.end]) is None
        return _CLOSED_CLAUSE.search(between) is None
    return False


def _blocked(left: int, right: int, terms: list[Cue]) -> bool:
    """Whether one of the terminators stands between two offsets."""
    return any(cue.start >= left and cue.end <= right for cue in terms)


def _first_korean_predicate(text: str, end: int, reached: list[Cue]) -> list[Cue]:
    """Drop Korean cues that stand behind a closed clause: only the entity's own predicate speaks of it."""
    kept: list[Cue] = []
    closed = False
    for cue in reached:
        if not cue.korean or cue.start < end:
            kept.append(cue)
            continue
        if closed:
            continue
        kept.append(cue)
        closed = _KOREAN_CLOSE.match(text, cue.end) is not None
    return kept
