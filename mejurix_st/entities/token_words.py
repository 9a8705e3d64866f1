"""What the token head reads of a text besides the encoder's states: its words, their letters, their terms.

A word is a run of letters and digits, or one other sign: the cut of the usual biomedical entity data, so that
"beta-blocker" is three words and an entity may begin or end at a hyphen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mejurix_st.entities.recognizer import VocabularyRecognizer

Bounds = list[tuple[int, int]]

#: A run without end (encoded data) is cut, so that no word outgrows a window.
_WORD = re.compile(r"[^\W_]{1,64}|[^\w\s]|_")
CHARACTERS = 20  # letters of a word that are read: all, or the first 12 and the last 8
_FIRST = 12
_OTHER, _HANGUL = 128, 129
ALPHABET = 130  # 0 pads; ASCII by code; every other sign; Hangul
TERM_TYPES = (EntityType.DISEASE, EntityType.SYMPTOM, EntityType.MEDICATION)
SHAPES = 8
FEATURES = SHAPES + 2 * (len(TERM_TYPES) + 1)


def words(text: str) -> Bounds:
    """Offsets `[start, end)` of the words of a text, in order."""
    return [match.span() for match in _WORD.finditer(text)]


@lru_cache(maxsize=65_536)
def _letters(word: str) -> NDArray[np.uint8]:
    if len(word) > CHARACTERS:
        word = word[:_FIRST] + word[_FIRST - CHARACTERS :]
    ids = np.zeros(CHARACTERS, np.uint8)
    for place, sign in enumerate(word):
        code = ord(sign)
        ids[place] = code if 0 < code < _OTHER else _HANGUL if "가" <= sign <= "힣" else _OTHER
    return ids


@lru_cache(maxsize=65_536)
def _shape(word: str) -> tuple[bool, ...]:
    letters = [sign for sign in word if sign.isalpha()]
    upper = sum(sign.isupper() for sign in letters)
    digits = any(sign.isdigit() for sign in word)
    return (
        bool(letters) and upper == 0,
        bool(letters) and upper == len(letters) and len(letters) > 1,
        bool(letters) and word[0].isupper() and upper == 1,
        upper > 0 and not word[0].isupper(),
        digits and bool(letters),
        digits and not letters,
        not digits and not letters,
        len(word) == 1,
    )


def letters(text: str, bounds: Bounds) -> NDArray[np.uint8]:
    """(words, 20) letter ids, 0 for none."""
    if not bounds:
        return np.zeros((0, CHARACTERS), np.uint8)
    return np.stack([_letters(text[start:end]) for start, end in bounds])


def features(text: str, bounds: Bounds, terms: VocabularyRecognizer) -> NDArray[np.float32]:
    """(words, 16) float32 of 0 and 1: case and digits, and the begin and inside of known terms by type."""
    found = np.zeros((len(bounds), FEATURES), np.float32)
    for row, (start, end) in enumerate(bounds):
        found[row, :SHAPES] = _shape(text[start:end])
    row = 0
    for span in terms([text])[0]:
        kind = TERM_TYPES.index(span.type) if span.type in TERM_TYPES else len(TERM_TYPES)
        while row < len(bounds) and bounds[row][1] <= span.start:
            row += 1
        first = True
        while row < len(bounds) and bounds[row][0] < span.end:
            found[row, SHAPES + 2 * kind + (not first)] = 1
            first = False
            row += 1
    return found


@lru_cache(maxsize=1)
def project_terms() -> VocabularyRecognizer:
    """The project's own vocabulary, the same whatever extras are installed: the head was trained with it."""
    from mejurix_st.entities.recognizer import VocabularyRecognizer
    from mejurix_st.entities.vocabulary import project_vocabulary

    return VocabularyRecognizer(project_vocabulary(), citations=False)


def pool(
    states: NDArray[np.floating], offsets: Sequence[tuple[int, int]], bounds: Bounds
) -> NDArray[np.float32]:
    """Mean over the pieces that a word overlaps.

    Args:
        states: (layers, pieces, hidden) of the pieces of one text.
        offsets: (pieces,) offsets of each piece into the text; empty ones (start == end) are passed over.
        bounds: the words.

    Returns:
        (words, layers, hidden) float32; zeros for a word without a piece.
    """
    shares = np.zeros((len(bounds), states.shape[1]), np.float32)
    shares[overlaps(offsets, bounds)] = 1
    shares /= np.maximum(shares.sum(1, keepdims=True), 1)
    return np.tensordot(shares, states.astype(np.float32, copy=False), axes=(1, 1))


def overlaps(offsets: Sequence[tuple[int, int]], bounds: Bounds) -> tuple[list[int], list[int]]:
    """Pairs (word, piece) that share a character; both lists are in order of start."""
    rows: list[int] = []
    pieces: list[int] = []
    row = 0
    for piece, (start, end) in enumerate(offsets):
        if start >= end:
            continue
        while row < len(bounds) and bounds[row][1] <= start:
            row += 1
        at = row
        while at < len(bounds) and bounds[at][0] < end:
            rows.append(at)
            pieces.append(piece)
            at += 1
    return rows, pieces


class Window(NamedTuple):
    """A part of a text that is read at once.

    Attributes:
        start: offset of the part, inclusive.
        end: offset of the part, exclusive.
        first: entities that start before this offset are the previous window's to find.
        last: entities that start at or after this offset are the next window's.
    """

    start: int
    end: int
    first: int
    last: int


def windows(text: str, *, most_words: int = 96, most_characters: int = 500, shared: int = 16) -> list[Window]:
    """Parts of a text that fit the encoder, each with some words of its neighbours to both sides.

    A part has at most `most_characters` (or one word), so that even a text of one piece a character is not cut.
    """
    bounds = words(text)
    found: list[Window] = []
    first = 0
    while first < len(bounds):
        last = first + 1
        while (
            last < len(bounds)
            and last - first < most_words
            and bounds[last][1] - bounds[first][0] <= most_characters
        ):
            last += 1
        end = bounds[last - 1][1]
        follows = last - min(shared, (last - first) // 4) if last < len(bounds) else last
        middle = bounds[(follows + last) // 2][0] if last < len(bounds) else len(text)
        found.append(Window(bounds[first][0], end, found[-1].last if found else 0, middle))
        first = follows
    return found
