"""Passages cut into the stretches of text that can support a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qdrant_mejurix.points import pages_between

from langchain_mejurix.answer_types import Citation
from langchain_mejurix.instructions import find_instructions
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.types import Hit

_WIDEST = 3
_MOST_CHARACTERS = 900


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage.

    Attributes:
        number: by which a model cites it, from 1.
        hit: the search result.
        unsafe: code-point spans of the passage's text that give orders to the reader, and what follows them.
    """

    number: int
    hit: Hit
    unsafe: tuple[tuple[int, int], ...]

    @property
    def context(self) -> str:
        """Document name and heading path, which govern the passage."""
        chunk = self.hit.chunk
        return f"{chunk.document.replace('_', ' ')}\n{chunk.header}"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one to three sentences: code points `[start, end)` of the passage's text."""

    passage: Passage
    start: int
    end: int
    sentences: int

    @property
    def text(self) -> str:
        """The stretch as in the document."""
        return self.passage.hit.chunk.text[self.start : self.end]

    @property
    def citation(self) -> Citation:
        """The stretch as a citation, with offsets into the document's text."""
        hit, chunk = self.passage.hit, self.passage.hit.chunk
        start, end = chunk.start + self.start, chunk.start + self.end
        first, last = pages_between(chunk, hit.payload, start, end)
        return Citation(
            matter=chunk.matter,
            document=chunk.document or str(hit.payload.get("id", "")),
            page_start=first,
            page_end=last,
            start=start,
            end=end,
            quote=self.text,
        )


def passages_of(hits: Sequence[Hit], matter: str) -> list[Passage]:
    """Numbered passages; a hit of another matter is left out, whatever the store returned.

    What gives orders in one passage is unsafe in every overlapping passage of that document.
    """
    own = [hit for hit in hits if hit.chunk.matter == matter]
    marked = [(hit.chunk, find_instructions(hit.chunk.text)) for hit in own]
    bad = [
        (chunk.document, chunk.start + start, chunk.start + end)
        for chunk, spans in marked
        for start, end in spans
        if chunk.document
    ]
    passages = []
    for number, (hit, (chunk, spans)) in enumerate(zip(own, marked, strict=True), start=1):
        shared = [
            (max(0, start - chunk.start), min(len(chunk.text), end - chunk.start))
            for document, start, end in bad
            if document == chunk.document and start < chunk.end and end > chunk.start
        ]
        passages.append(Passage(number, hit, tuple(sorted({*spans, *shared}))))
    return passages


def windows_of(passage: Passage, widest: int = _WIDEST) -> list[Window]:
    """All stretches of up to `widest` neighbouring sentences that hold no unsafe text, shortest first."""
    text = passage.hit.chunk.text
    sentences = []
    for start, end in sentence_spans(text):
        start, end = _trimmed(text, start, end)
        if start < end:
            sentences.append((start, end))
    windows = []
    for width in range(1, widest + 1):
        for first in range(len(sentences) - width + 1):
            start, end = sentences[first][0], sentences[first + width - 1][1]
            if width > 1 and end - start > _MOST_CHARACTERS:
                continue
            if not any(start < bad_end and end > bad_start for bad_start, bad_end in passage.unsafe):
                windows.append(Window(passage, start, end, width))
    return windows


def warnings_of(passages: Sequence[Passage]) -> tuple[str, ...]:
    """One line for each document that gives orders to its reader."""
    found = {}
    for passage in passages:
        if passage.unsafe:
            chunk, (start, end) = passage.hit.chunk, passage.unsafe[0]
            page, _ = pages_between(chunk, passage.hit.payload, chunk.start + start, chunk.start + end)
            found[chunk.document, page] = (
                f"{chunk.document or 'a record'}, page {page}, holds text that gives orders "
                "to its reader; it was not used as evidence."
            )
    return tuple(found.values())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
