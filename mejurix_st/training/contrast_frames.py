"""The frames of the contrast triples: groups of wordings, their alternatives, and terms for their slots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from mejurix_st.training.glossary import Term, parse_terms, read_table, terms_by_slot

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

AXES = ("negation", "severity", "temporality", "laterality", "experiencer")
LANGUAGES = ("en", "ko")
DOMAINS = ("medical", "legal")
_CHOICE = re.compile(r"\[([^\]]*)\]|<([a-z]+)>")

# Macros of the severity frames: words for a low, a high and a middle degree.
DEGREES: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    "en": {
        "sev": (("mild", "mild", "slight", "minor"), ("severe", "severe", "marked", "major"), ("moderate",)),
        "sevly": (("mildly", "slightly"), ("severely", "markedly"), ("moderately",)),
        "deg": (("partial",), ("total",)),
    },
    "ko": {
        "sev": (("경미한", "경도의"), ("심한", "중증의"), ("중등도의",)),
        "sevn": (("경도",), ("중증",), ("중등도",)),
    },
}


@dataclass(slots=True)
class Group:
    """Wordings of one fact: statements, and queries that ask for one side of it."""

    statements: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)


@cache
def groups(language: str) -> Mapping[tuple[str, str], tuple[Group, ...]]:
    """Groups of frames of one language by axis and domain."""
    found: dict[tuple[str, str], dict[str, Group]] = {}
    for row in read_table("contrast_frames.tsv"):
        if row["language"] == language and row["axis"] != "filler":
            group = found.setdefault((row["axis"], row["domain"]), {}).setdefault(row["group"], Group())
            (group.queries if row["form"] == "query" else group.statements).append(row["frame"])
    return {key: tuple(groups.values()) for key, groups in found.items()}


@cache
def fillers(language: str, domain: str) -> tuple[str, ...]:
    """Neutral sentences that may stand around a statement."""
    return tuple(
        row["frame"]
        for row in read_table("contrast_frames.tsv")
        if (row["language"], row["axis"], row["domain"]) == (language, "filler", domain)
    )


@cache
def slots() -> Mapping[str, tuple[Term, ...]]:
    """Terms by slot: the glossary's and those of `contrast_slots.tsv`."""
    pools = dict(terms_by_slot())
    for term in parse_terms("contrast_slots.tsv"):
        pools[term.kind] = (*pools.get(term.kind, ()), term)
    return pools


def frame_counts(language: str) -> dict[str, int]:
    """Statement frames by axis, each counted once per wording that its degree words allow.

    Args:
        language: `en` or `ko`.

    Returns:
        Axis -> number of distinct wordings of a side, before any term is filled in.
    """
    counts = dict.fromkeys(AXES, 0)
    for (axis, _), members in groups(language).items():
        for frame in (frame for group in members for frame in group.statements):
            words = [len(set(DEGREES[language][m[2]][0])) for m in _CHOICE.finditer(frame) if m[2]]
            counts[axis] += max(words, default=1)
    return counts


def decide(frame: str, side: int, language: str, rng: random.Random) -> str:
    """Choose one side of every alternative of a frame.

    Args:
        frame: A frame with `[a|b]`, `[low|high|middle]` or a degree macro such as `<sev>`.
        side: 0 affirmed, low, earlier, left, or the patient; 1 the opposite; 2 the middle degree.
        language: `en` or `ko`; sets the words of the macros.
        rng: Chooses among degree words of the same level.

    Returns:
        The frame with slots still in it.
    """

    def replace(match: re.Match[str]) -> str:
        if match[2]:
            return rng.choice(DEGREES[language][match[2]][side])
        return match[1].split("|")[side]

    return re.sub(r" +", " ", _CHOICE.sub(replace, frame)).strip()


def sides(frame: str, language: str) -> int:
    """How many sides a frame knows: 0 for a neutral question, 2, or 3 with a middle degree."""
    counts = [len(DEGREES[language][m[2]]) if m[2] else m[1].count("|") + 1 for m in _CHOICE.finditer(frame)]
    return min(counts, default=0)
