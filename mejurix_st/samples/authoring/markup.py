"""The small markup in which the sample documents are written, read into blocks.

A source starts with `key: value` lines up to a line of three hyphens. Then: `#` and `##` headings, `-` list
items, `|` table rows (the first row is the head), `~` preformatted lines, `!center`, `!right` and `!box`
lines, `!rule`, `!page`, and paragraphs. A backslash at a line's end breaks the line; `**` marks bold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Block:
    """One piece of a source: `kind` is the mark, `lines` its text, for a table one row of cells a line."""

    kind: str
    lines: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[list[str]]:
        """Cells of a table block, row by row."""
        return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in self.lines]


@dataclass(frozen=True)
class Source:
    """One written source: its settings and its blocks, in order."""

    settings: dict[str, str]
    blocks: list[Block]


_MARKS = {"# ": "title", "## ": "heading", "- ": "item", "|": "table", "~": "pre"}


def read_source(path: Path) -> Source:
    """Read the source at `path`.

    Raises:
        ValueError: a settings line has no colon, or a mark is unknown.
    """
    head, body = path.read_text(encoding="utf-8").split("\n---\n", 1)
    settings = {}
    for line in head.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"{path.name}: got the settings line {line!r}, wanted 'key: value'")
        settings[key.strip()] = value.strip()
    blocks: list[Block] = []
    fresh = True
    for line in body.splitlines():
        if not line.strip():
            fresh = True
            continue
        kind, text = _classify(line, path)
        before = blocks[-1].kind if blocks and not fresh else ""
        if kind in {"paragraph", "table", "pre"} and before in (
            {kind, "item"} if kind == "paragraph" else {kind}
        ):
            blocks[-1].lines.append(text)
        else:
            blocks.append(Block(kind, [text]))
        fresh = False
    return Source(settings, blocks)


def _classify(line: str, path: Path) -> tuple[str, str]:
    for mark, kind in _MARKS.items():
        if line.startswith(mark):
            return kind, line[len(mark) :] if kind != "table" else line
    if line.startswith("!"):
        name, _, text = line[1:].partition(" ")
        if name not in {"center", "right", "box", "rule", "page"}:
            raise ValueError(f"{path.name}: got the mark !{name}, wanted center, right, box, rule or page")
        return name, text
    return "paragraph", line.strip()


def flow(lines: list[str], line_break: str) -> str:
    """Join the lines of a paragraph with spaces, and with `line_break` after a backslash."""
    text = ""
    for line in lines:
        joint = "" if not text or text.endswith(line_break) else " "
        text += joint + (line[:-1].rstrip() + line_break if line.endswith("\\") else line)
    return text
