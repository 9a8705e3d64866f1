"""Locks: readers and one writer within a process, one process per folder."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadWriteLock:
    """Many readers or one writer. A waiting writer goes first, so that searches cannot starve it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Shared with other readers. Not re-entrant."""
        with self._condition:
            self._condition.wait_for(lambda: not self._writing and not self._waiting)
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone."""
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(lambda: not self._writing and not self._readers)
            finally:
                self._waiting -= 1
                self._condition.notify_all()
            self._writing = True
        try:
            yield
        finally:
            with self._condition:
                self._writing = False
                self._condition.notify_all()


class FolderLock:
    """Held by the one process that has a folder open.

    The system releases it when that process ends, however it ends. The file names its holder, so that a
    refusal can say whom to close.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{path.parent} cannot be opened for writing: {error.strerror}.") from error
        try:
            _take(self._descriptor)
        except OSError as error:
            holder = (
                os.pread(self._descriptor, 500, 0).decode("utf-8", "replace").strip()
                if os.name != "nt"
                else ""
            )
            self.release()
            raise StoreError(
                f"{path.parent} is open in {holder or 'another process'}; a store has one owner at a time. "
                "Close that one (index.close(), or end the process) and try again, or use a Qdrant server."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"process {os.getpid()} ({Path(sys.argv[0]).name or 'python'})".encode())

    def release(self) -> None:
        """Lets another process in. Safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if os.name == "nt":  # pragma: no cover - the suite runs on POSIX
    import msvcrt

    def _take(descriptor: int) -> None:
        # A byte far behind the text is locked, so that the holder's name stays readable.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
