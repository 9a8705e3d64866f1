"""Content words across Korean and English, by a table of everyday words (`word_pairs.tsv`).

Words of one language that share a word of the other count as synonyms: "surgery" and "operation" are both "수술".
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from langchain_mejurix.words import content_words, covered

RELATED = 0.8
"""What a translation or a synonym counts against the word itself."""
_LONGEST = 4


@lru_cache(maxsize=1)
def _pairs() -> dict[str, frozenset[str]]:
    """Korean stem to English stems."""
    table = resources.files("langchain_mejurix").joinpath("word_pairs.tsv").read_text("utf-8")
    found: dict[str, frozenset[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            korean, _, english = line.partition("\t")
            found[korean] = frozenset(content_words(english.replace("-", " ")))
    return found


@lru_cache(maxsize=1)
def _reverse() -> dict[str, frozenset[str]]:
    """English stem to Korean stems."""
    found: dict[str, set[str]] = {}
    for korean, english in _pairs().items():
        for word in english:
            found.setdefault(word, set()).add(korean)
    return {word: frozenset(korean) for word, korean in found.items()}


@lru_cache(maxsize=4096)
def translations(word: str) -> frozenset[str]:
    """Stems in the other language that a content word's stem may stand for; empty when the table has none.

    A Korean compound is known by the longest entry that it begins with, and the longest that it ends with.
    """
    if word.isascii():
        return _reverse().get(word, frozenset())
    sizes = range(min(_LONGEST, len(word)), 1, -1)
    front = next((word[:n] for n in sizes if word[:n] in _pairs()), "")
    back = next((word[-n:] for n in sizes if word[-n:] in _pairs()), "")
    return _pairs().get(front, frozenset()) | _pairs().get(back, frozenset())


@lru_cache(maxsize=4096)
def related(word: str) -> frozenset[str]:
    """Translations of a stem and its synonyms."""
    others = translations(word)
    synonyms = {synonym for other in others for synonym in translations(other)} if word.isascii() else set()
    return (others | synonyms) - {word}


def met(word: str, stems: frozenset[str] | set[str], text: str) -> float:
    """How well a text holds a question's word, in either language: 1 for the word, `RELATED` for a related one.

    Args:
        word: stem of a content word (`words.content_words`).
        stems: of the text's content words.
        text: the text itself, for Korean compounds.
    """
    if covered(word, stems, text):
        return 1.0
    return RELATED * any(other in stems if other.isascii() else other in text for other in related(word))
