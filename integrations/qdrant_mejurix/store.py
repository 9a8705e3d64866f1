"""What every back end can do, and `open_store`, which picks one by the location."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mejurix_st.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from qdrant_mejurix.filters import models
    from qdrant_mejurix.manifest import Manifest
    from qdrant_mejurix.points import Found, Point, SparseVector

MEMORY = ":memory:"
DEFAULT_COLLECTION = "mejurix"
FieldKind = Literal["keyword", "integer", "float", "bool", "datetime", "geo", "text"]


@dataclass(frozen=True, slots=True)
class ArmQuery:
    """One arm of a search: `arm` names the vector, `vector` is (dimension,) float32 or sparse."""

    arm: str
    vector: NDArray[np.float32] | SparseVector


class Store(Protocol):
    """A place for points. Internal: users go through `Matter`, which binds every call to a matter."""

    @property
    def location(self) -> str:
        """As given by the user, for messages."""

    @property
    def manifest(self) -> Manifest:
        """What the store holds."""

    @property
    def shared(self) -> bool:
        """True when other processes may write at the same time (a server)."""

    def create(self, dimension: int, indexes: Mapping[str, FieldKind]) -> None:
        """Makes the collection if it is not there yet.

        Args:
            dimension: of the dense vector.
            indexes: payload fields to index beyond those of every index, by path.

        Raises:
            StoreError: it is there with another dimension, or cannot be made.
        """

    def create_field_index(self, field: str, kind: FieldKind) -> None:
        """Makes filters on a payload field fast; again on the same field changes nothing."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Writes points; those with a known id are replaced."""

    def set_payload(self, where: models.Filter, values: dict[str, Any]) -> None:
        """Sets payload fields on all points that match, in one operation."""

    def delete(self, where: models.Filter) -> None:
        """Deletes all points that match."""

    def search(
        self, queries: Sequence[ArmQuery], where: models.Filter, corpus: models.Filter, limit: int
    ) -> list[list[Found]]:
        """For each query its best points, best first; of their payloads `RANKING_FIELDS`.

        Args:
            queries: one for each arm.
            where: what may be found.
            corpus: the points over which word frequencies are counted: the matter, so that one client's words
                neither leak into nor distort another's ranking.
            limit: most points for each arm.
        """

    def scroll(
        self, where: models.Filter, limit: int, offset: str | None = None, *, vectors: bool = False
    ) -> tuple[list[Found], str | None]:
        """A page of points in the order of their ids, and where the next one begins (None at the end)."""

    def count(self, where: models.Filter) -> int:
        """Exact number of points that match."""

    def switching(self) -> AbstractContextManager[None]:
        """Held while a document changes version: no search of this process runs meanwhile."""

    def reading(self) -> AbstractContextManager[None]:
        """Held by every search."""

    def check_space(self, bytes_needed: int) -> None:
        """Raises StoreError when the disk has no room for that much; nothing where the disk is not ours."""

    def flush(self) -> None:
        """Returns when everything written survives a power failure."""

    def close(self) -> None:
        """Releases files and connections. Safe to call twice."""


def open_store(
    location: str | Path,
    *,
    collection: str = DEFAULT_COLLECTION,
    api_key: str | None = None,
    timeout: float = 60.0,
    create: bool = True,
) -> Store:
    """Opens a store.

    Args:
        location: a folder (Qdrant Edge, in this process), the URL of a Qdrant server, or ":memory:" for
            tests.
        collection: name of the collection on a server.
        api_key: of the server; the environment's `QDRANT_API_KEY` when not given.
        timeout: of requests to a server, in seconds.
        create: False to refuse a folder that holds no store, instead of making one.

    Raises:
        InputError: the location is empty or not usable.
        MissingExtraError: qdrant-client or qdrant-edge-py is not installed.
        StoreError: the store is held by another process, damaged, or not reachable.
    """
    text = str(location)
    if not text.strip() or "\0" in text:
        raise InputError(f'The store location is {text!r}; give a folder, a URL, or ":memory:".')
    if text == MEMORY:
        from qdrant_mejurix.client_store import ClientStore

        return ClientStore.in_memory(collection)
    if text.startswith(("http://", "https://")):
        from qdrant_mejurix.client_store import ClientStore

        return ClientStore.on_server(text, collection, api_key or os.environ.get("QDRANT_API_KEY"), timeout)
    if "://" in text:
        raise InputError(
            f"The store location {text!r} has an unknown scheme; a server is http:// or https://."
        )
    from qdrant_mejurix.edge_store import EdgeStore

    folder = Path(text).expanduser()
    if not create and not (folder / "manifest.sqlite3").exists():
        raise StoreError(f"There is no index at {folder}; make one by adding files, or check the path.")
    return EdgeStore(folder)
