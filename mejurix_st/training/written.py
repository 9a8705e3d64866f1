"""Training texts written by hand for this project: contrast and relation triples, questions, terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.training.glossary import read_table

if TYPE_CHECKING:
    from collections.abc import Callable

Triple = tuple[str, str, str]


def written_triples(name: str, exclude: Callable[[str], bool] | None = None) -> list[Triple]:
    """Triples (anchor, positive, negative) of a table `written_NAME.tsv`.

    Args:
        name: `contrast_en`, `contrast_ko`, `relations_en`, `relations_ko` or `crosslingual`; the last asks in
            Korean and answers in English.
        exclude: drops a triple when true of any of its texts.

    Returns:
        Distinct triples in the order of the table.
    """
    names = (
        ("korean", "english", "negative") if name == "crosslingual" else ("anchor", "positive", "negative")
    )
    rows = [(row[names[0]], row[names[1]], row[names[2]]) for row in read_table(f"written_{name}.tsv")]
    return [t for t in dict.fromkeys(rows) if exclude is None or not any(map(exclude, t))]


def written_terms(exclude: Callable[[str], bool] | None = None) -> list[tuple[str, str]]:
    """(Korean, English) terms beside the glossary's."""
    rows = [(row["korean"], row["english"]) for row in read_table("written_terms.tsv")]
    return [t for t in dict.fromkeys(rows) if exclude is None or not any(map(exclude, t))]
