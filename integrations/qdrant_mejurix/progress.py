"""Progress of a long run: a bar on a terminal, a callback, or nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is: files dealt with of all, passages and tokens embedded, the file read last."""

    files: int
    total: int
    chunks: int
    tokens: int
    path: str


@contextmanager
def progress_reporter(
    progress: bool | Callable[[Progress], None] | None, total: int
) -> Iterator[Callable[[Progress], None]]:
    """Yields a function that reports.

    Args:
        progress: a callback; True for a bar; False for nothing; None for a bar when standard error is a
            terminal.
        total: number of files.
    """
    if callable(progress):
        yield progress
        return
    if progress is None:
        progress = sys.stderr.isatty()
    if not progress:
        yield lambda _: None
        return
    from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

    with tqdm(total=total, unit="file", file=sys.stderr) as bar:

        def report(step: Progress) -> None:
            bar.set_postfix_str(f"{step.chunks} passages", refresh=False)
            bar.update(step.files - bar.n)

        yield report
