"""A teacher that knows which words of the law are rare: latent semantic analysis of the training texts of law.

BM25 finds statutes far better than the base does, and a vector of 256 numbers cannot hold a vocabulary. What can be
held are the leading directions of TF-IDF vectors (Deerwester et al. 1990, "Indexing by latent semantic
analysis"), beside what the other teachers say. `benchmarks/training.md` has what that is worth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from mejurix_st.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mejurix_st.training.sources import Pair

LAW = ("us_code", "code_sections", "decisions", "long_decisions", "written_rules")  # sources
_WORD = re.compile(r"[a-z0-9]+")
_WORDS = 250  # of a text; about what the student reads


def law_texts(built: Mapping[str, Sequence[Pair]]) -> list[str]:
    """Queries and documents of the sources of law, without prompts, each once."""
    pairs = (pair for name in LAW for pair in built.get(name, ()))
    return list(dict.fromkeys(text for pair in pairs for text in (pair.query, pair.positive)))


class LexicalTeacher:
    """TF-IDF over stemmed words, and its leading directions.

    Args:
        texts: what it is made of, and what it speaks about.
        dimension: of its vectors.
        seed: of the randomised decomposition.

    Raises:
        MissingExtraError: scikit-learn or PyStemmer is not installed (extra `train`).
    """

    def __init__(self, texts: Sequence[str], dimension: int = 1024, seed: int = 1) -> None:
        try:
            import Stemmer
            from sklearn.decomposition import TruncatedSVD
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ImportError as error:
            raise MissingExtraError("the teacher for law", "train") from error
        self._stemmer = Stemmer.Stemmer("english")
        self._table = TfidfVectorizer(analyzer=self._stems, sublinear_tf=True, min_df=2, max_df=0.3)
        counted = self._table.fit_transform(texts)
        self._svd = TruncatedSVD(min(dimension, min(counted.shape) - 1), n_iter=3, random_state=seed)
        self._svd.fit(counted)
        self._known = frozenset(texts)

    def _stems(self, text: str) -> list[str]:
        stems: list[str] = self._stemmer.stemWords(_WORD.findall(text.lower())[:_WORDS])
        return stems

    def knows(self, text: str) -> bool:
        """Whether a text, without prompt, is one of those that it was made of."""
        return text in self._known

    def vectors(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, dimension) float32, unit norm; zeros where no word is known."""
        reduced = self._svd.transform(self._table.transform(texts))
        return functional.normalize(torch.from_numpy(reduced).float(), dim=-1)

    def similarities(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, n) float32 cosine similarities of the whole TF-IDF vectors, 0 to 1."""
        table = self._table.transform(texts)
        return torch.from_numpy((table @ table.T).toarray()).float()
