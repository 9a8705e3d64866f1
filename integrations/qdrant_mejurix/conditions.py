"""Filters on entities and what is said of them, for an index with entities."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, get_args

from mejurix_st.entities.assertion import Experiencer, Polarity, Status, Time
from mejurix_st.errors import InputError
from mejurix_st.types import EntityType
from qdrant_mejurix.filters import equals, models
from qdrant_mejurix.sites import site_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_VALID = {
    "status": get_args(Status),
    "time": get_args(Time),
    "experiencer": get_args(Experiencer),
    "laterality": ("left", "right", "bilateral", "unilateral"),
    "polarity": tuple(value for value in get_args(Polarity) if value),
    "relative": ("before", "after"),
    "type": tuple(kind.value for kind in EntityType if kind is not EntityType.NONE),
}
_SIDES = {  # what a search for a side finds
    "left": ["left", "bilateral"],
    "right": ["right", "bilateral"],
    "bilateral": ["bilateral"],
    "unilateral": ["unilateral", "left", "right"],
}
_GRADES = {"trivial": 0, "mild": 1, "moderate": 2, "severe": 3, "profound": 4}


def entity_filter(
    normalized: str | None = None,
    *,
    type: str | Sequence[str] | None = None,
    code: str | None = None,
    status: str | Sequence[str] | None = None,
    time: str | None = None,
    experiencer: str | Sequence[str] | None = None,
    severity: int | str | tuple[int, int] | None = None,
    laterality: str | None = None,
    site: str | None = None,
    polarity: str | Sequence[str] | None = None,
    relative: str | None = None,
    anchor: str | None = None,
    before: str | datetime.date | None = None,
    after: str | datetime.date | None = None,
) -> models.Filter:
    """Passages in which one entity meets all conditions; None leaves a condition out.

        matter.search("fracture", filter=entity_filter("fracture", status="absent", site="lumbar spine",
                                                       before="2019-05-01"))

    Args:
        normalized: the concept, by any synonym in either language; narrower ones count ("fracture" finds
            "compression fracture").
        type: entity type, "DISEASE" and so on; several mean any of them.
        code: its code, as "ICD10CM:S32.010A".
        status: "present", "absent", "possible" or "hypothetical".
        time: "current" or "historical".
        experiencer: "patient", "family" or "other".
        severity: grade 0 (trivial) to 4 (profound), or its name, or a pair: least and greatest.
        laterality: "left" and "right" also find "bilateral"; "unilateral" finds the one side, named or not.
        site: part of the body; smaller parts count ("spine" finds "lumbar spine").
        polarity: legal outcome: "found", "not_found", "granted" or "denied".
        relative: "before" or "after" the `anchor`.
        anchor: an ISO date or an event ("accident").
        before: the entity's date ended before this day (ISO 8601). Entities without a date do not match.
        after: the entity's date began after this day.

    Raises:
        InputError: no condition, or a value that is not valid; the message lists the valid ones.
    """
    must: list[Any] = []
    if normalized is not None:
        must.append(equals("names", concept_of(normalized)))
    plain = {"type": type, "status": status, "time": time, "experiencer": experiencer}
    for name, value in (plain | {"polarity": polarity, "relative": relative}).items():
        if value is not None:
            must.append(_any_of(name, value))
    if laterality is not None:
        (side,) = _checked("laterality", laterality)
        sides = _SIDES[side]
        must.append(models.FieldCondition(key="laterality", match=models.MatchAny(any=sides)))
    if severity is not None:
        must.append(_severity(severity))
    must += [equals(name, text) for name, text in (("code", code), ("anchor", anchor)) if text is not None]
    if site is not None:
        must.append(equals("site", site_of(site)))
    if before is not None:
        day = models.DatetimeRange(lt=_day("before", before))
        must.append(models.FieldCondition(key="date_last", range=day))
    if after is not None:
        day = models.DatetimeRange(gt=_day("after", after))
        must.append(models.FieldCondition(key="date", range=day))
    if not must:
        raise InputError('entity_filter got no condition; give for example normalized="fracture".')
    nested = models.Nested(key="entities", filter=models.Filter(must=must))
    return models.Filter(must=[models.NestedCondition(nested=nested)])


def concept_of(name: str) -> str:
    """The concept's one name, whatever synonym or language it is given in.

    Raises:
        InputError: it is empty.
    """
    from mejurix_st.entities import recognize

    if not isinstance(name, str) or not name.strip():
        raise InputError(f"An entity is named by a word or phrase; got {name!r}.")
    whole = " ".join(name.split())
    for span in recognize(whole):
        if span.start == 0 and span.end == len(whole) and span.normalized:
            return span.normalized
    return whole.lower()


def _checked(name: str, value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else list(value)
    if not values or (wrong := [v for v in values if v not in _VALID[name]]):
        shown = wrong[0] if values else value
        raise InputError(f"The {name} of an entity is {shown!r}; valid: {', '.join(_VALID[name])}.")
    return [str(v) for v in values]


def _any_of(name: str, value: Any) -> models.FieldCondition:
    values = _checked(name, value)
    return models.FieldCondition(key=name, match=models.MatchAny(any=values))


def _severity(value: Any) -> models.FieldCondition:
    low, high = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    grades = [_GRADES.get(grade, -1) if isinstance(grade, str) else grade for grade in (low, high)]
    if not all(isinstance(g, int) and not isinstance(g, bool) and 0 <= g <= 4 for g in grades):
        raise InputError(
            f"The severity of an entity is {value!r}; valid: 0 to 4, {', '.join(_GRADES)}, or a pair of them."
        )
    return models.FieldCondition(key="severity", range=models.Range(gte=grades[0], lte=grades[1]))


def _day(name: str, value: Any) -> datetime.date:
    try:
        return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}; give a day such as 2019-05-01.") from None
