"""Filters as people write them in LangChain: `qdrant_client.models.Filter`, or a plain dictionary."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from qdrant_mejurix.filters import models

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STORED_TEXT = "document page_start page_end start end kind id version sha256 header tokens entity_types date"
STORED = frozenset(_STORED_TEXT.split())
"""Fields of a point itself; every other key of a dictionary is one of the user's own, under `metadata`."""

_BOUNDS = ("gt", "gte", "lt", "lte")


def as_filter(condition: models.Filter | Mapping[str, Any] | None) -> models.Filter | None:
    """A filter from any of the accepted forms.

    Args:
        condition: None, a `qdrant_client.models.Filter`, or a dictionary. In a dictionary every entry must
            hold. A key is a field of the passage (`STORED`) or of the user's metadata; "payload.NAME" reaches
            a field that an annotator added. A value is a string, whole number or bool (equal), a list of them
            (any of), a float (equal), None (absent or null), or bounds: `{"gte": 2, "lt": 5}`, with numbers
            or ISO dates.

    Raises:
        InputError: another form; the message shows a right one.
    """
    if condition is None or isinstance(condition, models.Filter):
        return condition
    if not hasattr(condition, "items"):
        raise InputError(
            f"The filter is a {type(condition).__name__}; give a qdrant_client.models.Filter or a dictionary "
            'such as {"document": "records.pdf", "page_start": {"gte": 3}}.'
        )
    must: list[Any] = [_condition(key, value) for key, value in condition.items()]
    return models.Filter(must=must) if must else None


def both(first: models.Filter | None, second: models.Filter | None) -> models.Filter | None:
    """A filter that holds when both do."""
    if first is None or second is None:
        return first or second
    return models.Filter(must=[first, second])


def _field(key: object) -> str:
    if not isinstance(key, str) or not key:
        raise InputError(f"A filter's key is the name of a field; got {key!r}.")
    if key.startswith("payload."):
        return key.removeprefix("payload.")
    return key if key in STORED or key.startswith("metadata.") else f"metadata.{key}"


def _condition(key: object, value: Any) -> Any:
    field = _field(key)
    if value is None:
        return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
    if isinstance(value, (str, bool, int)):
        return models.FieldCondition(key=field, match=models.MatchValue(value=value))
    if isinstance(value, float):
        return models.FieldCondition(key=field, range=models.Range(gte=value, lte=value))
    if isinstance(value, (list, tuple, set, frozenset)):
        options = sorted(value, key=str)
        if options and (
            all(isinstance(option, str) for option in options)
            or all(type(option) is int for option in options)
        ):
            return models.FieldCondition(key=field, match=models.MatchAny(any=options))
        if options and all(isinstance(option, (str, int, float)) for option in options):
            return models.Filter(should=[_condition(key, option) for option in options])
    if isinstance(value, dict) and value and set(value) <= set(_BOUNDS):
        if all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in value.values()):
            return models.FieldCondition(key=field, range=models.Range(**value))
        if all(isinstance(bound, (str, datetime.date)) for bound in value.values()):
            try:
                return models.FieldCondition(key=field, range=models.DatetimeRange(**value))
            except ValueError as error:
                raise InputError(
                    f"The filter on {key!r} has bounds {value!r}; a date is written 2019-04-02."
                ) from error
    raise InputError(
        f"The filter on {key!r} is {value!r}; give a string, number or bool, a list of strings or "
        f"numbers, or bounds ({', '.join(_BOUNDS)}) that are numbers or ISO dates."
    )
