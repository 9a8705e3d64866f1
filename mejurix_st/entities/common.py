"""Concepts that nearly every file names, whatever it says."""

from __future__ import annotations

_PROCEEDINGS = frozenset(
    ["plaintiff", "defendant", "claimant", "court", "jury", "judge", "evidence", "witness", "attorney"]
)


def is_of_proceedings(name: str) -> bool:
    """Whether a concept is a party, a court or the evidence: it stands in every file and distinguishes none.

    Args:
        name: normalised name of an entity, lower case.

    >>> is_of_proceedings("plaintiff"), is_of_proceedings("fracture")
    (True, False)
    """
    return name in _PROCEEDINGS
