"""Conditions on the entities of a passage and on what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qdrant_mejurix.conditions import entity_filter
from qdrant_mejurix.filters import models

from langchain_mejurix.concepts import concept_of, matches
from mejurix_st.entities import Assertion, assert_spans, recognize
from mejurix_st.errors import InputError
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_mejurix.index import Index

_ATTRIBUTES = tuple(field.name for field in fields(Assertion) if field.name != "cues")


@dataclass(frozen=True, slots=True)
class EntityConditions:
    """What must hold of a passage.

    Attributes:
        types: one of these types occurs; empty for any.
        concepts: all of these occur, by their normalized names.
        assertions: for a concept, the attributes of an assertion that some mention of it must have.
    """

    types: frozenset[EntityType]
    concepts: frozenset[str]
    assertions: dict[str, dict[str, Any]]

    @classmethod
    def of(
        cls,
        types: Sequence[str] | None,
        entities: Sequence[str] | None,
        assertions: Mapping[str, Any] | None,
    ) -> EntityConditions | None:
        """Conditions from the retriever's fields; None when there are none.

        Raises:
            InputError: an unknown type, attribute or form.
        """
        if not (types or entities or assertions):
            return None
        try:
            wanted = frozenset(EntityType(kind) for kind in types or ())
        except ValueError as error:
            valid = ", ".join(kind.value for kind in EntityType if kind is not EntityType.NONE)
            raise InputError(f"{error}; valid entity types: {valid}.") from None
        said: dict[str, dict[str, Any]] = {}
        for name, value in (assertions or {}).items():
            attributes = dict(value) if isinstance(value, Mapping) else {"status": value}
            if unknown := sorted(set(attributes) - set(_ATTRIBUTES)):
                raise InputError(
                    f"Unknown attribute of an assertion: {', '.join(unknown)}; "
                    f"valid: {', '.join(_ATTRIBUTES)}."
                )
            said[concept_of(name)] = attributes
        return cls(wanted, frozenset(concept_of(name) for name in entities or ()), said)

    def stored_filter(self, index: Index) -> models.Filter | None:
        """The part that the store can decide.

        In an index with entities that is nearly all of it (`hold` still narrows it); otherwise entity types,
        where an annotator wrote them.
        """
        names = sorted(kind.value for kind in self.types)
        if index.entities:
            wanted = [entity_filter(type=names)] if names else []
            wanted += [entity_filter(concept) for concept in sorted(self.concepts)]
            for concept, said in self.assertions.items():
                given = {name: value for name, value in said.items() if value not in (None, "")}
                wanted.append(entity_filter(concept, **given))
            return models.Filter(must=list(wanted))
        if not names or index.annotator is None:
            return None
        return models.Filter(
            must=[models.FieldCondition(key="entity_types", match=models.MatchAny(any=names))]
        )

    def hold(self, text: str) -> bool:
        """Whether a passage meets all conditions."""
        spans = recognize(text)
        if self.types and not any(span.type in self.types for span in spans):
            return False
        names = [span.normalized or span.text.lower() for span in spans]
        if not all(any(matches(name, wanted) for name in names) for wanted in self.concepts):
            return False
        if not self.assertions:
            return True
        said = assert_spans(text, spans)
        return all(
            any(
                matches(name, wanted) and all(getattr(one, key) == value for key, value in attributes.items())
                for name, one in zip(names, said, strict=True)
            )
            for wanted, attributes in self.assertions.items()
        )
