"""What every format's reader returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.types import Heading

if TYPE_CHECKING:
    from mejurix_st.types import Page


@dataclass(frozen=True, slots=True)
class Extracted:
    """Text and structure of a file.

    Attributes:
        text: the text.
        pages: pages that cover the text; empty for one page, or where form feeds separate pages.
        title: the file's own title, empty if it has none.
        warnings: what a reader of citations must know.
        headings: headings by style; None if they are to be detected in the text.
    """

    text: str
    pages: tuple[Page, ...] = ()
    title: str = ""
    warnings: tuple[str, ...] = ()
    headings: tuple[Heading, ...] | None = None


class TextBuilder:
    """Collects blocks of text and headings with offsets; blocks are separated by line breaks."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._gap = 0
        self.headings: list[Heading] = []

    def block(self, text: str, gap: int = 2, level: int = 0) -> None:
        """Adds one block.

        Args:
            text: the block's text; nothing is added if it is blank.
            gap: least number of line breaks between this block and its neighbours.
            level: 1 and up for a heading.
        """
        text = text.strip("\n")
        if not text.strip():
            return
        if self._parts:
            breaks = "\n" * max(self._gap, gap)
            self._parts.append(breaks)
            self._length += len(breaks)
        if level:
            self.headings.append(
                Heading(self._length, self._length + len(text), level, " ".join(text.split()))
            )
        self._parts.append(text)
        self._length += len(text)
        self._gap = gap

    @property
    def text(self) -> str:
        return "".join(self._parts)
