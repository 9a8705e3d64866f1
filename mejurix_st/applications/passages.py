"""Documents as passages with vectors: what all the applications compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError
from mejurix_st.text import chunk_document, token_offsets_from
from mejurix_st.types import Document, Page

if TYPE_CHECKING:
    from mejurix_st.types import Chunk

Vectors = NDArray[np.float32]
_SMALLEST = 32  # tokens; below it no passage is worth the name


class Embedder(Protocol):
    """What is needed of a model; a `SentenceTransformer` has it."""

    @property
    def tokenizer(self) -> Any:
        """A fast tokenizer, for the token budget of passages."""
        ...

    def encode_query(self, texts: list[str], /) -> Any:
        """(texts, dimension) vectors of queries."""
        ...

    def encode_document(self, texts: list[str], /) -> Any:
        """(texts, dimension) vectors of documents."""
        ...


@dataclass(frozen=True, eq=False)
class Passages:
    """Passages and their vectors, in the order of their documents.

    Attributes:
        chunks: the passages, with document, page and offsets.
        vectors: (passages, dimension) float32, unit norm.
    """

    chunks: tuple[Chunk, ...]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.chunks)

    @property
    def documents(self) -> tuple[str, ...]:
        """Names of the documents, in order."""
        return tuple(dict.fromkeys(chunk.document for chunk in self.chunks))

    def of(self, *documents: str) -> Passages:
        """The passages of some documents alone; nothing is encoded again.

        Raises:
            InputError: there is no such document.
        """
        if unknown := sorted(set(documents) - set(self.documents)):
            raise InputError(f"no passages of {', '.join(unknown)}; there are: {', '.join(self.documents)}.")
        places = [i for i, chunk in enumerate(self.chunks) if chunk.document in documents]
        return Passages(tuple(self.chunks[i] for i in places), self.vectors[places])


Sources = Passages | Document | str | Iterable[Document | str]
"""Documents as the applications take them: read documents, plain texts, or passages made before."""


def embed_passages(documents: Sources, model: Embedder, *, config: ChunkingConfig | None = None) -> Passages:
    """Cuts documents into passages and encodes each once.

    Args:
        documents: a document (see `mejurix_st.text.read_document`), a plain text, or several. Texts are named
            "text 1", "text 2", …; passages come back as they are.
        model: encodes the passages with its document prompt.
        config: size of the passages; by default 256 tokens, or what the model takes if that is less.

    Returns:
        The passages of all documents.

    Raises:
        InputError: there is no text, two documents have the same name, or the model has no fast tokenizer.
    """
    if isinstance(documents, Passages):
        return documents
    read = as_documents(documents)
    config = config or _fitting(model)
    offsets = token_offsets_from(model)
    prompt = document_prompt(model)
    chunks = tuple(
        chunk
        for document in read
        for chunk in chunk_document(document, offsets, config, document_prompt=prompt)
    )
    if not chunks:
        raise InputError(
            "There is no text in "
            + (", ".join(d.name for d in read) or "no documents")
            + "; give documents with text."
        )
    return Passages(chunks, encode(model, [chunk.embedded_text for chunk in chunks], "document"))


def as_documents(documents: Document | str | Iterable[Document | str]) -> tuple[Document, ...]:
    """Documents and texts as documents with different names.

    Raises:
        InputError: something else was given, or a name occurs twice.
    """
    given = [documents] if isinstance(documents, (Document, str)) else list(documents)
    read: list[Document] = []
    for number, item in enumerate(given, start=1):
        if isinstance(item, str):
            item = Document(f"text {number}", item, (Page(1, 0, len(item)),))
        if not isinstance(item, Document):
            raise InputError(
                f"Got {type(item).__name__} as a document; give texts, or what "
                "mejurix_st.text.read_document returns."
            )
        read.append(item)
    names = [document.name for document in read]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"Two documents are named {', '.join(twice)}; citations need different names.")
    return tuple(read)


def encode(model: Embedder, texts: Sequence[str], role: str) -> Vectors:
    """Unit vectors of texts as "query" or "document": (texts, dimension) float32."""
    method = model.encode_query if role == "query" else model.encode_document
    vectors = np.atleast_2d(np.asarray(method(list(texts)), dtype=np.float32))
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, np.where(norms == 0, 1, norms), dtype=np.float32)


def document_prompt(model: Any) -> str:
    """What the model puts before each document."""
    prompts = getattr(model, "prompts", None) or {}
    return next((prompts[key] for key in ("document", "passage", "corpus") if prompts.get(key)), "")


def _fitting(model: Any) -> ChunkingConfig:
    """The usual size of passages, or what the model takes."""
    usual = ChunkingConfig()
    longest = max(int(getattr(model, "max_seq_length", None) or usual.max_tokens), _SMALLEST)
    if longest >= usual.max_tokens:
        return usual
    return replace(
        usual,
        max_tokens=longest,
        overlap_tokens=min(usual.overlap_tokens, longest // 8),
        header_tokens=min(usual.header_tokens, longest // 4),
    )
