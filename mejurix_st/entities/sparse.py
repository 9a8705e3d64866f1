"""The `assertions` sparse vector: concept × assertion, hashed; "no fracture" and "fracture" part company.

Each entity gives a few features, from vague to exact: its concept alone (low weight), the concept with its
status (high), then with time, severity, side, legal outcome and anchor. Two texts that name the same
concept share the vague feature; only those that say the same of it share the exact ones. Where a name has a
head ("lumbar spine fracture" → "fracture"), the head is a concept of its own at lower weight.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from mejurix_st.entities.assertion import Assertion, assert_spans
from mejurix_st.entities.recognizer import recognize
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mejurix_st.types import EntitySpan

#: Weights of the features of one entity. The store multiplies index and query values, so a match counts
#: squared.
CONCEPT, STATUS, DETAIL, ASKED = 0.3, 1.0, 0.6, 1.0
#: A head noun counts for this share of the full name.
HEAD = 0.35
#: Concepts that nearly every file names; they tell little.
_COMMON = frozenset(
    [
        "plaintiff",
        "defendant",
        "claimant",
        "court",
        "jury",
        "judge",
        "evidence",
        "witness",
        "attorney",
        "treatment",
        "surgery",
        "medication",
        "pain",
        "injury",
        "trauma",
        "damages",
        "liability",
        "board",
    ]
)
_COMMON_WEIGHT = 0.3


@lru_cache(maxsize=1 << 16)
def _index(*parts: str) -> int:
    """Stable 32-bit hash of a feature, the same on every machine and in every run."""
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=4).digest(), "little")


def assertion_vector(
    text: str, spans: Sequence[EntitySpan] | None = None, assertions: Sequence[Assertion] | None = None
) -> tuple[list[int], list[float]]:
    """Sparse vector of what a passage says of its entities, for the index.

    Args:
        text: the passage.
        spans: its entities; found with `recognize` when None.
        assertions: one per span; decided with `assert_spans` when None.

    Returns:
        `(indices, values)`: strictly rising 32-bit feature hashes, and weights in (0, 1]. Empty lists when
        no entity is found. A feature that occurs more than once keeps its highest weight; the vector is not
        normalised.

    >>> fracture, none = assertion_vector("Hip fracture."), assertion_vector("No hip fracture.")
    >>> len(set(fracture[0]) & set(none[0])) < len(fracture[0])
    True
    """
    return _vector(text, spans, assertions, asked=False)


def assertion_query_vector(
    text: str, spans: Sequence[EntitySpan] | None = None, assertions: Sequence[Assertion] | None = None
) -> tuple[list[int], list[float]]:
    """Sparse vector of a query; the same features as `assertion_vector`.

    A question ("was the fracture related to service?") asserts nothing of its entities: it asks for
    passages about them. Its entities count by concept at full weight, and as present at half.

    Args:
        text: the query.
        spans: its entities; found with `recognize` when None.
        assertions: one per span; decided with `assert_spans` when None.

    Returns:
        `(indices, values)` as in `assertion_vector`.
    """
    return _vector(text, spans, assertions, asked=True)


def _vector(
    text: str, spans: Sequence[EntitySpan] | None, assertions: Sequence[Assertion] | None, *, asked: bool
) -> tuple[list[int], list[float]]:
    if spans is None:
        spans = recognize(text)
    if assertions is None:
        assertions = assert_spans(text, spans)
    weights: dict[int, float] = {}
    for span, assertion in zip(spans, assertions, strict=True):
        if span.type in (EntityType.SEVERITY, EntityType.NONE):
            continue
        concept = span.normalized or span.text.lower()
        scale = _COMMON_WEIGHT if concept in _COMMON else 1.0
        for name, share in _names(concept):
            for index, value in _features(name, assertion, asked=asked):
                weight = value * share * scale
                if weight > weights.get(index, 0.0):
                    weights[index] = weight
    indices = sorted(weights)
    return indices, [round(weights[index], 6) for index in indices]


def _names(concept: str) -> Iterator[tuple[str, float]]:
    """The concept, and its head noun at a lower share."""
    yield concept, 1.0
    head = concept.rpartition(" ")[2]
    if head != concept and head.isalpha():
        yield head, HEAD


def _features(name: str, assertion: Assertion, *, asked: bool) -> Iterator[tuple[int, float]]:
    """Features of one concept under one assertion, with their weights."""
    status: str = assertion.status
    question = asked and status == "hypothetical"
    yield _index("concept", name), ASKED if question else CONCEPT
    if question:
        status = "present"
    who = assertion.experiencer
    full, detail = (STATUS / 2, DETAIL / 2) if question else (STATUS, DETAIL)
    yield _index("status", name, who, status), full
    yield _index("time", name, who, status, assertion.time), detail
    if assertion.severity is not None:
        yield _index("severity", name, who, status, str(assertion.severity)), detail
    if assertion.laterality:
        yield _index("side", name, who, status, assertion.laterality), detail
        if assertion.laterality == "bilateral":
            for side in ("left", "right"):
                yield _index("side", name, who, status, side), detail / 2
    if assertion.polarity:
        yield _index("outcome", name, assertion.polarity), detail
    if assertion.relative:
        yield _index("relative", name, status, assertion.relative), detail
        yield _index("anchor", name, status, assertion.relative, assertion.anchor), detail
