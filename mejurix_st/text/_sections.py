"""A document as consecutive sections with heading paths; small neighbours are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.text._headings import heading_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mejurix_st.text.tokens import TokenIndex
    from mejurix_st.types import Document

_SMALL = 4  # a section below a quarter of the budget may share a passage with its neighbours


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the document under one heading path.

    Attributes:
        start: code-point offset, inclusive.
        end: code-point offset, exclusive.
        path: headings from the outermost to the own one.
        heading_ends: offsets where headings inside the section end; the text after stays with its heading.
    """

    start: int
    end: int
    path: tuple[str, ...]
    heading_ends: tuple[int, ...] = ()


def sections_of(document: Document, index: TokenIndex, budget: int) -> Iterator[Section]:
    """Sections in order, covering the text without gap.

    A heading without text of its own is joined to what follows, so that it never stands alone. Neighbours
    that are all below a quarter of `budget` tokens share one section under their common path while they fit.
    """
    group: list[Section] = []
    for section in _with_bodies(document):
        size = index.count(section.start, section.end)
        small = size < budget // _SMALL
        if group and (not small or index.count(group[0].start, section.end) > budget):
            yield _join(group)
            group = []
        if small:
            group.append(section)
        else:
            yield section
    if group:
        yield _join(group)


def _with_bodies(document: Document) -> Iterator[Section]:
    """One section per heading that has a body."""
    text, headings = document.text, document.headings
    if not headings:
        if text:
            yield Section(0, len(text), ())
        return
    if headings[0].start > 0:
        yield Section(0, headings[0].start, ())
    paths = heading_paths(headings)
    begin: int | None = None
    ends: list[int] = []
    for i, heading in enumerate(headings):
        stop = headings[i + 1].start if i + 1 < len(headings) else len(text)
        begin = heading.start if begin is None else begin
        ends.append(heading.end)
        if i + 1 < len(headings) and not text[heading.end : stop].strip(" \t\r\n\f:,."):
            continue
        yield Section(begin, stop, paths[i], tuple(ends))
        begin, ends = None, []


def _join(group: list[Section]) -> Section:
    if len(group) == 1:
        return group[0]
    common: list[str] = []
    for parts in zip(*(section.path for section in group), strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    ends = tuple(end for section in group for end in section.heading_ends)
    return Section(group[0].start, group[-1].end, tuple(common), ends)
