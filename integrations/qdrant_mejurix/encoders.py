"""One face for the encoders that an index accepts: sentence-transformers models and LangChain embeddings."""

from __future__ import annotations

import hashlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import InputError, StoreError
from qdrant_mejurix.fusion import FusionWeights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_PROBES = (
    "MRI of the lumbar spine shows no fracture; the claimant reports pain since the accident.",
    "요추 MRI에서 골절 소견은 없으며 사고 이후 통증을 호소하고 있다.",
)
_SAME = 0.999
"""Least cosine between two encoders' probe vectors to count as the same model: formats and machines differ by
less (float32 exports 1e-6, bfloat16 1.3e-4), another training run by far more."""

_WORD = re.compile(r"\w+|[^\w\s]")
BATCH_SIZE = 32


def word_offsets(text: str, /) -> list[tuple[int, int]]:
    """Stand-in for a tokenizer: a token for every three letters of a word, and for each punctuation mark.

    Sub-word tokenizers make fewer tokens from English text and about as many from Korean, so that passages
    stay within the encoder's limit.
    """
    return [
        (start, min(start + 3, match.end()))
        for match in _WORD.finditer(text)
        for start in range(match.start(), match.end(), 3)
    ]


class TextEncoder:
    """What an index needs of an encoder.

    Attributes:
        dimension: of its vectors.
        name: for messages.
        document_prompt: text that the encoder puts before documents.
        max_tokens: longest input in tokens; 0 if unknown.
    """

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._native = _has(encoder, "encode_document", "encode_query")
        if not self._native and not _has(encoder, "embed_documents", "embed_query"):
            raise InputError(
                f"The encoder is a {type(encoder).__name__}; give a SentenceTransformer (encode_document, "
                "encode_query) or LangChain Embeddings (embed_documents, embed_query)."
            )
        self._options = _accepted(encoder.encode_document) if self._native else {}
        self._query_options = _accepted(encoder.encode_query) if self._native else {}
        prompts = getattr(encoder, "prompts", None) or {}
        self.document_prompt = (
            str(prompts.get("document") or prompts.get("passage") or "") if self._native else ""
        )
        self.max_tokens = int(getattr(encoder, "max_seq_length", 0) or 0)
        self.name = _name(encoder)
        self._probes: NDArray[np.float32] | None = None
        size = getattr(encoder, "get_embedding_dimension", None)
        self.dimension = int((size() if size else None) or self._probe_vectors().shape[1])

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension) float32; longest texts first, so that batches are of even length."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors = self._documents([texts[i] for i in order])
        result = np.empty_like(vectors)
        result[order] = vectors
        return result

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """(dimension,) float32."""
        call = self._encoder.encode_query if self._native else self._encoder.embed_query
        return self._checked(
            np.asarray(call(text, **self._query_options), dtype=np.float32).reshape(1, -1), 1
        )[0]

    def _documents(self, texts: list[str]) -> NDArray[np.float32]:
        call = self._encoder.encode_document if self._native else self._encoder.embed_documents
        return self._checked(np.asarray(call(texts, **self._options), dtype=np.float32), len(texts))

    def _checked(self, vectors: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
        wanted = (rows, getattr(self, "dimension", vectors.shape[-1] if vectors.ndim else 0))
        if vectors.shape != wanted:
            raise InputError(
                f"The encoder {self.name} returned vectors of shape {vectors.shape}; wanted {wanted}."
            )
        if not np.isfinite(vectors).all():
            raise InputError(
                f"The encoder {self.name} returned values that are not finite; its weights are damaged."
            )
        return vectors

    def check_vectors(self, vectors: Any, rows: int) -> NDArray[np.float32]:
        """Vectors given by the caller as (rows, dimension) float32.

        Raises:
            InputError: another shape, or values that are not finite.
        """
        return self._checked(np.asarray(vectors, dtype=np.float32), rows)

    def token_offsets(self) -> Callable[[str], Sequence[tuple[int, int]]]:
        """Offsets of a text's tokens: the encoder's own tokenizer, or words where it shows none."""
        from mejurix_st.text import token_offsets_from

        for owner in (self._encoder, *_inner(self._encoder)):
            tokenizer = getattr(owner, "tokenizer", None)
            if tokenizer is not None:
                try:
                    return token_offsets_from(tokenizer)
                except InputError:
                    continue
        return word_offsets

    def fusion_weights(self) -> FusionWeights | None:
        """Weights saved in the model's folder, if it was loaded from one that has them."""
        for owner in (self._encoder, *_inner(self._encoder)):
            for place in (owner, getattr(owner, "tokenizer", None)):
                path = getattr(place, "name_or_path", None) or getattr(place, "model_name_or_path", None)
                if path and Path(str(path)).is_dir() and (weights := FusionWeights.load(str(path))):
                    return weights
        return None

    def _probe_vectors(self) -> NDArray[np.float32]:
        if self._probes is None:
            documents = self._documents(list(_PROBES))
            call = self._encoder.encode_query if self._native else self._encoder.embed_query
            query = np.asarray(call(_PROBES[0], **self._query_options), dtype=np.float32).reshape(1, -1)
            self._probes = np.vstack([documents, query])
        return self._probes

    def fingerprint(self) -> dict[str, Any]:
        """What identifies the model: name, size, hash of weights that can be seen, and probe vectors."""
        return {
            "name": self.name,
            "dimension": self.dimension,
            "weights": _weights_hash(self._encoder) if self._native else "",
            "probes": [[round(float(value), 6) for value in row] for row in self._probe_vectors()],
        }

    def check_fingerprint(self, stored: dict[str, Any], location: str) -> None:
        """Refuses a store whose vectors another model made.

        Equal weights are enough. Where one side does not show its weights (LangChain embeddings, an exported
        model, bfloat16), or they differ by format, the vectors of two probe texts decide.

        Raises:
            StoreError: the models differ; the message names both.
        """
        advice = "Open it with the model it was made with, or index the files into a new store."
        head = (
            f"The store {location} was made with {stored.get('name')} (dimension {stored.get('dimension')}); "
        )
        if stored.get("dimension") != self.dimension:
            raise StoreError(f"{head}this encoder is {self.name} (dimension {self.dimension}). {advice}")
        own = _weights_hash(self._encoder) if self._native else ""
        if own and own == stored.get("weights"):
            return
        theirs = np.asarray(stored.get("probes"), dtype=np.float64)
        mine = self._probe_vectors().astype(np.float64)
        scale = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
        cosine = float(np.min(np.sum(mine * theirs, axis=1) / np.maximum(scale, 1e-12)))
        if (own and stored.get("weights")) or cosine < _SAME:
            raise StoreError(
                f"{head}this encoder is {self.name} (dimension {self.dimension}) and gives other vectors "
                f"(least cosine on probe texts {cosine:.4f}). {advice}"
            )


def _has(encoder: Any, *names: str) -> bool:
    return all(callable(getattr(encoder, name, None)) for name in names)


def _accepted(function: Callable[..., Any]) -> dict[str, Any]:
    wanted = {"batch_size": BATCH_SIZE, "show_progress_bar": False}
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in wanted.items() if name in parameters}


