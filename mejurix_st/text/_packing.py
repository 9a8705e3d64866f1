"""Packs the blocks of one section into passages of at most a budget of tokens."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from mejurix_st.text._blocks import block_edges
from mejurix_st.text._sentences import sentence_ends

if TYPE_CHECKING:
    from mejurix_st.text._sections import Section
    from mejurix_st.text.tokens import TokenIndex


def pack_section(
    text: str, section: Section, index: TokenIndex, budget: int, overlap: int
) -> list[tuple[int, int]]:
    """Spans of a section's passages.

    Args:
        text: the document's text.
        section: the section to cut.
        index: the document's tokens.
        budget: most tokens of one passage, 1 or more.
        overlap: most tokens repeated from the previous passage, at whole sentences.

    Returns:
        Spans by rising start that cover the section; each begins after the one before it.
    """
    if index.count(section.start, section.end) <= budget:
        return [(section.start, section.end)]
    packer = _Packer(text, index, budget, overlap)
    for start, end in _blocks(text, section):
        packer.add(start, end)
    return packer.finish()


def _blocks(text: str, section: Section) -> list[tuple[int, int]]:
    """Blocks of the section; a heading goes with the block after it."""
    edges = block_edges(text, section.start, section.end)
    for end in section.heading_ends:
        i = bisect_right(edges, end)
        # The edge right after the heading, with only blanks between, is no place to cut.
        if i < len(edges) and not text[end : edges[i]].strip(" \t\r\n\f:,"):
            del edges[i]
    return list(zip(edges, [*edges[1:], section.end], strict=True))


class _Packer:
    """Greedy packing: whole blocks first, then sentences, then tokens."""

    def __init__(self, text: str, index: TokenIndex, budget: int, overlap: int) -> None:
        self._text = text
        self._index = index
        self._budget = budget
        self._overlap = overlap
        self._done: list[tuple[int, int]] = []
        self._start: int | None = None
        self._end = 0
        self._sentences: list[int] = []  # starts of the sentences placed so far, rising

    def finish(self) -> list[tuple[int, int]]:
        self._flush()
        return self._done

    def add(self, start: int, end: int) -> None:
        """Places one block."""
        sentences = [start, *sentence_ends(self._text, start, end)]
        if self._try(start, end):
            self._sentences.extend(sentences)
            return
        if self._start is not None and 2 * self._index.count(self._start, self._end) >= self._budget:
            self._flush()
        for first, last in zip(sentences, [*sentences[1:], end], strict=True):
            if not self._try(first, last):
                self._by_tokens(first, last)
            self._sentences.append(first)

    def _try(self, start: int, end: int) -> bool:
        """Extends the open passage by the span, or opens one for it; False if no passage can hold it."""
        if self._start is not None and self._index.count(self._start, end) <= self._budget:
            self._end = end
            return True
        if self._index.count(start, end) > self._budget:
            return False
        self._flush()
        self._start, self._end = self._overlapped(start, end), end
        return True

    def _overlapped(self, start: int, end: int) -> int:
        """Start of the passage for the span: as many whole sentences before it as the overlap allows."""
        if not self._done or not self._overlap:
            return start
        previous = self._done[-1][0]
        best = start
        for candidate in reversed(self._sentences):
            fits = self._index.count(candidate, end) <= self._budget
            if candidate <= previous or not fits or self._index.count(candidate, start) > self._overlap:
                break
            best = candidate
        return best

    def _by_tokens(self, start: int, end: int) -> None:
        """Places a sentence that no passage can hold: cut at the last blank, else between tokens."""
        position = start
        while position < end:
            if self._start is None:
                self._start = self._end = position
            room = self._budget - self._index.count(self._start, position)
            stop = self._index.after(position, room) if room > 0 else position
            if stop is None or stop >= end:
                self._end = end
                return
            if stop > position:
                blank = max(self._text.rfind(b, position, stop) for b in " \n\t")
                stop = blank + 1 if blank + 1 > position + (stop - position) // 2 else stop
                self._end = position = stop
            self._flush()

    def _flush(self) -> None:
        if self._start is not None and self._end > self._start:
            self._done.append((self._start, self._end))
        self._start = None
