"""What an addition did, and how a file's content is told apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class AddReport:
    """What `Matter.add` did. Paths are as they were given.

    Attributes:
        added: files indexed, new or changed.
        skipped: files whose content is in the matter already.
        failed: files that could not be indexed, with the reason; whatever was there of them before is
            unchanged.
        replaced: those of `added` that took the place of an older version.
        warnings: what a reader of citations must know, by file (decoding guesses, pages without text).
        chunks: passages written.
        tokens: encoder tokens in them.
        seconds: wall-clock time.
    """

    added: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    chunks: int = 0
    tokens: int = 0
    seconds: float = 0.0


def file_digest(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