def _inner(encoder: Any) -> list[Any]:
    """Models that LangChain wrappers carry, under the names in use."""
    return [
        inner for name in ("model", "client", "_client", "_model") if (inner := getattr(encoder, name, None))
    ]


def _name(encoder: Any) -> str:
    for owner in (encoder, *_inner(encoder)):
        for attribute in ("model_name", "model_name_or_path", "name_or_path", "name"):
            if (value := getattr(owner, attribute, None)) and isinstance(value, str):
                return _short(value)
        tokenizer_name = getattr(getattr(owner, "tokenizer", None), "name_or_path", None)
        if isinstance(tokenizer_name, str) and tokenizer_name:
            return _short(tokenizer_name)
    return type(encoder).__name__


def _short(name: str) -> str:
    """A hub id as it is; a cache folder as its hub id; another folder by its last two parts."""
    parts = Path(name).parts
    for part in parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return "/".join(parts[-2:]) if Path(name).is_dir() else name


def _weights_hash(encoder: Any) -> str:
    """sha256 of a torch model's tensors, prompts and output size; empty where weights are not to be seen."""
    if getattr(encoder, "reduced_precision", False):
        return ""  # not the weights that the model has; its vectors decide
    state = getattr(encoder, "state_dict", None)
    tensors = state() if callable(state) else {}
    if not tensors:
        return ""
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().float().numpy()).data)
    prompts = sorted((getattr(encoder, "prompts", None) or {}).items())
    digest.update(repr((prompts, getattr(encoder, "truncate_dim", None))).encode())
    return digest.hexdigest()
