"""The manifest of a server: a second collection of points without vectors."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qdrant_mejurix.filters import equals, models
from qdrant_mejurix.manifest import Entry, State
from qdrant_mejurix.points import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from qdrant_client import QdrantClient

_PAGE = 1000


def _id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(("manifest", *parts))))


class CollectionManifest:
    """See `qdrant_mejurix.manifest.Manifest`. A batch of entries is one upsert."""

    def __init__(
        self, client: QdrantClient, collection: str, errors: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        self._client, self._collection, self._errors = client, collection, errors
        self._ready = False

    def _exists(self) -> bool:
        if not self._ready:
            self._ready = self._client.collection_exists(self._collection)
        return self._ready

    def _upsert(self, payloads: dict[str, dict[str, Any]]) -> None:
        with self._errors("write the manifest"):
            if not self._exists():
                self._client.create_collection(self._collection, vectors_config={})
                for name in ("kind", "matter"):
                    self._client.create_payload_index(
                        self._collection, name, field_schema=models.PayloadSchemaType.KEYWORD, wait=True
                    )
                self._ready = True
            points = [models.PointStruct(id=i, vector={}, payload=payload) for i, payload in payloads.items()]
            self._client.upsert(self._collection, points, wait=True)

    def _retrieve(self, identifier: str) -> dict[str, Any] | None:
        with self._errors("read the manifest"):
            if not self._exists():
                return None
            records = self._client.retrieve(self._collection, [identifier], with_payload=True)
        return records[0].payload if records else None

    def _scroll(self, where: models.Filter) -> list[dict[str, Any]]:
        payloads: list[dict[str, Any]] = []
        offset: Any = None
        with self._errors("read the manifest"):
            while self._exists():
                records, offset = self._client.scroll(
                    self._collection, scroll_filter=where, limit=_PAGE, offset=offset, with_payload=True
                )
                payloads += [record.payload or {} for record in records]
                if offset is None:
                    break
        return payloads

    def _delete(self, where: models.Filter) -> None:
        with self._errors("write the manifest"):
            if self._exists():
                self._client.delete(self._collection, models.FilterSelector(filter=where), wait=True)

    def settings(self) -> dict[str, Any] | None:
        """See `Manifest`."""
        payload = self._retrieve(_id("settings"))
        return payload["value"] if payload else None

    def write_settings(self, settings: dict[str, Any]) -> None:
        """See `Manifest`."""
        self._upsert({_id("settings"): {"kind": "settings", "value": settings}})

    def get(self, matter: str, document: str) -> Entry | None:
        """See `Manifest`."""
        payload = self._retrieve(_id("entry", matter, document))
        return _entry(payload) if payload else None

    def put(self, entries: Sequence[Entry]) -> None:
        """See `Manifest`."""
        self._upsert({_id("entry", e.matter, e.document): {"kind": "entry", **asdict(e)} for e in entries})

    def remove(self, matter: str, document: str) -> None:
        """See `Manifest`."""
        self._delete(models.Filter(must=[models.HasIdCondition(has_id=[_id("entry", matter, document)])]))

    def entries(self, matter: str | None = None) -> list[Entry]:
        """See `Manifest`."""
        must: list[models.Condition] = [equals("kind", "entry")]
        if matter is not None:
            must.append(equals("matter", matter))
        found = [_entry(payload) for payload in self._scroll(models.Filter(must=must))]
        return sorted(found, key=lambda entry: (entry.matter, entry.document))

    def matters(self) -> dict[str, bool]:
        """See `Manifest`."""
        payloads = self._scroll(models.Filter(must=[equals("kind", "matter")]))
        return {p["matter"]: bool(p["deleting"]) for p in sorted(payloads, key=lambda p: str(p["matter"]))}

    def register(self, matter: str, *, deleting: bool = False) -> None:
        """See `Manifest`."""
        self._upsert({_id("matter", matter): {"kind": "matter", "matter": matter, "deleting": deleting}})

    def unregister(self, matter: str) -> None:
        """See `Manifest`."""
        self._delete(models.Filter(must=[equals("matter", matter)]))

    def close(self) -> None:
        """See `Manifest`; the store closes the client."""


def _entry(payload: dict[str, Any]) -> Entry:
    values = {name: payload[name] for name in Entry.__slots__ if name in payload}
    return Entry(**{**values, "state": State(values["state"])})
