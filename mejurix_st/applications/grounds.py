"""Whether a statement says what a rule asks for: by the assertions of their common concepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mejurix_st.applications.agreement import COMMON, named, same_concept
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from mejurix_st.applications.elements import Statement
    from mejurix_st.entities import Assertion
    from mejurix_st.types import EntitySpan

# The law asks for "a disability" or "an injury"; a record names the one there is.
_GENERIC = frozenset(
    ("disability", "impairment", "disease", "disorder", "injury", "trauma", "condition", "damage")
)
_CONDITIONS = frozenset((EntityType.DISEASE, EntityType.SYMPTOM, EntityType.OUTCOME))
_CAUSAL = re.compile(
    r"\b(?:link|nexus|caus\w+|related|relationship|due to|result(?:s|ed|ing)? (?:of|from|in)|attribut\w+|"
    r"aggravat\w+|incurred|incurrence|service[- ]connect\w+)\b|인과관계|인하여|기인|기여",
    re.IGNORECASE,
)
#: "if there is no fracture" asks for "there is no fracture".
_IF = re.compile(r"\b(?:if|when|where|whether|once|provided that)\b", re.IGNORECASE)
_PRESENT = re.compile(r"\b(?:present|current|currently)\b|현존|현재", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ground:
    """One concept on which a verdict rests.

    Attributes:
        concept: the concept as the record has it; for a causal element, the thing caused.
        asked: the words of the rule.
        start: code-point offset of the concept into the record's document, inclusive.
        end: code-point offset into the record's document, exclusive.
        says: what the record says of it.
        verdict: "meets", "against" or "open".
    """

    concept: str
    asked: str
    start: int
    end: int
    says: Assertion
    verdict: Literal["meets", "against", "open"]


def compare(rule: Statement, statement: Statement) -> tuple[Ground, ...]:
    """The concepts of a statement that answer to a rule's, with a verdict each.

    An element on causation ("a link between the two", 인과관계) is answered only by a statement on causation.
    What is said of a relative answers to nothing.
    """
    said = [(span, says) for span, says in named(statement.text) if says.experiencer == "patient"]
    causal = _CAUSAL.search(rule.text)
    if causal is not None:
        if _CAUSAL.search(statement.text) is None:
            return ()
        effects = [(span, says) for span, says in said if span.type in _CONDITIONS]
        return tuple(
            _ground(span, says, causal.group(), statement, wanted="present") for span, says in effects[:1]
        )
    # "Not related to service" denies the cause, not the disease.
    cause = _CAUSAL.search(statement.text) is not None
    said = [(span, says) for span, says in said if not (cause and says.polarity == "not_found")]
    present = _PRESENT.search(rule.text) is not None
    grounds: dict[tuple[int, int], Ground] = {}
    for wish, wished in named(_IF.sub(lambda word: " " * len(word.group()), rule.text)):
        wanted = "absent" if wished.status == "absent" else "present"
        for span, says in said:
            if _answers(wish, span, says) and (span.start, span.end) not in grounds:
                ground = _ground(span, says, wish.text, statement, wanted=wanted, present=present)
                grounds[span.start, span.end] = ground
    return tuple(grounds.values())


def _answers(wish: EntitySpan, span: EntitySpan, says: Assertion) -> bool:
    """Whether a record's entity is, or is a kind of, what the rule names.

    Any condition is a disability or an injury; but that one condition is absent does not mean that there is
    none, unless the record says so in general ("no ankle disability").
    """
    if span.normalized in COMMON:
        return False
    if wish.normalized in _GENERIC:
        general = bool(_GENERIC & set(span.normalized.split()))
        return span.type in _CONDITIONS and (general or says.status != "absent")
    return same_concept(wish.normalized, span.normalized)


def _ground(
    span: EntitySpan, says: Assertion, asked: str, statement: Statement, *, wanted: str, present: bool = False
) -> Ground:
    decided = says.status in ("present", "absent") and not (present and says.time == "historical")
    verdict: Literal["meets", "against", "open"] = "open"
    if decided:
        verdict = "meets" if says.status == wanted else "against"
    first = statement.start + span.start
    return Ground(span.normalized, asked, first, statement.start + span.end, says, verdict)
