"""BM25 beside every model: the keyword index that an embedder has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Bm25:
    """BM25 (Robertson et al. 1994; k1 1.5, b 0.75) over stemmed English words without stop words.

    Korean and other words pass through the stemmer unchanged.

    Raises:
        MissingExtraError: bm25s or PyStemmer is not installed (extra `train`).
    """

    name = "BM25"

    def __init__(self, corpus: Sequence[str], k1: float = 1.5, b: float = 0.75) -> None:
        try:
            import bm25s
            import Stemmer
        except ImportError as error:
            raise MissingExtraError("BM25 in the evaluation", "train") from error
        self._tokenize = bm25s.tokenize
        self._settings: dict[str, Any] = {
            "stopwords": "en",
            "stemmer": Stemmer.Stemmer("english"),
            "show_progress": False,
        }
        self._size = len(corpus)
        self._index = bm25s.BM25(k1=k1, b=b)
        self._index.index(bm25s.tokenize(list(corpus), **self._settings), show_progress=False)

    def scores(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Scores of all documents: (queries, documents) float32, 0 or more."""
        words = self._tokenize(list(queries), return_ids=False, **self._settings)
        # The library refuses a query with no known word; such a query matches nothing.
        vocabulary = self._index.vocab_dict
        known = [[word for word in query if word in vocabulary] for query in words]
        nothing = np.zeros(self._size, dtype=np.float32)
        return np.stack([self._index.get_scores(query) if query else nothing for query in known])
