"""HTML to text: visible text only, blocks on their own lines, headings kept."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from mejurix_st.errors import MissingExtraError
from mejurix_st.text._decode import decode_text
from mejurix_st.text._extracted import Extracted, TextBuilder

_DROPPED_TEXT = "script style noscript template head svg math iframe object canvas button select"
_DROPPED = frozenset(_DROPPED_TEXT.split())
_HEADINGS = {f"h{i}": i for i in range(1, 7)}
_BLOCKS_TEXT = (
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer "
    "form header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
_BLOCKS = frozenset(_BLOCKS_TEXT.split())
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)|<\?xml[^>]{0,100}encoding=[\"']([A-Za-z0-9_.:-]+)",
    re.IGNORECASE,
)


def read_html(raw: bytes, name: str) -> Extracted:
    """Visible text of a page.

    Raises:
        MissingExtraError: beautifulsoup4 or lxml is not installed.
        DocumentError: no text in it, or no encoding fits.
    """
    try:
        from bs4 import BeautifulSoup
    except ImportError as error:
        raise MissingExtraError("Reading HTML files", "documents") from error
    if find_spec("lxml") is None:  # the parser that BeautifulSoup is asked for
        raise MissingExtraError("Reading HTML files", "documents")
    declared = _CHARSET.search(raw[:4096])
    codec = (declared.group(1) or declared.group(2)).decode("ascii") if declared else None
    if codec and codec.casefold() in ("euc-kr", "ks_c_5601-1987", "ksc5601"):
        codec = "cp949"  # what browsers mean by it
    text, warnings = decode_text(raw, name, codec)
    soup = BeautifulSoup(text, "lxml")
    reader = _Reader()
    reader.walk(soup)
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    headings = tuple(reader.builder.headings)
    first = next((h.text for h in headings if h.level == 1), "")
    return Extracted(
        reader.builder.text, title=title or first, warnings=tuple(warnings), headings=headings or None
    )


class _Reader:
    """Walks the tree without recursion, so that deep nesting is no danger."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self._line: list[str] = []
        self._level = 0
        self._gap = 2

    def walk(self, root: Any) -> None:
        stack: list[tuple[Any, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            name = getattr(node, "name", None)
            if name is None:
                self._string(node)
            elif leaving:
                self._leave(name)
            elif name not in _DROPPED and not _hidden(node):
                self._enter(name)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
        self._flush()

    def _string(self, node: Any) -> None:
        # comments, doctypes and CDATA are subclasses of the plain string
        if type(node).__name__ == "NavigableString":
            inside_pre = node.find_parent("pre") is not None
            self._line.append(str(node) if inside_pre else re.sub(r"[ \t\r\n\f]+", " ", str(node)))

    def _enter(self, name: str) -> None:
        if name in _BLOCKS or name in _HEADINGS:
            self._flush()
        if name in _HEADINGS:
            self._level = _HEADINGS[name]
        elif name == "li":
            self._line.append("- ")
        elif name == "br":
            self._line.append("\n")
        if name in ("li", "tr", "dt", "dd"):
            self._gap = 1
        elif name in _BLOCKS or name in _HEADINGS:
            self._gap = 2

    def _leave(self, name: str) -> None:
        if name in ("td", "th"):
            self._line.append(" | ")
        if name in _BLOCKS or name in _HEADINGS:
            self._flush()
            self._level = 0

    def _flush(self) -> None:
        text = "\n".join(line.strip(" |") for line in "".join(self._line).split("\n"))
        self._line = ["- "] if text.strip() == "-" else []  # a list marker waits for its paragraph
        if text.strip(" -"):
            self.builder.block(text, gap=self._gap, level=self._level)


def _hidden(node: Any) -> bool:
    attributes = getattr(node, "attrs", None) or {}
    style = str(attributes.get("style", "")).replace(" ", "").casefold()
    return "hidden" in attributes or "display:none" in style or "visibility:hidden" in style
