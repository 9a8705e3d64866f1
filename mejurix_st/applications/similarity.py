"""How alike two whole documents are, with the passages that make them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.applications.agreement import SharedConcept, shared_concepts
from mejurix_st.applications.passages import Passages, embed_passages
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from mejurix_st.applications.passages import Embedder, Vectors
    from mejurix_st.types import Chunk, Document


@dataclass(frozen=True, slots=True)
class PassagePair:
    """A passage of each document.

    Attributes:
        left: passage of the first document.
        right: passage of the second.
        score: their cosine, [-1, 1].
        shared: concepts that both name, with conflicts; offsets are into the passages' texts.
    """

    left: Chunk
    right: Chunk
    score: float
    shared: tuple[SharedConcept, ...]

    @property
    def conflicts(self) -> tuple[SharedConcept, ...]:
        """Shared concepts of which the passages do not say the same."""
        return tuple(item for item in self.shared if item.conflict)


@dataclass(frozen=True, slots=True)
class DocumentSimilarity:
    """How alike two documents are.

    Attributes:
        best: cosine of the two nearest passages: do the documents meet anywhere?
        mean: each passage's cosine with its nearest passage of the other document, averaged by length in
            tokens over each document, then over both: do they cover the same ground?
        pairs: the nearest pairs, no passage twice, best first: why the score is what it is.
    """

    best: float
    mean: float
    pairs: tuple[PassagePair, ...]


def document_similarity(
    left: Document | str | Passages, right: Document | str | Passages, model: Embedder, *, pairs: int = 3
) -> DocumentSimilarity:
    """Compares two documents of any length by their passages.

    A long record cut to the model's limit would be compared by its first page; here every passage counts.
    The mean of best matches is that of Zhang et al. (BERTScore, ICLR 2020), with passages for tokens.

    Args:
        left: a document, a text, or `embed_passages(...)` of one or several.
        right: another.
        model: encodes the passages of both with its document prompt.
        pairs: most pairs to explain, 0 or more.

    Returns:
        Both scores, in [-1, 1], and the pairs.

    Raises:
        InputError: a document has no text, or `pairs` is negative.
    """
    if pairs < 0:
        raise InputError(f"pairs is {pairs}; give 0 or more.")
    first, second = embed_passages(left, model), embed_passages(right, model)
    cosines = first.vectors @ second.vectors.T
    covered = (_weighted(cosines.max(1), first) + _weighted(cosines.max(0), second)) / 2
    explained = [
        PassagePair(
            first.chunks[i],
            second.chunks[j],
            float(cosines[i, j]),
            shared_concepts(first.chunks[i].text, second.chunks[j].text),
        )
        for i, j in _matches(cosines, pairs)
    ]
    return DocumentSimilarity(float(cosines.max()), covered, tuple(explained))


def _weighted(scores: Vectors, passages: Passages) -> float:
    """Mean of (passages,) scores by length."""
    return float(np.average(scores, weights=[max(chunk.tokens, 1) for chunk in passages.chunks]))


def _matches(cosines: Vectors, limit: int) -> list[tuple[int, int]]:
    """The highest cells of (left, right), no row or column twice."""
    left = cosines.copy()
    found = []
    for _ in range(min(limit, *cosines.shape)):
        i, j = np.unravel_index(int(left.argmax()), left.shape)
        found.append((int(i), int(j)))
        left[i, :] = left[:, j] = -np.inf
    return found
