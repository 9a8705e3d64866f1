"""What a clause says as a whole: denied or not, how grave, which side and place, when, of whom.

Coarser than `Assertion`: every concept of a clause shares these values. That finds the agreement of a query with
a passage where the exact rules see no link between cue and entity.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mejurix_st.entities.cues import read_rows
from mejurix_st.entities.mentions import PERSONS, RELATIVES
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from mejurix_st.entities.cues import Cue
    from mejurix_st.entities.mentions import Mention

_CLAUSE = re.compile(
    r";\s|,\sbut\s|,\swhile\s|,\swhereas\s"
    r"|(?<=[가-힣])(?:으며|였고|었고|았고|으나|었으나|지만)[,\s]"
)
#: Words of denial that deny nothing.
_DOUBLE = re.compile(
    r"\bnot (?:only|just|merely)\b|\b(?:cannot|could not|can not) be (?:ruled out|excluded|denied)\b"
    r"|\bno (?:doubt|question)\b|\bno increase\b|\babnormal"
    r"|배제할 수(?:는)? 없|없지 않|부인할 수 없|뿐(?:만)? 아니라|틀림없|정상 범위를 벗어",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:no|not|never|none|nothing|nowhere|neither|nor|without|cannot|unable|absent|absence|negative|normal|unrelated"
    r"|unnecessary|untouched|unhurt|untorn|free (?:of|from)"
    r"|fail(?:s|ed|ure)?(?= to)|lack(?:s|ed|ing)?|declin(?:e|es|ed)"
    r"|refus(?:e|es|ed|al)|den(?:y|ies|ied|ial)|exclud(?:e|es|ed)"
    r"|rul(?:e|es|ed) out|dismiss(?:ed|es)?|reject(?:s|ed)?"
    r"|missed(?= (?:the|a|an|his|her|their|two|three|all|every)\b)"
    r"|thrown out|turned down|withheld|disallowed|intact)\b|n['’]t\b"
    r"|없|않|아니|못|부인|부정|음성|배제|거부|거절|기각|각하|불인정|불승인|무관|미확인|어렵|전무|불필요|정상|반려",
    re.IGNORECASE,
)


def _patterns() -> dict[str, str]:
    """The pattern of each value in `data/axes.tsv`."""
    found = {}
    for value, english, korean in read_rows("axes.tsv"):
        found[value] = rf"\b(?:{english})\b" + (f"|{korean}" if korean else "")
    return found


@lru_cache(maxsize=1)
def _axis() -> tuple[re.Pattern[str], list[str]]:
    patterns = _patterns()
    joined = "|".join(f"(?P<a{number}>{pattern})" for number, pattern in enumerate(patterns.values()))
    return re.compile(joined, re.IGNORECASE), list(patterns)


_SELF = re.compile(
    r"\b(?:himself|herself|his own|her own|own|claimant|veteran|plaintiff|applicant|patient|soldier|deceased)\b"
    r"|본인|자신|원고|환자|망인|피해자",
    re.IGNORECASE,
)
_FAMILY = re.compile(r"\b(?:relatives?|in the family|family|hereditary|parents?)\b|가족", re.IGNORECASE)
_INFORMANT = re.compile(
    r"[\w’']+\s(?:says?|said|states?|stated|reports?|reported|recalls?|recalled|noted|testified|describe[sd]?|observed)\b",
    re.IGNORECASE,
)
#: What a query rules out: "the left rather than the right", "of a parent and not of the soldier".
_CONTRAST = re.compile(
    r"(?:,|\s)\s*(?:rather than|instead of|as opposed to|and not|but not)\s.*$|,\snot\s.*$", re.IGNORECASE
)
#: Values that cannot both hold.
CONTRARY = {
    "neg": ("aff",), "aff": ("neg",),
    "sev:low": ("sev:high",), "sev:high": ("sev:low",), "sev:mid": ("sev:high", "sev:low"),
    "time:past": ("time:now",), "time:now": ("time:past",),
    "rel:before": ("rel:after",), "rel:after": ("rel:before",),
    "age:child": ("age:adult",), "age:adult": ("age:child",),
    "side:left": ("side:right",), "side:right": ("side:left",),
    "side:unilateral": ("side:bilateral",), "side:bilateral": ("side:unilateral",),
    "place:upper": ("place:lower",), "place:lower": ("place:upper",),
    "place:anterior": ("place:posterior",), "place:posterior": ("place:anterior",),
    "place:medial": ("place:lateral",), "place:lateral": ("place:medial",),
    "place:proximal": ("place:distal",), "place:distal": ("place:proximal",),
    "who:self": ("who:family", "who:other"), "who:family": ("who:self",), "who:other": ("who:self",),
}  # fmt: skip


def without_contrast(query: str) -> str:
    """A query without what it rules out."""
    return _CONTRAST.sub("", query) or query


def is_denied(clause: str) -> bool:
    """Whether a clause has a word of denial that no second one undoes."""
    return _NEGATIVE.search(_DOUBLE.sub(" ", clause)) is not None


def clause_spans(text: str) -> list[tuple[int, int]]:
    """Clauses of a text: half-open code-point offsets, in order, covering it."""
    spans = []
    for start, end in sentence_spans(text):
        for match in _CLAUSE.finditer(text, start, end):
            if match.end() < end:
                spans.append((start, match.end()))
                start = match.end()
        spans.append((start, end))
    return spans


def axes_of(
    clause: str, offset: int, cues: list[Cue], mentions: list[Mention], *, asked: bool = False
) -> set[str]:
    """Values of one clause.

    Args:
        clause: its text.
        offset: where it begins, in the text that the mentions' offsets count.
        cues: its cues.
        mentions: its concepts.
        asked: it is a query: it says of whom only where it names a person.

    Returns:
        Values such as "neg", "sev:high", "side:left", "time:past", "rel:before", "who:family", "who:mother".
    """
    found = {"neg" if is_denied(clause) else "aff"}
    pattern, names = _axis()
    found |= {names[int(match.lastgroup[1:])] for match in pattern.finditer(clause) if match.lastgroup}
    persons = {
        m.name for m in mentions if m.name in PERSONS and not _INFORMANT.match(clause, m.start - offset)
    }
    family = bool(persons & RELATIVES) or (asked and _FAMILY.search(clause) is not None)
    other = bool(persons - RELATIVES)
    for cue in cues:
        if cue.category == "SEV":
            found.add("sev:" + ("low" if cue.value in "01" else "mid" if cue.value == "2" else "high"))
        elif cue.category == "LAT" and "C" not in cue.direction:
            found.add("side:" + cue.value)
        elif cue.category in ("HIST", "CURR"):
            found.add("time:past" if cue.category == "HIST" else "time:now")
        elif cue.category == "ANC":
            found.add("rel:" + cue.value)
        elif cue.category == "FAM":
            family = True
        elif cue.category == "OTHER" and cue.value != "subject":
            other = True
    if {"sev:low", "sev:high"} <= found:
        found -= {"sev:low", "sev:high"}
    found |= {f"who:{name}" for name in persons}
    if family or other:
        found |= {"who:family"} if family else {"who:other"}
    elif not asked or _SELF.search(clause):
        found.add("who:self")
    return found
