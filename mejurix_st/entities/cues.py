"""Assertion cues: the commented tables `data/cues_*.tsv`, matched in one Aho-Corasick pass.

The method is that of NegEx (Chapman, Bridewell, Hanbury, Cooper and Buchanan, "A simple algorithm for
identifying negated findings and diseases in discharge summaries", Journal of Biomedical Informatics 34,
2001) and ConText (Harkema, Dowling, Thornblade and Chapman, "ConText: an algorithm for determining
negation, experiencer, and temporal status from clinical reports", Journal of Biomedical Informatics 42,
2009). The tables are this project's own.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick

from mejurix_st.entities._fold import fold_phrase, is_hangul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mejurix_st.entities._fold import Folded


class Cue(NamedTuple):
    """One cue found in a text, `[start, end)` in code points of the source; the rest is its table row."""

    start: int
    end: int
    category: str
    direction: str
    value: str
    korean: bool


def read_rows(name: str) -> list[list[str]]:
    """Rows of a package table, comments and blank lines left out; cells are not stripped.

    Args:
        name: file name inside the package's `data` folder.
    """
    text = resources.files("mejurix_st.entities").joinpath("data", name).read_text("utf-8")
    return [line.split("\t") for line in text.split("\n") if line and not line.startswith("#")]


def _expand(phrase: str, sets: dict[str, list[str]]) -> Iterator[str]:
    """Every phrase that a row with `{name}` placeholders stands for."""
    left, brace, rest = phrase.partition("{")
    if not brace:
        yield phrase
        return
    name, _, right = rest.partition("}")
    for word in sets[name]:
        yield from _expand(left + word + right, sets)


@lru_cache(maxsize=1)
def _automaton() -> ahocorasick.Automaton:
    """The cue automaton: pattern → (length, is Korean, category, direction, value, implied family cue)."""
    automaton = ahocorasick.Automaton()
    for table in ("cues_en.tsv", "cues_ko.tsv"):
        sets: dict[str, list[str]] = {}
        for row in read_rows(table):
            if row[0].startswith("@"):
                sets[row[0][1:]] = row[1].split("|")
                continue
            category, direction, value = (*row[1:4], "", "")[:3]
            for phrase in _expand(row[0], sets):
                pattern = fold_phrase(phrase)
                korean = is_hangul(phrase) or "\ue000" in pattern
                if "\ue000" in pattern:
                    pattern = pattern.strip()
                automaton.add_word(pattern, (len(pattern), korean, category, direction, value))
    automaton.make_automaton()
    return automaton


def find_cues(folded: Folded) -> list[Cue]:
    """Find the cues of a text, the longest where two overlap.

    Args:
        folded: the folded text.

    Returns:
        Cues in order of start, SKIP rows (look-alikes) removed after they have displaced what they contain.
    """
    text, source = folded.text, folded.source
    limit = len(text)
    found: list[tuple[int, int, str, str, str, bool]] = []
    for last, (length, korean, category, direction, value) in _automaton().iter(text):
        stop = last + 1
        if not korean:
            if stop < limit and text[stop].isalnum() and text[stop] < "ᄀ":
                continue
            if (
                direction == "FB"
                and text[stop - 3 : stop] == "may"
                and text[stop : stop + 2].strip().isdigit()
            ):
                continue  # the month
            found.append((stop - length + 1, stop, category, direction, value, False))
        else:
            found.append((stop - length, stop, category, direction, value, True))
    if not found:
        return []
    kept = _longest(found)
    cues = []
    for start, stop, category, direction, value, korean in kept:
        if category == "SKIP":
            continue
        begin, end = source(start, stop)
        cues.append(Cue(begin, end, category, direction, value, korean))
        if category == "NEG" and direction == "F" and "family" in text[start:stop]:
            cues.append(Cue(begin, end, "FAM", "F", "", False))
    return cues


def _longest(found: list[tuple[int, int, str, str, str, bool]]) -> list[tuple[int, int, str, str, str, bool]]:
    """Resolve overlaps, longest first, inside each cluster of overlapping matches."""
    found.sort(key=lambda m: (m[0], -m[1]))
    kept: list[tuple[int, int, str, str, str, bool]] = []
    cluster: list[tuple[int, int, str, str, str, bool]] = []
    reach = -1
    for match in [*found, None]:
        if match is not None and match[0] < reach:
            cluster.append(match)
            reach = max(reach, match[1])
            continue
        if len(cluster) == 1:
            kept.append(cluster[0])
        elif cluster:
            chosen: list[tuple[int, int, str, str, str, bool]] = []
            for candidate in sorted(cluster, key=lambda m: m[0] - m[1]):
                if all(candidate[1] <= other[0] or other[1] <= candidate[0] for other in chosen):
                    chosen.append(candidate)
            kept.extend(sorted(chosen))
        if match is not None:
            cluster, reach = [match], match[1]
    return kept
