"""What the evaluation asks of a model, and the wrapper for sentence-transformers models."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
Role = Literal["query", "document"]


class Encoder(Protocol):
    """A model under evaluation.

    `encode` gives (texts, dimension) float32 rows of unit norm; texts beyond `max_tokens` are cut.
    `token_spans` gives each text's tokens as half-open code-point offsets, without special tokens.
    """

    name: str
    max_tokens: int

    def encode(self, texts: Sequence[str], role: Role) -> Vectors: ...  # noqa: D102

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]: ...  # noqa: D102


def normalized(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to unit norm, float32; zero rows stay zero."""
    array = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    return np.divide(array, np.where(norms == 0, 1, norms), dtype=np.float32)


def word_spans(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Words as tokens, for encoders without a tokenizer of their own."""
    return [[match.span() for match in re.finditer(r"\S+", text)] for text in texts]


class CachedEncoder:
    """An encoder that encodes each text once per role, whatever asks for it.

    Args:
        name: the model's name in tables and pictures.
        encode: gives (texts, dimension) vectors of a list of texts in a role.
        max_tokens: the model's limit, special tokens included.
        token_spans: see `Encoder`.
        same_prompt: queries and documents are encoded alike, so that they share the cache.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[list[str], Role], NDArray[np.floating]],
        max_tokens: int = 512,
        token_spans: Callable[[Sequence[str]], list[list[tuple[int, int]]]] = word_spans,
        same_prompt: bool = False,
    ) -> None:
        self.name = name
        self.max_tokens = max_tokens
        self.token_spans = token_spans
        self._encode = encode
        self._same_prompt = same_prompt
        self._cache: dict[tuple[Role, str], Vectors] = {}

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of the texts: (texts, dimension) float32."""
        key: Role = "document" if self._same_prompt else role
        new = [text for text in dict.fromkeys(texts) if (key, text) not in self._cache]
        if new:
            for text, vector in zip(new, normalized(self._encode(new, role)), strict=True):
                self._cache[key, text] = vector
        return np.stack([self._cache[key, text] for text in texts])


def from_sentence_transformer(model: SentenceTransformer, name: str, batch_size: int = 32) -> CachedEncoder:
    """Wraps a sentence-transformers model; its own query and document prompts are used.

    Args:
        model: the model, with `prompts` set as it needs them.
        name: the model's name in tables.
        batch_size: texts per forward pass.
    """

    def encode(texts: list[str], role: Role) -> NDArray[np.floating]:
        method = model.encode_query if role == "query" else model.encode_document
        # Progress belongs on a terminal only: in a log file each step would be a line.
        show = sys.stderr.isatty() and len(texts) > 4 * batch_size
        return np.asarray(method(texts, batch_size=batch_size, show_progress_bar=show, convert_to_numpy=True))

    def token_spans(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        tokenizer = model.tokenizer
        if not getattr(tokenizer, "is_fast", False):
            return word_spans(texts)
        found = tokenizer(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            truncation=False,
            verbose=False,
        )
        return [[(int(start), int(end)) for start, end in spans] for spans in found["offset_mapping"]]

    prompts = model.prompts or {}
    document = next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), "")
    limit = model.max_seq_length or 512
    same = (prompts.get("query") or "") == document
    return CachedEncoder(name, encode, min(int(limit), 8192), token_spans, same_prompt=same)
