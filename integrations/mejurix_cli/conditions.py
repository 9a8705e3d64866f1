"""`--filter` conditions, from "field=value" to the store's filter language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_client import models

_CONDITION = re.compile(r"\s*([\w.\[\]-]+)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ALIASES = {"page": "page_start", "type": "entity_types", "entity": "entity_types"}
_BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_FORM = (
    "Give field=value, field!=value, or field with >, >=, <, <= and a number or a date: "
    '"document=report.pdf", "page<=3", "date>=2019-01-01", "type=DISEASE"; or a Qdrant filter as JSON.'
)


def read_filter(conditions: Sequence[str]) -> models.Filter | None:
    """All conditions together, as one filter; None when there are none.

    Args:
        conditions: each "field=value" or a comparison, or a whole `qdrant_client.models.Filter` as JSON.

    Raises:
        InputError: a condition cannot be read.
        MissingExtraError: qdrant-client is not installed.
    """
    if not conditions:
        return None
    from qdrant_mejurix.filters import models

    found = [_filter(text) if text.lstrip().startswith("{") else _condition(text) for text in conditions]
    return models.Filter(must=list(found))


def read_entity(
    conditions: models.Filter | None, entity: str | None, **said: str | None
) -> models.Filter | None:
    """The conditions, and with them one on an entity; see `qdrant_mejurix.entity_filter`.

    Args:
        conditions: of `--filter`.
        entity: of `--entity`.
        **said: what must hold of the entity, by the names of `entity_filter`; None leaves one out.

    Raises:
        InputError: a value is not valid.
    """
    if entity is None and not any(said.values()):
        return conditions
    from qdrant_mejurix import entity_filter
    from qdrant_mejurix.filters import models

    found = entity_filter(entity, **{name: value or None for name, value in said.items()})
    return found if conditions is None else models.Filter(must=[conditions, found])


def _filter(text: str) -> models.Filter:
    from pydantic import ValidationError
    from qdrant_mejurix.filters import models

    try:
        return models.Filter.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"The JSON filter cannot be read: {first['msg']}. {_FORM}") from error


def _condition(text: str) -> models.Filter | models.FieldCondition:
    from qdrant_mejurix.filters import models

    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InputError(f"The filter {text!r} cannot be read. {_FORM}")
    field, sign, value = _ALIASES.get(match[1], match[1]), match[2], match[3].strip("\"'")
    if sign in _BOUNDS:
        return models.FieldCondition(key=field, range=_range(text, _BOUNDS[sign], value))
    if _DAY.fullmatch(value):
        equal = models.FieldCondition(key=field, range=models.DatetimeRange(gte=value, lte=value))  # type: ignore[arg-type]
    else:
        number = bool(re.fullmatch(r"-?\d{1,18}", value)) and field != "document"
        equal = models.FieldCondition(
            key=field, match=models.MatchValue(value=int(value) if number else _text(field, value))
        )
    return equal if sign == "=" else models.Filter(must_not=[equal])


def _text(field: str, value: str) -> str | bool:
    if field == "entity_types":
        return value.upper()
    return value.lower() == "true" if value.lower() in ("true", "false") else value


def _range(text: str, bound: str, value: str) -> models.Range | models.DatetimeRange:
    from qdrant_mejurix.filters import models

    if _NUMBER.fullmatch(value):
        return models.Range(**{bound: float(value)})
    if _DAY.fullmatch(value):
        try:
            return models.DatetimeRange(**{bound: value})  # type: ignore[arg-type]
        except ValueError as error:
            raise InputError(f"The filter {text!r} names no day of the calendar. {_FORM}") from error
    raise InputError(f"The filter {text!r} compares with neither a number nor a date. {_FORM}")
