"""Where the command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN_WIDTH = 100
"""Columns of human output when there is no terminal to ask."""


def output() -> Console:
    """Console of standard output: colours on a terminal only, and none with NO_COLOR."""
    return Console(highlight=False, markup=False, emoji=False, width=_width(sys.stdout.isatty()))


def messages() -> Console:
    """Console of standard error, where a message stays on one line however long it is."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _width(terminal: bool) -> int | None:
    return None if terminal or os.environ.get("COLUMNS") else PLAIN_WIDTH


def fail(message: str) -> None:
    """One line on standard error that begins with "error:"."""
    _line("error: ", "bold red", message)


def warn(message: str) -> None:
    """One line on standard error that begins with "warning: "."""
    _line("warning: ", "yellow", message)


def note(message: str) -> None:
    """One plain line on standard error."""
    _line("", "", message)


def one_line(message: object) -> str:
    """A message without line breaks or control characters, so that it cannot disturb the terminal."""
    text = " ".join(str(message).split())
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _line(head: str, style: str, message: str) -> None:
    console = messages()
    if head:
        console.print(head, style=style, end="")
    console.print(one_line(message))


@contextmanager
def busy(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on standard error while something slow runs; nothing where there is no terminal."""
    console = messages()
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(what, spinner="dots"):
        yield
