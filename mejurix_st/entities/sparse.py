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

from mejurix_st.entities._fold import fold
from mejurix_st.entities.assertion import Assertion, assert_spans
from mejurix_st.entities.axes import CONTRARY, axes_of, clause_spans, is_denied, without_contrast
from mejurix_st.entities.cues import find_cues
from mejurix_st.entities.mentions import find_mentions, names_of, scale_of
from mejurix_st.entities.recognizer import recognize
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mejurix_st.types import EntitySpan

#: Weights of the features of one entity. The store multiplies index and query values, so a match counts
#: squared.
CONCEPT, STATUS, DETAIL, ASKED = 0.3, 1.0, 0.6, 1.0
#: Weights of what a clause says as a whole of each of its concepts; in a query, what contradicts counts below zero.
CLAUSE, AGAINST, OTHERWISE = 0.5, 0.4, 0.05


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
    passages about them. Its entities count by concept at full weight, and as present (as absent, where the
    query has a word of denial) at half. What contradicts the query's grade, side, place, time or person has a
    weight below zero.

    Args:
        text: the query.
        spans: its entities; found with `recognize` when None.
        assertions: one per span; decided with `assert_spans` when None.

    Returns:
        `(indices, values)` as in `assertion_vector`, but values lie in [-1, 1]: a passage whose dot product is
        not above zero does not meet the query.
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
    denied = asked and is_denied(text)
    for span, assertion in zip(spans, assertions, strict=True):
        if span.type in (EntityType.SEVERITY, EntityType.NONE):
            continue
        scale = scale_of(span.normalized or span.text.lower())
        for name, share in names_of(span):
            for index, value in _features(name, assertion, asked=asked, denied=denied):
                weight = value * share * scale
                if weight > weights.get(index, 0.0):
                    weights[index] = weight
    for index, weight in _clause_features(without_contrast(text) if asked else text, spans, asked=asked):
        if abs(weight) > abs(weights.get(index, 0.0)):
            weights[index] = weight
    indices = sorted(weights)
    return indices, [round(weights[index], 6) for index in indices]


def _clause_features(text: str, spans: Sequence[EntitySpan], *, asked: bool) -> Iterator[tuple[int, float]]:
    """Each concept of a clause with each value that the clause has on an axis; see `axes`."""
    mentions = find_mentions(text, [span for span in spans if span.end <= len(text)])
    cues = find_cues(fold(text))
    place = cue_place = 0
    for start, end in [(0, len(text))] if asked else clause_spans(text):
        inside = []
        while place < len(mentions) and mentions[place].start < end:
            inside.append(mentions[place])
            place += 1
        said = []
        while cue_place < len(cues) and cues[cue_place].start < end:
            said.append(cues[cue_place])
            cue_place += 1
        if not inside:
            continue
        values = axes_of(text[start:end], start, said, inside, asked=asked)
        against = (
            {other for value in values for other in CONTRARY.get(value, ())} - values if asked else set()
        )
        for _, name, share in inside:
            share *= scale_of(name)
            for value in values:
                # a query that asks for a side, a grade or a time asks less for "there" or "not there"
                weight = CLAUSE / 2 if asked and value in ("neg", "aff") and len(values) > 1 else CLAUSE
                yield _index("clause", name, value), weight * share
            for value in against:
                weight = OTHERWISE if value in ("neg", "aff") else -AGAINST
                yield _index("clause", name, value), weight * share


def _features(name: str, assertion: Assertion, *, asked: bool, denied: bool) -> Iterator[tuple[int, float]]:
    """Features of one concept under one assertion, with their weights."""
    status: str = assertion.status
    question = asked and status == "hypothetical"
    yield _index("concept", name), ASKED if question else CONCEPT
    if question:
        status = "absent" if denied else "present"
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
