"""Translates filters from `qdrant_client.models` into Qdrant Edge's own classes.

The two sets share names and meaning but not types. Every field of every model is looked at: what Edge has no
counterpart for is refused by name, never dropped, since a dropped condition would widen a filter.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import InputError, MissingExtraError

try:
    import qdrant_edge as edge
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The embedded vector store", "qdrant") from _error

from qdrant_mejurix.filters import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel


def _unsupported(what: object) -> InputError:
    return InputError(
        f"The filter uses {what}, which an embedded store (Qdrant Edge) cannot do; "
        "rewrite the filter without it, or use a Qdrant server."
    )


def _set_fields(model: BaseModel) -> dict[str, Any]:
    return {name: value for name in type(model).model_fields if (value := getattr(model, name)) is not None}


def _conditions(value: Any) -> list[Any]:
    return [_condition(item) for item in (value if isinstance(value, list) else [value])]


def to_edge(source: models.Filter) -> edge.Filter:
    """The same filter for Qdrant Edge.

    Raises:
        InputError: a condition that Edge does not know; the message names it.
    """
    if unknown := set(_set_fields(source)) - {"must", "should", "must_not", "min_should"}:
        raise _unsupported(f"Filter.{min(unknown)}")
    least = source.min_should
    return edge.Filter(
        must=None if source.must is None else _conditions(source.must),
        should=None if source.should is None else _conditions(source.should),
        must_not=None if source.must_not is None else _conditions(source.must_not),
        min_should=edge.MinShould(_conditions(least.conditions), least.min_count) if least else None,
    )


def _condition(source: Any) -> Any:
    if isinstance(source, models.Filter):
        return to_edge(source)
    if isinstance(source, models.FieldCondition):
        return _field_condition(source)
    if isinstance(source, models.HasIdCondition):
        return edge.HasIdCondition(set(source.has_id))
    if isinstance(source, models.IsEmptyCondition):
        return edge.IsEmptyCondition(source.is_empty.key)
    if isinstance(source, models.IsNullCondition):
        return edge.IsNullCondition(source.is_null.key)
    if isinstance(source, models.HasVectorCondition):
        return edge.HasVectorCondition(source.has_vector)
    if isinstance(source, models.NestedCondition):
        return edge.NestedCondition(source.nested.key, to_edge(source.nested.filter))
    raise _unsupported(type(source).__name__)


def _field_condition(source: models.FieldCondition) -> edge.FieldCondition:
    values = _set_fields(source)
    key = values.pop("key")
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("is_empty", "is_null"):
            arguments[name] = value
        elif convert := _FIELD_PARTS.get(type(value)):
            arguments[name] = convert(value)
        else:
            raise _unsupported(f"FieldCondition.{name} with {type(value).__name__}")
    if not arguments:
        raise InputError(f"The condition on {key!r} asks for nothing; give match, range or another part.")
    return edge.FieldCondition(key, **arguments)


def _match_value(source: models.MatchValue) -> edge.MatchValue:
    # Edge 0.9 takes a Python bool for an integer, which matches nothing; numpy's it takes for what it is.
    value: Any = np.bool_(source.value) if isinstance(source.value, bool) else source.value
    return edge.MatchValue(value)


def _values(source: Any) -> Any:
    return list(source)


def _instant(value: dt.datetime | dt.date) -> str:
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    # Qdrant reads a time without a zone as UTC; saying so keeps the back ends alike.
    return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat()


def _range(source: models.Range) -> edge.RangeFloat:
    return edge.RangeFloat(**_set_fields(source))


def _datetime_range(source: models.DatetimeRange) -> edge.RangeDateTime:
    return edge.RangeDateTime(**{name: _instant(value) for name, value in _set_fields(source).items()})


def _values_count(source: models.ValuesCount) -> edge.ValuesCount:
    return edge.ValuesCount(**_set_fields(source))


def _point(source: models.GeoPoint) -> edge.GeoPoint:
    return edge.GeoPoint(source.lon, source.lat)


def _line(source: models.GeoLineString) -> list[edge.GeoPoint]:
    return [_point(point) for point in source.points]


_FIELD_PARTS: dict[type, Callable[[Any], Any]] = {
    models.MatchValue: _match_value,
    models.MatchAny: lambda source: edge.MatchAny(_values(source.any)),
    models.MatchExcept: lambda source: edge.MatchExcept(_values(source.except_)),
    models.MatchText: lambda source: edge.MatchText(source.text),
    models.Range: _range,
    models.DatetimeRange: _datetime_range,
    models.ValuesCount: _values_count,
    models.GeoRadius: lambda source: edge.GeoRadius(_point(source.center), source.radius),
    models.GeoBoundingBox: lambda source: edge.GeoBoundingBox(
        _point(source.top_left), _point(source.bottom_right)
    ),
    models.GeoPolygon: lambda source: edge.GeoPolygon(
        _line(source.exterior), [_line(line) for line in source.interiors or []]
    ),
}


def _text_match(name: str, attribute: str) -> None:
    """Registers a kind of match that the client and Edge both have in their newer versions."""
    source, target = getattr(models, name, None), getattr(edge, name, None)
    if source is not None and target is not None:
        _FIELD_PARTS[source] = lambda match: target(getattr(match, attribute))


_text_match("MatchTextAny", "text_any")
_text_match("MatchPhrase", "phrase")
_text_match("MatchPrefix", "prefix")
_text_match("MatchSubstring", "substring")
