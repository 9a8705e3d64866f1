"""Folded view of a text: what the automata read, position for position.

Folding lower-cases, turns hyphens, quotes, brackets and white space into one space each, and puts one space
in front, so that a pattern that starts with a space matches at the beginning of a word only. The folded text
has one character per source character (plus the leading space), so an offset needs no table; where Unicode
forbids that (decomposed Hangul, letters whose lower case is longer), a table is kept.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SPACES = "\t\n\r\x0b\x0c\xa0\u2002\u2003\u2009\u202f\u3000-‐‑‒–—−_'’‘`\"“”„«»()[]{}<>「」『』《》〈〉/·•*#|~"
_TABLE = {ord(c): " " for c in _SPACES} | {
    0xFF0C: ",",
    0xFF1A: ":",
    0xFF1B: ";",
    0xFF1F: "?",
    0xFF0E: ".",
    0x3002: ".",
}
#: A finding marked negative in a chart, "(-)", written in brackets that folding removes.
_MINUS = "\ue000\ue000\ue000"


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text.

    Attributes:
        text: folded characters; index i + 1 belongs to source character i, unless `offsets` is given.
        offsets: source offset of each folded character, then the source's length; None for the plain shift
            by one.
    """

    text: str
    offsets: list[int] | None = None

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Source offsets of the folded slice `[start, end)`."""
        if self.offsets is None:
            return max(start - 1, 0), end - 1
        return self.offsets[start], self.offsets[end]


def _plain(text: str) -> str:
    for minus in ("(-)", "(−)", "(–)"):
        if minus in text:
            text = text.replace(minus, _MINUS)
    return text.translate(_TABLE)


@lru_cache(maxsize=2)
def fold(text: str) -> Folded:
    """Fold a source text. The last ones are kept: recognition and assertion fold the same text in turn.

    Args:
        text: any string.

    Returns:
        The folded text, and the offset table where one is needed.
    """
    if text.isascii():
        return Folded(" " + _plain(text.lower()))
    lower = text.lower()
    if len(lower) == len(text) and unicodedata.is_normalized("NFC", lower):
        return Folded(" " + _plain(lower))
    return _fold_with_table(text)


def _fold_with_table(text: str) -> Folded:
    """Compose each base character with its marks; remember where each result came from."""
    pieces, offsets = [" "], [0]
    index = 0
    while index < len(text):
        stop = index + 1
        while stop < len(text) and (unicodedata.combining(text[stop]) or 0x1160 <= ord(text[stop]) <= 0x11FF):
            stop += 1
        piece = unicodedata.normalize("NFC", text[index:stop].lower())
        pieces.append(piece)
        offsets.extend([index] * len(piece))
        index = stop
    offsets.append(len(text))
    return Folded(_plain("".join(pieces)), offsets)


def fold_phrase(phrase: str) -> str:
    """Folded form of a vocabulary term or cue: a leading space for alphabetic scripts, none for Hangul."""
    folded = fold(phrase).text
    return folded[1:] if is_hangul(phrase) else folded


def is_hangul(text: str) -> bool:
    """Whether a text has a Hangul syllable, and so follows Korean word boundaries (particles attach)."""
    return not text.isascii() and any("가" <= c <= "힣" for c in text)
