"""The manifest: which content of which document a store holds. The single source of truth after a crash."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from mejurix_st.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class State(StrEnum):
    """Where a document is in its life; see `qdrant_mejurix.lifecycle`."""

    STAGED = "staged"
    SWITCHING = "switching"
    CURRENT = "current"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of one matter.

    Attributes:
        matter: name of the matter.
        document: name of the document.
        state: where it is in its life.
        version: identity of the content that answers queries (file bytes and how they were cut); empty if
            none does. sha256: hex digest of that file's bytes.
        chunks: number of passages of that version.
        tokens: encoder tokens of that version.
        source: the file's absolute path when it was read; empty if unknown.
        generation: counts the versions of this document, from 1.
        staged: the version that is being written; empty when none is.
    """

    matter: str
    document: str
    state: State = State.STAGED
    version: str = ""
    sha256: str = ""
    chunks: int = 0
    tokens: int = 0
    source: str = ""
    generation: int = 0
    staged: str = ""


class Manifest(Protocol):
    """What each back end's manifest can do. Every call is durable when it returns."""

    def settings(self) -> dict[str, Any] | None:
        """What the store was made with; None when nothing has been written yet."""

    def write_settings(self, settings: dict[str, Any]) -> None:
        """Replaces the settings."""

    def get(self, matter: str, document: str) -> Entry | None:
        """One entry, or None."""

    def put(self, entries: Sequence[Entry]) -> None:
        """Writes entries, all or none where the back end can."""

    def remove(self, matter: str, document: str) -> None:
        """Forgets one entry; no error when there is none."""

    def entries(self, matter: str | None = None) -> list[Entry]:
        """All entries, or those of one matter, by matter and document."""

    def matters(self) -> dict[str, bool]:
        """Names of all matters; True for one that is being deleted."""

    def register(self, matter: str, *, deleting: bool = False) -> None:
        """Adds a matter, or marks it as being deleted."""

    def unregister(self, matter: str) -> None:
        """Forgets a matter."""

    def close(self) -> None:
        """Releases files and connections."""


_COLUMNS = [f.name for f in fields(Entry)]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS matters (name TEXT PRIMARY KEY, deleting INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  matter TEXT NOT NULL, document TEXT NOT NULL, state TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT
  NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL,
  staged TEXT NOT NULL, PRIMARY KEY (matter, document)) WITHOUT ROWID;
"""


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Entry(**{**values, "state": State(values["state"])})


class SqliteManifest:
    """A manifest in one SQLite file (write-ahead log, synchronous), or in memory with ":memory:"."""

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self._lock = threading.RLock()
        with self._errors():
            self._connection = sqlite3.connect(
                self._path, check_same_thread=False, isolation_level=None, timeout=5
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("SELECT count(*) FROM entries").fetchone()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                advice = (
                    "free some disk space and run the same command again; what was stored before is intact"
                    if "full" in str(error) or "I/O" in str(error)
                    else "restore it from a backup, or index the files again into a new folder"
                )
                raise StoreError(f"The manifest {self._path} cannot be used ({error}); {advice}.") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def settings(self) -> dict[str, Any] | None:
        """See `Manifest`."""
        with self._errors():
            row = self._connection.execute("SELECT value FROM settings").fetchone()
        return json.loads(row[0]) if row else None

    def write_settings(self, settings: dict[str, Any]) -> None:
        """See `Manifest`."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (1, ?)", (json.dumps(settings),))

    def get(self, matter: str, document: str) -> Entry | None:
        """See `Manifest`."""
        with self._errors():
            row = self._connection.execute(
                "SELECT * FROM entries WHERE matter = ? AND document = ?", (matter, document)
            ).fetchone()
        return _entry(row) if row else None

    def put(self, entries: Sequence[Entry]) -> None:
        """See `Manifest`."""
        marks = ", ".join("?" * len(_COLUMNS))
        with self._transaction() as connection:
            connection.executemany(f"INSERT OR REPLACE INTO entries VALUES ({marks})", map(astuple, entries))  # noqa: S608

    def remove(self, matter: str, document: str) -> None:
        """See `Manifest`."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM entries WHERE matter = ? AND document = ?", (matter, document))

    def entries(self, matter: str | None = None) -> list[Entry]:
        """See `Manifest`."""
        with self._errors():
            rows = self._connection.execute(
                "SELECT * FROM entries WHERE ? IS NULL OR matter = ? ORDER BY matter, document",
                (matter, matter),
            ).fetchall()
        return [_entry(row) for row in rows]

    def matters(self) -> dict[str, bool]:
        """See `Manifest`."""
        with self._errors():
            return {n: bool(d) for n, d in self._connection.execute("SELECT * FROM matters ORDER BY name")}

    def register(self, matter: str, *, deleting: bool = False) -> None:
        """See `Manifest`."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO matters VALUES (?, ?)", (matter, int(deleting)))

    def unregister(self, matter: str) -> None:
        """See `Manifest`."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM entries WHERE matter = ?", (matter,))
            connection.execute("DELETE FROM matters WHERE name = ?", (matter,))

    def close(self) -> None:
        """See `Manifest`."""
        with self._lock:
            self._connection.close()
