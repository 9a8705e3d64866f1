"""Compares files, manifest and store, and says what differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qdrant_mejurix.filters import models
from qdrant_mejurix.manifest import Entry, State
from qdrant_mejurix.report import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qdrant_mejurix.store import Store

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the manifest says.

    Attributes:
        kind: "file missing", "file changed", "file unreadable", "unfinished", "passages missing", "passages
            extra", "passages stale", "passages stray", "offsets", "matter unknown".
        matter: name of the matter.
        document: name of the document; empty for a whole matter.
        detail: what was found, what was expected, and what to do.
    """

    kind: str
    matter: str
    document: str
    detail: str

    def __str__(self) -> str:
        where = f"{self.matter}/{self.document}" if self.document else self.matter
        return f"{where}: {self.kind}: {self.detail}"


def verify_store(store: Store) -> list[Difference]:
    """All differences, ordered by matter and document. Reads every file and every point; changes nothing."""
    entries = store.manifest.entries()
    known = store.manifest.matters()
    counted, wrong, matters = _count(store)
    found: list[Difference] = []
    for entry in entries:
        found += _file_differences(entry)
        found += _entry_differences(entry, counted)
    listed = {(entry.matter, entry.document) for entry in entries}
    strays = Counter[tuple[str, str]]()
    for (matter, document, _), number in counted.items():
        if (matter, document) not in listed:
            strays[matter, document] += number
    for (matter, document), number in strays.items():
        found.append(
            Difference(
                "passages stray", matter, document, f"{number} of a document that the manifest does not know"
            )
        )
    for (matter, document), number in wrong.items():
        detail = f"{number} passages whose length is not end - start; delete the document and add it again"
        found.append(Difference("offsets", matter, document, detail))
    for matter in sorted(matters - set(known)):
        found.append(
            Difference("matter unknown", matter, "", "it has points and the manifest does not list it")
        )
    return sorted(found, key=lambda d: (d.matter, d.document, d.kind))


def _count(store: Store) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str]], set[str]]:
    """Passages by matter, document, version ("" if staged); those of wrong length; matters with points."""
    counted: Counter[tuple[str, str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    matters: set[str] = set()
    offset: str | None = None
    while True:
        points, offset = store.scroll(models.Filter(), _PAGE, offset)
        for point in points:
            payload = point.payload
            matter = payload.get("matter") or payload.get("staged") or ""
            matters.add(matter)
            if payload.get("kind") == "document":
                document = payload.get("document", "")
                counted[matter, document, payload.get("version", "") if payload.get("matter") else ""] += 1
                if payload["end"] - payload["start"] != len(payload["text"]):
                    wrong[matter, document] += 1
        if offset is None:
            return counted, wrong, matters


def _file_differences(entry: Entry) -> Iterator[Difference]:
    if not entry.source or not entry.version:
        return
    path = Path(entry.source)
    try:
        if file_digest(path) != entry.sha256:
            yield Difference(
                "file changed", entry.matter, entry.document, f"{path} has new content; add it again"
            )
    except FileNotFoundError:
        yield Difference(
            "file missing", entry.matter, entry.document, f"{path} is gone; its passages still answer"
        )
    except OSError as error:
        yield Difference("file unreadable", entry.matter, entry.document, f"{path}: {error.strerror}")


def _entry_differences(entry: Entry, counted: Counter[tuple[str, str, str]]) -> Iterator[Difference]:
    matter, document = entry.matter, entry.document
    if entry.state in (State.SWITCHING, State.DELETING) or entry.staged:
        detail = "a run was ended before it was done; run the same command again"
        yield Difference("unfinished", matter, document, detail)
    elif staged := counted[matter, document, ""]:
        yield Difference("passages stray", matter, document, f"{staged} that were staged and never used")
    if entry.state is State.DELETING or not entry.version:
        return
    number = counted[matter, document, entry.version]
    if number != entry.chunks:
        kind = "passages missing" if number < entry.chunks else "passages extra"
        detail = (
            f"{number} in the store, {entry.chunks} in the manifest; delete the document and add it again"
        )
        yield Difference(kind, matter, document, detail)
    stale = sum(
        count
        for (m, d, version), count in counted.items()
        if (m, d) == (matter, document) and version not in ("", entry.version)
    )
    if stale:
        yield Difference("passages stale", matter, document, f"{stale} of an older version")
