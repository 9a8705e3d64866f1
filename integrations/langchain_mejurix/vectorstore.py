"""`MejurixVectorStore`: one matter as a LangChain vector store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from langchain_mejurix.convert import record_to_document
from langchain_mejurix.searching import MatterSearches, SearchMode, checked_mode, refuse_unknown
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from qdrant_mejurix.index import Index
    from qdrant_mejurix.matter import Matter


class MejurixVectorStore(MatterSearches):
    """A vector store that is bound to one matter: nothing of another matter can be found, read or deleted.

    Scores are what they are called: `similarity_search_with_score` gives the cosine in [-1, 1] (mode
    "dense"), the fused rank score (mode "hybrid") or BM25 (mode "bm25"). Only the cosine is also a relevance
    score in [0, 1].
    """

    def __init__(
        self, matter: Matter, embedding: Embeddings | None = None, *, mode: SearchMode = "dense"
    ) -> None:
        """Binds the store.

        Args:
            matter: from `index.matter(name)`; the index has an encoder.
            embedding: embeds texts and queries; checked to give the vectors that the index holds. The index's
                own encoder when None.
            mode: of searches that name none.

        Raises:
            InputError: unknown mode, or not a matter.
            StoreError: `embedding` is another model than the index was made with.
        """
        if not hasattr(matter, "add_records"):
            raise InputError(
                f"The matter is a {type(matter).__name__}; give index.matter(name), or use "
                "from_texts(matter=name)."
            )
        self._matter = matter
        self._mode = checked_mode(mode)
        self._embedding = embedding
        self._owned: Index | None = None
        if embedding is not None:
            from qdrant_mejurix.encoders import TextEncoder

            store = matter.index.store
            settings = store.manifest.settings()
            if settings is not None:
                TextEncoder(embedding).check_fingerprint(settings["encoder"], store.location)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int = 256,
        **kwargs: Any,
    ) -> list[str]:
        """Adds texts as they are, one point each.

        Args:
            texts: what is embedded and found.
            metadatas: JSON values for each text; `document`, a string, names its source.
            ids: any strings of 1 to 500 characters; a known id is replaced. Random where None.
            batch_size: texts that are embedded and written together, 1 or more.
            **kwargs: none are known.

        Returns:
            The ids, in order.

        Raises:
            InputError: lengths differ or a value is not usable; earlier batches have been written then.
        """
        refuse_unknown(kwargs)
        texts = list(texts)
        names = None if ids is None else [None if i is None else str(i) for i in ids]
        extras = metadatas or None
        for name, values in (("metadatas", extras), ("ids", names)):
            if values is not None and len(values) != len(texts):
                raise InputError(
                    f"There are {len(texts)} texts and {len(values)} {name}; give one for each text."
                )
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size is {batch_size!r}; give a whole number of 1 or more.")
        added: list[str] = []
        for first in range(0, len(texts), batch_size):
            part = slice(first, first + batch_size)
            added += self._matter.add_records(
                texts[part],
                extras[part] if extras else None,
                names[part] if names else None,
                self._embedding.embed_documents(texts[part]) if self._embedding is not None else None,
            )
        return added

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Deletes texts by id; unknown ids change nothing. Passages of files go with their document only.

        Raises:
            InputError: no ids are given, or one is that of a file's passage.
        """
        refuse_unknown(kwargs)
        if ids is None:
            raise InputError(
                "Which ids to delete was not said; give ids, or index.delete_matter(name) for everything."
            )
        self._matter.delete_records([str(i) for i in ids])
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Texts and passages by id, in the order asked for; unknown ids are left out."""
        return [record_to_document(record) for record in self._matter.get([str(i) for i in ids])]

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        matter: str = "",
        location: str | Path = ":memory:",
        mode: SearchMode = "dense",
        **kwargs: Any,
    ) -> Self:
        """A store with texts in it.

        Args:
            texts: what is embedded and found.
            embedding: LangChain embeddings, or anything that `qdrant_mejurix.open_index` takes.
            metadatas: JSON values for each text.
            ids: as in `add_texts`.
            matter: name of the matter; there is no default.
            location: ":memory:", a folder or the URL of a server.
            mode: as in the constructor.
            **kwargs: for `open_index`.

        Returns:
            The store; close it, or use it as a context manager.

        Raises:
            InputError: the matter is not named, or an argument is not usable.
        """
        if not matter:
            raise InputError('Which matter the texts belong to was not said; give matter="name-of-the-case".')
        from qdrant_mejurix.index import open_index

        opened = open_index(location, embedding, **kwargs)
        try:
            store = cls(opened.matter(matter), mode=mode)
            store._owned = opened
            store.add_texts(texts, metadatas, ids=ids)
        except BaseException:
            opened.close()
            raise
        return store

    def close(self) -> None:
        """Closes the index that `from_texts` opened; one that was given stays open."""
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
