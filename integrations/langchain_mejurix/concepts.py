"""Concepts: what entities are called once synonyms and languages are out of the way."""

from __future__ import annotations

from mejurix_st.entities import recognize
from mejurix_st.errors import InputError


def concept_of(name: str) -> str:
    """The concept's one name, whatever synonym or language it is given in."""
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"An entity is named by a word or phrase; got {name!r}.")
    whole = name.strip()
    for span in recognize(whole):
        if span.start == 0 and span.end == len(whole) and span.normalized:
            return span.normalized
    return whole.lower()


def matches(name: str, wanted: str) -> bool:
    """Whether a concept is the wanted one or a narrower one: "lumbar fracture" is a "fracture"."""
    return name == wanted or name.endswith(" " + wanted)
