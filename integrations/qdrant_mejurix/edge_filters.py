"""Translates filters from `qdrant_client.models` into Qdrant Edge's own classes.

The two sets share names and meaning but not types. Every field of every model is looked at: what Edge has no
counterpart for is refused by name, never dropped, since a dropped condition would widen a filter.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

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


def _conditions(value: Any) -> list[Any] | None:
    if value is None:
        return None
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
        must=_conditions(source.must),
        should=_conditions(source.should),
        must_not=_conditions(source.must_not),
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
    return edge.MatchValue(source.value)


def _match_any(source: models.MatchAny) -> edge.MatchAny:
    return edge.MatchAny(list(source.any))


def _match_except(source: models.MatchExcept) -> edge.MatchExcept:
    return edge.MatchExcept(list(source.except_))


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
    models.MatchAny: _match_any,
    models.MatchExcept: _match_except,
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

# Newer kinds of match: present in the client from some version on, taken when both sides have them.
for _name, _attribute in (
    ("MatchTextAny", "text_any"),
    ("MatchPhrase", "phrase"),
    ("MatchPrefix", "prefix"),
    ("MatchSubstring", "substring"),
):
    if hasattr(models, _name) and hasattr(edge, _name):
        _FIELD_PARTS[getattr(models, _name)] = (
            lambda source, target=getattr(edge, _name), attribute=_attribute: target(
                getattr(source, attribute)
            )
        )
