"""A deterministic encoder without weights: signed feature hashing of words. Also used by the crash worker."""

from __future__ import annotations

import re
import zlib

import numpy as np


class HashingEncoder:
    """Looks like a sentence-transformers model to an index."""

    def __init__(self, dimension: int = 64, salt: str = "") -> None:
        self.dimension, self.salt = dimension, salt
        self.name = f"hashing-{dimension}{salt}"
        self.calls = 0
        self.prompts = {"query": "", "document": ""}

    def get_embedding_dimension(self) -> int:
        return self.dimension

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            code = zlib.crc32((self.salt + word).encode())
            vector[code % self.dimension] += 1.0 if code & 0x10000 else -1.0
        return vector / np.linalg.norm(vector)

    def encode_document(
        self, texts: list[str], batch_size: int = 32, show_progress_bar: bool = True
    ) -> np.ndarray:
        self.calls += 1
        assert not show_progress_bar
        return np.stack([self._vector(text) for text in texts])

    def encode_query(self, text: str) -> np.ndarray:
        return self._vector(text)


class ListEmbeddings:
    """Looks like LangChain Embeddings: plain lists of floats, no tokenizer, no dimension."""

    def __init__(self, encoder: HashingEncoder) -> None:
        self._encoder_inside = encoder
        self.model_name = encoder.name

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._encoder_inside._vector(text).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._encoder_inside._vector(text).tolist()
