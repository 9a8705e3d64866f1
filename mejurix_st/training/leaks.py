"""Keeps development sets out of training: word n-gram overlap, one check for every source."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_WORDS = re.compile(r"\w+")
_SIZE = 8  # words in an n-gram: long enough that shared ones mean shared text


def ngrams(text: str, size: int = _SIZE) -> Iterator[int]:
    """Hashes of all word n-grams of a text, lower case; a shorter text is one n-gram of all its words."""
    words = _WORDS.findall(text.lower())
    if not words:
        return
    for i in range(max(1, len(words) - size + 1)):
        yield hash(tuple(words[i : i + size]))


class LeakCheck:
    """Answers whether a training text repeats a development text.

    Args:
        texts: all queries and documents of the development sets.
        share: a training text is refused when more than this share of its n-grams is in a development set.
    """

    def __init__(self, texts: Iterable[str] = (), share: float = 0.15) -> None:
        self.share = share
        self._known: set[int] = set()
        for text in texts:
            self._known.update(ngrams(text))

    def __call__(self, text: str) -> bool:
        """True when the text must not be trained on."""
        if not self._known:
            return False
        found = [gram in self._known for gram in ngrams(text)]
        return bool(found) and sum(found) / len(found) > self.share


def development_texts(folder: Path) -> Iterator[str]:
    """Every query and document of the retrieval sets in `folder/retrieval/*.json.gz`."""
    for path in sorted((folder / "retrieval").glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            data = json.load(file)
        yield from data["queries"]
        yield from data["documents"]
