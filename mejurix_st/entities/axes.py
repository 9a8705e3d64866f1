"""What a clause says as a whole: denied or not, how grave, which side and place, when, of whom.

Coarser than `Assertion`: every concept of a clause shares these values. That finds the agreement of a query with
a passage where the exact rules see no link between cue and entity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.entities.mentions import PERSONS, RELATIVES
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from mejurix_st.entities.cues import Cue
    from mejurix_st.entities.mentions import Mention

_CLAUSE = re.compile(r";\s|,\sbut\s|,\swhile\s|,\swhereas\s|(?<=[가-힣])(?:으며|였고|었고|았고|으나|었으나|지만)[,\s]")
_DOUBLE = re.compile(
    r"\bnot (?:only|just|merely)\b|\b(?:cannot|could not|can not) be (?:ruled out|excluded|denied)\b|\bno (?:doubt|question)\b"
    r"|\bno increase\b|배제할 수(?:는)? 없|없지 않|부인할 수 없|뿐(?:만)? 아니라|틀림없|\babnormal|정상 범위를 벗어",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:no|not|never|none|nothing|nowhere|neither|nor|without|cannot|unable|absent|absence|negative|normal|unrelated"
    r"|unnecessary|untouched|unhurt|untorn|free (?:of|from)|fail(?:s|ed|ure)?(?= to)|lack(?:s|ed|ing)?|declin(?:e|es|ed)"
    r"|refus(?:e|es|ed|al)|den(?:y|ies|ied|ial)|exclud(?:e|es|ed)|rul(?:e|es|ed) out|dismiss(?:ed|es)?|reject(?:s|ed)?"
    r"|missed(?= (?:the|a|an|his|her|their|two|three|all|every)\b)|thrown out|turned down|withheld|disallowed|intact)\b|n['’]t\b"
    r"|없|않|아니|못|부인|부정|음성|배제|거부|거절|기각|각하|불인정|불승인|무관|미확인|어렵|전무|불필요|정상|반려",
    re.IGNORECASE,
)
_WORDS = {
    "sev:high": r"\b(?:so deep|near.total|much of|life.threaten\w*|threatened life|despite \w+ drugs|hard to bear|complete|whole"
    r"|grossest|gross|disfiguring|very|worst|end.stage|at most)\b|생명을|위협|많았|많은|넓은|무거운|무겁|크게|힘들|고도|큰",
    "sev:low": r"\b(?:only just|hardly|so slight|too low|good order|barely|scarcely|a bit|only a|at most a|little)\b"
    r"|거의|별로|조금|얕은|작은|미미|가벼",
    "time:past": r"\b(?:over and done|gone(?: away)?|no longer|used to|once (?:had|was)|formerly|previously|in the past|remote|resolved"
    r"|healed|cleared|long known|long.standing|pre.?existing|ten years ago|years ago|stopped|was on|old|former)\b"
    r"|과거|예전|완치|나았|소실|없어진|오래된|진구성|기왕|당시",
    "time:now": r"\b(?:now|currently|current|presently|at present|present day|still|ongoing|going on|active|newly|new|recent|recently"
    r"|continu\w+|remains?|persist\w*|today|this week|fresh|at the time of the report)\b"
    r"|현재|지금|진행 중|최근|신선|급성기|여전히|지속|새로",
    "rel:before": r"\b(?:before|prior to|in advance of|ahead of|predat\w+|preced\w+|earlier than|already|pre.?existing)\b"
    r"|이전|전부터|전에|앞서|먼저|이미",
    "rel:after": r"\b(?:after|following|subsequent|since|in the days after|later|once|new.onset)\b"
    r"|이후|후에|뒤이어|나서|직후|다음에|뒤에|비로소",
    "age:child": r"\b(?:childhood|as a (?:child|boy|girl)|age of (?:[1-9]|one|two|three|four|five|six|seven|eight|nine|ten))\b|소아|어릴|어린",
    "age:adult": r"\badult\b|성인",
    "side:unilateral": r"\b(?:one side|one.sided|unilateral|one (?:hand|leg|arm|ear|eye|knee))\b|한쪽|편측|일측",
    "side:bilateral": r"\b(?:both|bilateral|two sides)\b|양측|양쪽|양손|양 |두 (?:어깨|무릎|눈|손|다리|귀|팔)|모두",
    "place:upper": r"\b(?:upper|top|apex|apical|superior)\b|상부|위쪽|상엽|윗",
    "place:lower": r"\b(?:lower|base|bottom|inferior)\b|하부|아래쪽|하엽|아랫",
    "place:anterior": r"\b(?:anterior\w*|front|forwards?)\b|전방|앞쪽|앞으로",
    "place:posterior": r"\b(?:posterior\w*|rear|backwards?|behind)\b|후방|뒤쪽|뒤로",
    "place:medial": r"\b(?:medial\w*|inner|inside|inwards?)\b|내측|안쪽",
    "place:lateral": r"\b(?:lateral\w*|outer|outside|outwards?)\b|외측|바깥",
    "place:proximal": r"\b(?:proximal\w*|close to|near)\b|근위",
    "place:distal": r"\b(?:distal\w*|far from)\b|원위",
}  # fmt: skip
_AXIS = re.compile("|".join(f"(?P<a{n}>{pattern})" for n, pattern in enumerate(_WORDS.values())), re.IGNORECASE)
_VALUES = list(_WORDS)
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
_CONTRAST = re.compile(r"(?:,|\s)\s*(?:rather than|instead of|as opposed to|and not|but not)\s.*$|,\snot\s.*$", re.IGNORECASE)
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
    found |= {_VALUES[int(match.lastgroup[1:])] for match in _AXIS.finditer(clause) if match.lastgroup}
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
