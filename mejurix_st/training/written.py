"""Training texts written by hand for this project: contrast and relation triples, questions, terms.

One block of twenty rows in twelve is kept out of training, so that a run can be watched on rows of its own kind.
Rows that mirror each other stand side by side, hence blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mejurix_st.training.glossary import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Triple = tuple[str, str, str]
Part = Literal["training", "validation", "all"]
TRIPLE_TABLES = ("contrast_en", "contrast_ko", "relations_en", "relations_ko", "crosslingual")
_BLOCK, _ONE_IN = 20, 12


def part_of(rows: Sequence[dict[str, str]], part: Part) -> list[dict[str, str]]:
    """The rows of a table that belong to a part; which one is a matter of their position alone."""
    return [
        row
        for i, row in enumerate(rows)
        if part == "all" or (i // _BLOCK % _ONE_IN == _ONE_IN - 1) == (part == "validation")
    ]


def refused(triple: Triple, exclude: Callable[[str], bool] | None) -> bool:
    """True when a guard refuses one of the texts, or anchor and positive joined: a fact of the test side."""
    return exclude is not None and any(map(exclude, (*triple, f"{triple[0]} {triple[1]}")))


def written_triples(
    name: str, exclude: Callable[[str], bool] | None = None, part: Part = "training"
) -> list[Triple]:
    """Triples (anchor, positive, negative) of a table `written_NAME.tsv`.

    Args:
        name: one of `TRIPLE_TABLES`; `crosslingual` asks in Korean and answers in English.
        exclude: drops a triple when true of any of its texts, or of anchor and positive joined.
        part: "training", "validation" (about a twelfth), or "all".

    Returns:
        Distinct triples in the order of the table.
    """
    names = (
        ("korean", "english", "negative") if name == "crosslingual" else ("anchor", "positive", "negative")
    )
    found = part_of(read_table(f"written_{name}.tsv"), part)
    rows = [(row[names[0]], row[names[1]], row[names[2]]) for row in found]
    return [t for t in dict.fromkeys(rows) if not refused(t, exclude)]


def written_terms(
    exclude: Callable[[str], bool] | None = None, part: Part = "training"
) -> list[tuple[str, str]]:
    """(Korean, English) terms beside the glossary's; arguments as of `written_triples`."""
    return _translations("terms", exclude, part)


def written_parallel(
    exclude: Callable[[str], bool] | None = None, part: Part = "training"
) -> list[tuple[str, str]]:
    """(Korean, English) sentences and phrases of one meaning; arguments as of `written_triples`."""
    return _translations("parallel", exclude, part)


def written_translations(exclude: Callable[[str], bool] | None = None) -> list[tuple[str, str]]:
    """(Korean, English) texts: triples of the English tables, translated cell by cell."""
    return _translations("translations", exclude, "all")


def translated_triples(name: str, exclude: Callable[[str], bool] | None = None) -> list[Triple]:
    """The training triples of an English table whose three texts have translations, in Korean.

    Args:
        name: "contrast_en" or "relations_en".
        exclude: as of `written_triples`, asked of the Korean texts and of the English ones.
    """
    korean = {english: text for text, english in reversed(written_translations())}
    rows = [t for t in written_triples(name, exclude) if all(text in korean for text in t)]
    found = [(korean[a], korean[p], korean[n]) for a, p, n in rows]
    return [t for t in dict.fromkeys(found) if len(set(t)) == len(t) and not refused(t, exclude)]


def _translations(name: str, exclude: Callable[[str], bool] | None, part: Part) -> list[tuple[str, str]]:
    found = part_of(read_table(f"written_{name}.tsv"), part)
    rows = [(row["korean"], row["english"]) for row in found]
    return [t for t in dict.fromkeys(rows) if exclude is None or not any(map(exclude, t))]
