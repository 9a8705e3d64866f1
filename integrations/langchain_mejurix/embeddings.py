"""`MejurixEmbeddings`: a model as LangChain embeddings, with its prompts for queries and for documents."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError, MissingExtraError

try:
    from langchain_core.embeddings import Embeddings
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The LangChain integration", "langchain") from _error

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from qdrant_mejurix.index import Index


class MejurixEmbeddings(Embeddings):
    """Embeddings of a sentence-transformers model.

    The model is loaded at the first use, once, whatever the number of threads. A pickled object holds the
    model's name, not its weights, unless it was given a model object.

    It also has what an index asks of a model (`encode_query`, `encode_document`, `tokenizer`, `prompts`), so
    that `open_index(..., encoder=MejurixEmbeddings())` and `open_index(..., encoder=load())` make the same
    index.
    """

    def __init__(self, model: Any = None, *, batch_size: int = 32, device: str | None = None) -> None:
        """Takes a model or the name of one; nothing is loaded yet.

        Args:
            model: None for the default model, a folder, a hub id, or a loaded model with `encode_query` and
                `encode_document`.
            batch_size: texts a batch, 1 or more.
            device: for example "cpu" or "cuda"; chosen by sentence-transformers when None.

        Raises:
            InputError: an argument is not usable.
        """
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size is {batch_size!r}; give a whole number of 1 or more.")
        named = model is None or isinstance(model, (str, Path))
        if not named and not (hasattr(model, "encode_query") and hasattr(model, "encode_document")):
            raise InputError(
                f"The model is a {type(model).__name__}; give None, a folder, a hub id, or a model with "
                "encode_query and encode_document."
            )
        self.batch_size, self.device = batch_size, device
        self._source = model if named else None
        self._given = None if named else model
        self._loaded: Any = None
        self._lock = threading.Lock()

    @property
    def model(self) -> Any:
        """The model, loaded now if it was not."""
        if self._given is not None:
            return self._given
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    from mejurix_st.hub import load

                    self._loaded = load(self._source, device=self.device)
        return self._loaded

    @property
    def model_name(self) -> str:
        """Name for messages."""
        if self._given is not None:
            return type(self._given).__name__
        from mejurix_st.hub import DEFAULT_ID

        return str(self._source or DEFAULT_ID)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embeds passages with the model's document prompt.

        Args:
            texts: passages; an empty list gives an empty list.

        Returns:
            For each text a list of `dimension` Python floats of unit norm.

        Raises:
            InputError: a text is not a string.
        """
        return [row.tolist() for row in self.encode_document(_strings(texts))] if texts else []

    def embed_query(self, text: str) -> list[float]:
        """Embeds a query with the model's query prompt: `dimension` Python floats of unit norm.

        Raises:
            InputError: the query is not a string.
        """
        vector: list[float] = self.encode_query(_strings([text])[0]).tolist()
        return vector

    def encode_document(
        self, texts: Sequence[str], *, batch_size: int | None = None, show_progress_bar: bool = False
    ) -> NDArray[np.float32]:
        """As `SentenceTransformer.encode_document`: (len(texts), dimension) float32."""
        vectors: NDArray[np.float32] = self.model.encode_document(
            list(texts), batch_size=batch_size or self.batch_size, show_progress_bar=show_progress_bar
        )
        return vectors

    def encode_query(
        self, text: str | Sequence[str], *, batch_size: int | None = None, show_progress_bar: bool = False
    ) -> NDArray[np.float32]:
        """As `SentenceTransformer.encode_query`: (dimension,) float32 for one text, (n, dimension) for n."""
        vectors: NDArray[np.float32] = self.model.encode_query(
            text if isinstance(text, str) else list(text),
            batch_size=batch_size or self.batch_size,
            show_progress_bar=show_progress_bar,
        )
        return vectors

    def get_embedding_dimension(self) -> int:
        """Length of the vectors."""
        size = getattr(self.model, "get_embedding_dimension", None)
        return int((size() if size else None) or len(self.embed_query("a")))

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.get_embedding_dimension()

    @property
    def max_seq_length(self) -> int:
        """Longest input in tokens; 0 if unknown."""
        return int(getattr(self.model, "max_seq_length", 0) or 0)

    @property
    def prompts(self) -> dict[str, str]:
        """The model's prompts by name."""
        return dict(getattr(self.model, "prompts", None) or {})

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer, or None."""
        return getattr(self.model, "tokenizer", None)

    def state_dict(self) -> Any:
        """The model's tensors, by which an index knows it; empty where it shows none."""
        state = getattr(self.model, "state_dict", None)
        return state() if callable(state) else {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def __repr__(self) -> str:
        return f"MejurixEmbeddings({self.model_name!r}, batch_size={self.batch_size})"


class MatterEmbeddings(Embeddings):
    """The embeddings of the index that holds a matter."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """For each text a list of Python floats."""
        return [row.tolist() for row in self._index.encoder.encode_documents(texts)] if texts else []

    def embed_query(self, text: str) -> list[float]:
        """A list of Python floats."""
        vector: list[float] = self._index.encoder.encode_query(text).tolist()
        return vector


def _strings(texts: Sequence[object]) -> list[str]:
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"A text to embed is a string; got {type(text).__name__}.")
    return list(texts)  # type: ignore[arg-type]
