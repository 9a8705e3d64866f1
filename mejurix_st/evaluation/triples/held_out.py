"""The guard between development triples and training data.

Training builders ask `held_out().conflicts(text)` of every text they make. Generated contrast triples must be
clear of test cues; any text must be clear of test sentences; a glossary must be clear of the test terms.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError
from mejurix_st.evaluation.triples.cues import TEST_CUES
from mejurix_st.evaluation.triples.loading import (
    AXES,
    LANGUAGES,
    PLAIN,
    load_crosslingual,
    load_terms,
    load_triples,
    triple_sets,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

KINDS: tuple[str, ...] = ("cue", "sentence", "term", "entity", "pair")
"""What `HeldOut.conflicts` can look for."""

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_HANGUL = re.compile(r"[가-힣]")
_SIZE = 6  # words of a Latin-script gram; characters of a Korean one, since Korean words carry their endings
_NEAR = 0.5  # share of a test sentence's grams from which a text that has them counts as its near duplicate


def _normalise(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _grams(text: str) -> set[str]:
    """6-grams of a text: of characters without spaces in Korean, else of words; one gram when shorter."""
    units: list[str] | str = _normalise(text).split()
    joint = " "
    if _HANGUL.search(text):
        units, joint = "".join(units), ""
    starts = range(max(1, len(units) - _SIZE + 1)) if units else ()
    return {joint.join(units[i : i + _SIZE]) for i in starts}


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Matches whole phrases in normalised text; a Korean phrase may carry an ending or a particle."""
    options = sorted({_normalise(p) for p in phrases}, key=lambda p: (-len(p), p))
    ends = (re.escape(p) + ("" if _HANGUL.search(p) else r"(?![\w-])") for p in options)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(ends) or '(?!)'})")


@dataclass(frozen=True)
class HeldOut:
    """What belongs to the development triples.

    Attributes:
        cues: deciding phrases of the axes, both languages, lower case; Korean ones are stems.
        entities: key terms of all triples, lower case.
        terms: Korean terms and English terms of the term pairs, normalised.
        sentences: normalised 6-grams of each text, by triple and role, such as "negation.en.003 anchor".
    """

    cues: frozenset[str]
    entities: frozenset[str]
    terms: frozenset[str]
    sentences: Mapping[str, frozenset[str]]
    _rows: Mapping[str, frozenset[str]]
    _index: Mapping[str, tuple[str, ...]]
    _patterns: Mapping[str, re.Pattern[str]]

    def conflicts(
        self, text: str, kinds: Collection[str] = ("cue", "sentence", "term"), axis: str | None = None
    ) -> list[str]:
        """Reasons why a text must not be trained on; empty when there are none.

        Args:
            text: one training text; for "pair", anchor and positive joined.
            kinds: what to look for. "cue": a test cue as a whole phrase (for generated contrast texts; plain
                text is full of such words). "sentence": a near duplicate of a test text (for every text).
                "term": the text is, as a whole, a test term. "entity": a key term as a whole phrase.
                "pair": all key terms of one triple, at least two.
            axis: looks for this axis' cues only.

        Raises:
            InputError: an unknown kind or axis.
        """
        if unknown := set(kinds) - set(KINDS):
            raise InputError(f"unknown kinds {sorted(unknown)}; use some of: {', '.join(KINDS)}")
        if axis is not None and axis not in AXES:
            raise InputError(f"unknown axis {axis!r}; use one of: {', '.join(AXES)}")
        plain = _normalise(text)
        found: list[str] = []
        if "cue" in kinds:
            found += [f"cue: {cue}" for cue in sorted(set(self._patterns[axis or "cue"].findall(plain)))]
        if "term" in kinds and plain in self.terms:
            found.append(f"term: {plain}")
        if "sentence" in kinds:
            found += [f"sentence: {name}" for name in self._near(text)]
        if "entity" in kinds:
            found += [f"entity: {e}" for e in sorted(set(self._patterns["entity"].findall(plain)))]
        if "pair" in kinds:
            seen = {e for e in self.entities if e in plain and _pattern([e]).search(plain)}
            found += [f"pair: {name}" for name, row in self._rows.items() if len(row) > 1 and row <= seen]
        return found

    def excludes(self, text: str) -> bool:
        """True when `conflicts(text)` finds a cue, a sentence or a term: a filter for generated texts."""
        return bool(self.conflicts(text))

    def _near(self, text: str) -> list[str]:
        shared = Counter(name for gram in _grams(text) for name in self._index.get(gram, ()))
        return sorted(n for n, count in shared.items() if count >= _NEAR * len(self.sentences[n]))


@cache
def held_out() -> HeldOut:
    """The guard over all development triples and terms; read once for each process."""
    triples = [t for s in triple_sets() for t in s.load()] + load_crosslingual()
    triples += [t for name in PLAIN for language in LANGUAGES for t in load_triples(name, language)]
    roles = ("anchor", "positive", "negative")
    texts = {f"{t.id} {role}": getattr(t, role) for t in triples for role in roles}
    sentences = {name: frozenset(_grams(text)) for name, text in texts.items()}
    index: dict[str, list[str]] = defaultdict(list)
    for name, grams in sentences.items():
        for gram in grams:
            index[gram].append(name)
    by_axis = {a: {c.lower() for cues in TEST_CUES[a].values() for c in cues} for a in AXES}
    rows = {t.id: frozenset(_normalise(e) for e in t.entities) for t in triples}
    cues = frozenset().union(*by_axis.values())
    entities = frozenset().union(*rows.values())
    patterns = {a: _pattern(found) for a, found in by_axis.items()}
    return HeldOut(
        cues=cues,
        entities=entities,
        terms=frozenset(_normalise(term) for pair in load_terms() for term in (pair.ko, pair.en)),
        sentences=sentences,
        _rows=rows,
        _index={gram: tuple(names) for gram, names in index.items()},
        _patterns={**patterns, "cue": _pattern(cues), "entity": _pattern(entities)},
    )
