"""Paragraphs, list items and numbered findings, as offsets that cover a text."""

from __future__ import annotations

import re

# What opens a list item or a numbered finding at the start of a line; one alternative per phenomenon.
_ITEM = (
    r"[-*•·●○▪◦‣∙–—][ \t]+"  # bullets
    r"|\(?\d{1,3}[.)][ \t]+"  # 1.  2)  (3)
    r"|\(?[A-Za-z][.)][ \t]+"  # a.  B)  (c)
    r"|\(?[ivx]{2,5}[.)][ \t]+"  # ii.  (iv)
    r"|[가나다라마바사아자차카타파하][.)][ \t]*"  # 가.  나)
    r"|[①-⑳㉠-㉻][ \t]*"  # circled numbers
    r"|#\d{1,2}[.:)]?[ \t]+"  # problem list: #1
)
_BREAK = r"(?:\r\n|\r|\n|\f)"
# A blank line; a line break before an item; or, in flattened transcripts, ",2. " after a sentence's end.
_EDGE = re.compile(rf"{_BREAK}[ \t\f]*{_BREAK}\s*|{_BREAK}[ \t]*(?={_ITEM})|(?<=[.;:]),(?=\s?\d{{1,2}}\. )")


def block_edges(text: str, start: int, end: int) -> list[int]:
    """Offsets at which blocks begin in `text[start:end]`, the first being `start`.

    Args:
        text: the document's text.
        start: code-point offset, inclusive.
        end: code-point offset, exclusive.

    Returns:
        Rising offsets; block i runs to offset i + 1 or to `end`.
    """
    edges = [start]
    for match in _EDGE.finditer(text, start, end):
        if edges[-1] < match.end() < end:
            edges.append(match.end())
    return edges
