"""The keyword arm: BM25 vectors for English and Korean, with citations kept whole.

Tokenisation, English stemming and the weights are Qdrant's own BM25 (Robertson and Zaragoza, "The
Probabilistic Relevance Framework: BM25 and Beyond", 2009), so that every back end has the same vectors. Its
tokenizer splits at white space and punctuation. Two things are lost that way and added here, as further words
at the end of the text:

* Korean endings: "골절이" and "골절은" share no word. Overlapping pairs of syllables (character bigrams;
  Lee and Ahn, "Using n-grams for Korean text retrieval", SIGIR 1996) let them meet without a dictionary.
* Citations: "38 U.S.C. § 1154(b)" falls into numbers and letters that occur everywhere. It is added as one
  word, once per level ("38usc1154", "38usc1154b"), whatever its spacing and dots.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.errors import MissingExtraError
from qdrant_mejurix.points import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANGUL = re.compile(r"[가-힣]+")
_CITATION = re.compile(
    r"\b(\d{1,4})\s+"  # volume or title
    r"((?:[A-Z][A-Za-z]{0,6}\.?\s?){1,5}(?:[23]d\s)?)"  # reporter or code: U.S.C., CFR, F.3d, Vet. App.
    r"\s*(?:§{1,2}|[Ss]ec(?:tion|\.)?)?\s*"
    r"(\d[\d.\-]*[a-z]?)"  # page or section
    r"((?:\s?\([0-9A-Za-z]{1,4}\)){0,5})"  # subsections
)
_SECTION = re.compile(
    r"(?:§{1,2}|\b[Ss]ec(?:tion|\.))\s*(\d[\d.\-]*[a-z]?)((?:\s?\([0-9A-Za-z]{1,4}\)){0,5})"
)
_KOREAN_ARTICLE = re.compile(r"제\s*(\d+)\s*(조|항|호)(?:\s*의\s*(\d+))?")
_KOREAN_CASE = re.compile(r"\d{2,4}\s?[가-힣]{1,3}\s?\d{2,7}")
_NOT_WORD = re.compile(r"[^0-9A-Za-z가-힣]+")


def _squeeze(text: str) -> str:
    return _NOT_WORD.sub("", text).lower()


def _levels(stem: str, number: str, subsections: str) -> Iterator[str]:
    # The decimal point is spelled, so that 3.303 and 33.03 stay apart and the tokenizer does not split there.
    word = stem + number.rstrip(".-").replace(".", "p").replace("-", "h").lower()
    yield word
    for part in re.findall(r"[0-9A-Za-z]+", subsections):
        word += part.lower()
        yield word


def citation_words(text: str) -> list[str]:
    """One word for every citation in `text`, and one for each level of its subsections."""
    words: list[str] = []
    for match in _CITATION.finditer(text):
        if "." not in match[2] and "§" not in match[0] and not match[2].strip().isupper():
            continue  # "3 March 2019" is no citation
        words += _levels(match[1] + _squeeze(match[2]), match[3], match[4])
    for match in _SECTION.finditer(text):
        words += _levels("section", match[1], match[2])
    for match in _KOREAN_ARTICLE.finditer(text):
        words.append(f"제{match[1]}{match[2]}" + (f"의{match[3]}" if match[3] else ""))
    words += [_squeeze(match[0]) for match in _KOREAN_CASE.finditer(text)]
    return words


def syllable_pairs(text: str) -> list[str]:
    """Overlapping pairs of Hangul syllables, run by run; a run of one or two syllables is a word already."""
    return [run[i : i + 2] for run in _HANGUL.findall(text) if len(run) > 2 for i in range(len(run) - 1)]


def expand(text: str) -> str:
    """`text` with the added words at its end; what the BM25 vectors are computed from."""
    added = syllable_pairs(text) + citation_words(text)
    return f"{text} {' '.join(added)}" if added else text


class LexicalEncoder:
    """BM25 vectors; inverse document frequency is left to the store, matter by matter."""

    def __init__(self) -> None:
        try:
            from qdrant_edge import Bm25, Bm25Config
        except ImportError as error:
            raise MissingExtraError("The vector store", "qdrant") from error
        self._bm25 = Bm25(Bm25Config(language="english"))

    def encode_document(self, text: str) -> SparseVector:
        """Term weights of one passage."""
        vector = self._bm25.embed_document(expand(text))
        return SparseVector(list(vector.indices), list(vector.values))

    def encode_query(self, text: str) -> SparseVector:
        """Weight 1 for each distinct word of a query; empty for a query of stop words."""
        vector = self._bm25.embed_query(expand(text))
        return SparseVector(list(vector.indices), list(vector.values))
