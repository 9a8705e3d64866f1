"""Writing files whole or not at all."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes beside the file and then takes its place, so that no half-written file is ever seen.

    Raises:
        OSError: it cannot be written; an older file of that name is unchanged.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the user knows this name, not the other
        raise
    finally:
        part.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuses a place that cannot be written before slow work begins.

    Raises:
        OSError: it is a directory, or its folder is missing or not writable.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path.parent))
