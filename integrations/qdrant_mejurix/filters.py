"""Filters, in the language of `qdrant_client.models`, and the binding of every one of them to a matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError, MissingExtraError

try:
    from qdrant_client import models
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The vector store", "qdrant") from _error

if TYPE_CHECKING:
    from collections.abc import Sequence


def equals(key: str, value: str | int | bool) -> models.FieldCondition:
    """The condition that a payload field has this value."""
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def in_matter(matter: str, user: models.Filter | None = None) -> models.Filter:
    """The filter of everything that is asked of a matter.

    The matter's condition stands beside the user's whole filter under one `must`, so that nothing in the
    user's filter (`should`, `must_not`, ids, nesting) can reach a point of another matter, or one that is
    being staged.

    Args:
        matter: checked name of the matter.
        user: any filter, or None.

    Raises:
        InputError: `user` is not a `qdrant_client.models.Filter`.
    """
    if user is None:
        return models.Filter(must=[equals("matter", matter)])
    if not isinstance(user, models.Filter):
        raise InputError(
            f"A filter is a qdrant_client.models.Filter; got {type(user).__module__}.{type(user).__name__}. "
            "Build one with models.Filter(must=[models.FieldCondition(...)])."
        )
    return models.Filter(must=[equals("matter", matter), user])


def staged_in(matter: str, document: str | None = None, version: str | None = None) -> models.Filter:
    """Points that are being staged, invisible to searches."""
    must: list[models.Condition] = [equals("staged", matter)]
    if document is not None:
        must.append(equals("document", document))
    if version is not None:
        must.append(equals("version", version))
    return models.Filter(must=must)


def document_in(matter: str, document: str, *, except_version: str | None = None) -> models.Filter:
    """Findable passages of one document, all of them or all but one version's."""
    other = [equals("version", except_version)] if except_version is not None else None
    return models.Filter(
        must=[equals("matter", matter), equals("document", document), equals("kind", "document")],
        must_not=other,  # type: ignore[arg-type]
    )


def having_ids(ids: Sequence[str]) -> models.Filter:
    """Points with these ids (canonical UUIDs)."""
    return models.Filter(must=[models.HasIdCondition(has_id=list(ids))])


def asks_for_entities(condition: Any) -> bool:
    """Whether a filter has a condition on the payload field `entities`."""
    if isinstance(condition, models.NestedCondition):
        return condition.nested.key.removesuffix("[]") == "entities"
    if isinstance(condition, models.FieldCondition):
        return condition.key.startswith("entities[")
    if not isinstance(condition, models.Filter):
        return False
    parts: list[Any] = [condition.must, condition.should, condition.must_not]
    parts.append(condition.min_should.conditions if condition.min_should else None)
    return any(
        asks_for_entities(item)
        for part in parts
        if part is not None
        for item in (part if isinstance(part, list) else [part])
    )
