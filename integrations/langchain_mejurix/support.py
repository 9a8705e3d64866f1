"""Whether retrieved passages support a sentence: rules first (`agreement`), then the embedding."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from langchain_mejurix.agreement import disagreement
from langchain_mejurix.evidence import Passage, Window, windows_of
from langchain_mejurix.facts import coverage, facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qdrant_mejurix.encoders import TextEncoder

LEAST_SIMILARITY = 0.15
"""Least similarity of a sentence and its evidence, on the scale of `Similarity`, within one language."""
LEAST_SIMILARITY_ACROSS = 0.15
"""The same across English and Korean."""

_BACKGROUND = (
    "The meeting begins at nine in the large hall.",
    "Please send the parcel to the new address.",
    "The museum is closed on Mondays.",
    "Rain is expected in the north.",
    "회의는 대강당에서 아홉 시에 시작한다.",
    "소포는 새 주소로 보내 주십시오.",
    "박물관은 월요일에 휴관한다.",
    "북부 지방에 비가 예상된다.",
)
REQUEST = re.compile(
    r"\?[\"'”’)]*$|^\W*(?:\d+\.\s*)?(?:describe|state|identify|list|explain|produce|admit)\b", re.IGNORECASE
)
"""Questions and requests ask; they say nothing that could support a sentence."""
_MOST_TRIED = 6
_CACHE_SIZE = 20_000


class Similarity:
    """Similarity of texts under an index's encoder, on a scale that does not depend on the encoder.

    Encoders differ in how alike unrelated texts look to them (cosines from 0 to 0.8). A cosine is therefore
    placed between the mean cosine of the text with unrelated sentences, which becomes 0, and 1.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._cache: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()
        background = encoder.encode_documents(list(_BACKGROUND))
        self._background: NDArray[np.float32] = _unit(background)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension) float32 of unit norm; texts seen before cost nothing."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._cache]
            if len(self._cache) + len(missing) > _CACHE_SIZE:
                self._cache.clear()
                missing = list(dict.fromkeys(texts))
            if missing:
                self._cache.update(zip(missing, _unit(self._encoder.encode_documents(missing)), strict=True))
            return np.stack([self._cache[text] for text in texts])

    def query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32 of unit norm."""
        return _unit(self._encoder.encode_query(text).reshape(1, -1))[0]

    def scaled(self, vector: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) float32, at most 1: similarity of one unit vector to n unit vectors."""
        floor = float(np.mean(self._background @ vector))
        return np.asarray((others @ vector - floor) / max(1.0 - floor, 1e-6), dtype=np.float32)


_similarities: WeakKeyDictionary[TextEncoder, Similarity] = WeakKeyDictionary()
_similarities_lock = threading.Lock()


def similarity_of(encoder: TextEncoder) -> Similarity:
    """The `Similarity` of an encoder; one for each, so that its cache serves every question."""
    with _similarities_lock:
        if encoder not in _similarities:
            _similarities[encoder] = Similarity(encoder)
        return _similarities[encoder]


@dataclass(frozen=True, slots=True)
class Support:
    """Outcome of a check: the supporting stretch, or the reason why there is none."""

    window: Window | None
    reason: str = ""
    similarity: float = 0.0


def find_support(
    sentence: str, passages: Sequence[Passage], similarity: Similarity, question: str = ""
) -> Support:
    """The stretch of the cited passages that says what a sentence says.

    Args:
        sentence: one sentence of an answer, without citation marks.
        passages: the passages that it cites.
        similarity: of the index's encoder.
        question: the question that was asked.
    """
    said = facts_of(sentence)
    candidates = [
        window
        for passage in passages
        for window in windows_of(passage)
        if not (window.sentences == 1 and REQUEST.search(window.text))
    ]
    if not candidates:
        return Support(None, "the cited passage holds nothing that can be used as evidence")
    ranked = sorted(
        candidates, key=lambda window: (-_nearness(sentence, window), window.sentences, window.start)
    )
    reasons: list[str] = []
    passed: list[Window] = []
    for window in ranked[: 8 * _MOST_TRIED]:
        reason = disagreement(sentence, window.text, window.passage.context, question)
        if not reason:
            passed.append(window)
            if len(passed) == _MOST_TRIED:
                break
        reasons.append(reason)
    if not passed:
        return Support(
            None, next((reason for reason in reasons if reason), "the cited text does not say this")
        )
    own = similarity.vectors([sentence])[0]
    values = similarity.scaled(own, similarity.vectors([window.text for window in passed]))
    # Shorter evidence is the more useful citation: a longer stretch has to be clearly nearer.
    best = int(np.argmax(values - 0.03 * np.array([window.sentences for window in passed])))
    window, value = passed[best], float(values[best])
    same = said.language == facts_of(window.text).language
    if value < (LEAST_SIMILARITY if same else LEAST_SIMILARITY_ACROSS):
        return Support(None, f"the cited text is about something else (similarity {value:.2f})", value)
    return Support(window, similarity=value)


def _nearness(sentence: str, window: Window) -> float:
    """Cheap order of the candidates: words, numbers and concepts in common."""
    said, shown = facts_of(sentence), facts_of(window.text)
    concepts = {name for name, _, _ in said.concepts}
    met = len(concepts & {name for name, _, _ in shown.concepts}) / len(concepts) if concepts else 0.0
    figures = said.numbers | {float(date[:4]) for date in said.dates}
    shown_figures = shown.numbers | {float(date[:4]) for date in shown.dates}
    hit = len(figures & shown_figures) / len(figures) if figures else 0.0
    return coverage(said.words, shown) + met + hit


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
