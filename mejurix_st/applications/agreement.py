"""What two texts say of the concepts they share: the check that cosine similarity cannot make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mejurix_st.entities import assert_spans, recognize
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from mejurix_st.entities import Assertion
    from mejurix_st.types import EntitySpan

Conflict = Literal["", "status", "side", "severity"]
#: Named by nearly every file: they tell neither what it is about nor whether it meets a rule.
COMMON = frozenset(
    (
        "evidence",
        "claimant",
        "plaintiff",
        "defendant",
        "court",
        "board",
        "judge",
        "jury",
        "witness",
        "attorney",
    )
)
_SEVERITY_GAP = 2  # "mild" and "moderate" may be one injury, "mild" and "severe" are not


@dataclass(frozen=True, slots=True)
class SharedConcept:
    """One concept that both texts name.

    Attributes:
        concept: preferred name, the longer of the two.
        left: where the first text names it; offsets into that text.
        right: where the second text names it; offsets into that text.
        left_says: what the first text says of it.
        right_says: what the second text says of it.
        conflict: "" where both may be true of one person; else "status" (present against absent), "side" or
            "severity".
    """

    concept: str
    left: EntitySpan
    right: EntitySpan
    left_says: Assertion
    right_says: Assertion
    conflict: Conflict


def shared_concepts(left: str, right: str) -> tuple[SharedConcept, ...]:
    """Concepts that two texts share, and whether they say the same of them.

    "Meniscus tear" and "medial meniscus tear" share a concept. What is said of a relative in one text and of
    the patient in the other is about two people, so it is left out.

    Args:
        left: a sentence or passage.
        right: another.

    Returns:
        One entry for each concept, in order of the first text. Where a text names it more than once, the
        first pair that agrees is taken; only if none does, the first that conflicts.

    >>> found = shared_concepts("CT showed a lumbar fracture.", "There is no lumbar fracture.")
    >>> [(item.concept, item.conflict) for item in found]
    [('lumbar fracture', 'status')]
    """
    ours, theirs = named(left), named(right)
    found: dict[str, SharedConcept] = {}
    for one, said in ours:
        for other, answered in theirs:
            if said.experiencer != answered.experiencer or not same_concept(one.normalized, other.normalized):
                continue
            concept = max(one.normalized, other.normalized, key=len)
            item = SharedConcept(concept, one, other, said, answered, conflict_of(said, answered))
            known = found.get(one.normalized)
            if known is None or (known.conflict and not item.conflict):
                found[one.normalized] = item
    return tuple(found.values())


def named(text: str) -> list[tuple[EntitySpan, Assertion]]:
    """The entities of a text that name something, with what is said of each."""
    spans = [span for span in recognize(text) if span.type is not EntityType.SEVERITY and span.normalized]
    return list(zip(spans, assert_spans(text, spans), strict=True))


def same_concept(one: str, other: str) -> bool:
    """Whether all words of one name occur in the other."""
    first, second = set(one.split()), set(other.split())
    return first <= second or second <= first


def conflict_of(one: Assertion, other: Assertion) -> Conflict:
    """In what two assertions about one concept cannot both be true; "" where they can."""
    statuses = {one.status, other.status}
    if "absent" in statuses and "present" in statuses:
        return "status"
    if {one.laterality, other.laterality} == {"left", "right"}:
        return "side"
    known = one.severity is not None and other.severity is not None
    if known and abs((one.severity or 0) - (other.severity or 0)) >= _SEVERITY_GAP:
        return "severity"
    return ""
