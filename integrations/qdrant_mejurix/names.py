"""Which names a matter, a document and a record may have."""

from __future__ import annotations

import unicodedata

from mejurix_st.errors import InputError

MATTER_LIMIT = 200
DOCUMENT_LIMIT = 500
_JOINER = "\u200d"


def _is_hidden(text: str, position: int) -> bool:
    """True for a character that a reader cannot see, so that two different names could look the same."""
    character = text[position]
    if character == _JOINER:  # joins emoji; anywhere else it only disguises a name
        return position == 0 or unicodedata.category(text[position - 1]) not in ("So", "Sk", "Mn")
    return not character.isprintable()


def _check(kind: str, name: object, limit: int) -> str:
    if not isinstance(name, str):
        raise InputError(f"A {kind} name is a string; got {type(name).__name__}.")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"The {kind} name {name!r} is not valid Unicode; rename it.") from None
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean:
        raise InputError(f"The {kind} name is empty; give 1 to {limit} printable characters.")
    if len(clean) > limit:
        raise InputError(f"The {kind} name has {len(clean)} characters; give at most {limit}.")
    for position, character in enumerate(clean):
        if _is_hidden(clean, position):
            raise InputError(
                f"The {kind} name {clean!r} holds U+{ord(character):04X} at position {position}, "
                "which cannot be seen; use printable characters only."
            )
    return clean


def check_matter_name(name: object) -> str:
    """The matter's name in its one form: NFC, stripped, 1 to 200 printable code points.

    Spaces inside, slashes, Korean and emoji are allowed; upper and lower case differ.

    Raises:
        InputError: for anything else.
    """
    return _check("matter", name, MATTER_LIMIT)


def check_document_name(name: object) -> str:
    """The document's name in its one form: NFC, stripped, 1 to 500 printable code points.

    Raises:
        InputError: for anything else.
    """
    return _check("document", name, DOCUMENT_LIMIT)


def check_record_id(identifier: object) -> str:
    """A record's id: any string of 1 to 500 code points.

    Raises:
        InputError: for anything else.
    """
    if not isinstance(identifier, str) or not 1 <= len(identifier) <= DOCUMENT_LIMIT:
        raise InputError(
            f"A record id is a string of 1 to {DOCUMENT_LIMIT} characters; got {identifier!r:.80}."
        )
    return identifier
