"""What the evaluation asks of a model, and the wrapper for sentence-transformers models."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mejurix_st.text import token_offsets_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

    from mejurix_st.text import TokenOffsets

Vectors = NDArray[np.float32]
Role = Literal["query", "document"]

_LONGEST = 8192  # for models that claim no limit


class Encoder(Protocol):
    """A model under evaluation.

    Attributes:
        name: as in tables and pictures.
        max_tokens: longest input, special tokens included; what is longer is cut by the model.
        token_offsets: code-point offsets of a text's tokens.
        document_prompt: what the model puts before each document.
    """

    name: str
    max_tokens: int
    token_offsets: TokenOffsets
    document_prompt: str

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of the texts in a role: (texts, dimension) float32."""
        ...


def normalized(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to unit norm, float32; zero rows stay zero."""
    array = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    return np.divide(array, np.where(norms == 0, 1, norms), dtype=np.float32)


def word_offsets(text: str) -> list[tuple[int, int]]:
    """Words as tokens, for encoders without a tokenizer of their own."""
    return [match.span() for match in re.finditer(r"\S+", text)]


class CachedEncoder:
    """An encoder that encodes each text once per role, whatever asks for it.

    Args:
        name: the model's name in tables and pictures.
        encode: gives (texts, dimension) vectors of a list of texts in a role.
        max_tokens: the model's limit, special tokens included.
        token_offsets: see `Encoder`.
        query_prompt: what the model puts before each query.
        document_prompt: what it puts before each document; where both are the same, roles share the cache.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[list[str], Role], NDArray[np.floating]],
        max_tokens: int = 512,
        token_offsets: TokenOffsets = word_offsets,
        query_prompt: str = "",
        document_prompt: str = "",
    ) -> None:
        self.name = name
        self.max_tokens = max_tokens
        self.token_offsets = token_offsets
        self.document_prompt = document_prompt
        self.encode_uncached = encode
        self._same = query_prompt == document_prompt
        self._cache: dict[tuple[Role, str], Vectors] = {}

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of the texts: (texts, dimension) float32."""
        key: Role = "document" if self._same else role
        new = [text for text in dict.fromkeys(texts) if (key, text) not in self._cache]
        if new:
            for text, vector in zip(new, normalized(self.encode_uncached(new, role)), strict=True):
                self._cache[key, text] = vector
        return np.stack([self._cache[key, text] for text in texts])


def from_sentence_transformer(
    model: SentenceTransformer, name: str, batch_size: int = 32, progress: bool | None = None
) -> CachedEncoder:
    """Wraps a sentence-transformers model; its own query and document prompts are used.

    Args:
        model: the model, with `prompts` set as it needs them.
        name: the model's name in tables.
        batch_size: texts per forward pass.
        progress: show a bar on long jobs; by default only where stderr is a terminal.
    """
    # In a log file each step of a bar would be a line.
    show = sys.stderr.isatty() if progress is None else progress

    def encode(texts: list[str], role: Role) -> NDArray[np.floating]:
        method = model.encode_query if role == "query" else model.encode_document
        bar = show and len(texts) > 4 * batch_size
        return np.asarray(method(texts, batch_size=batch_size, show_progress_bar=bar, convert_to_numpy=True))

    prompts = {key: value for key, value in (model.prompts or {}).items() if value}
    document = next((prompts[key] for key in ("document", "passage", "corpus") if key in prompts), "")
    return CachedEncoder(
        name,
        encode,
        min(int(model.max_seq_length or _LONGEST), _LONGEST),
        token_offsets_from(model.tokenizer),
        prompts.get("query", ""),
        document,
    )
