"""Texts that carry their entity type."""

from __future__ import annotations

from mejurix_st.errors import InputError
from mejurix_st.types import EntityType


class TypedText(str):
    """A text and its entity type; everywhere else it is an ordinary string.

    It survives what `encode` does with texts (sorting, batching, worker processes, prompts), so a list may
    mix texts of different types and plain ones.

    Attributes:
        entity_type: the type of this text.
    """

    __slots__ = ("entity_type",)
    entity_type: EntityType

    def __new__(cls, text: str, entity_type: EntityType | str | int) -> TypedText:
        """Builds the text; `entity_type` may be given as `EntityType`, name or row number (0 to 9)."""
        self = super().__new__(cls, text)
        self.entity_type = list(EntityType)[entity_type_id(entity_type)]
        return self

    def __getnewargs__(self) -> tuple[str, EntityType]:  # type: ignore[override]
        """For pickling: without it a worker process would get the bare string."""
        return str(self), self.entity_type

    def __repr__(self) -> str:
        return f"TypedText({str.__repr__(self)}, {self.entity_type.name})"


def entity_type_id(entity_type: EntityType | str | int) -> int:
    """Row of an entity type in the original model's type embedding, 0 to 9.

    Args:
        entity_type: `EntityType`, its name in any case, or the row itself.

    Raises:
        InputError: no such type; a list of types, for which `TypedText` is the way.
    """
    if isinstance(entity_type, str):
        try:
            return EntityType(entity_type.upper()).id
        except ValueError:
            pass
    elif (
        isinstance(entity_type, int)
        and not isinstance(entity_type, bool)
        and 0 <= entity_type < len(EntityType)
    ):
        return entity_type
    hint = (
        "For one type per text, give TypedText(text, entity_type) items."
        if isinstance(entity_type, list | tuple)
        else ""
    )
    raise InputError(
        f"{entity_type!r} is no entity type; give one of {', '.join(EntityType)}, "
        f"or 0 to {len(EntityType) - 1}. {hint}".strip()
    )
