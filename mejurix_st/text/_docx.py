"""DOCX to text: paragraphs, tables and footnotes in document order.

The XML is walked here, because python-docx's own iteration leaves out tracked insertions and content
controls.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import DocumentError, MissingExtraError
from mejurix_st.text._extracted import Extracted, TextBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING_STYLE = re.compile(r"^(?:heading|제목|überschrift)\s*(\d)$", re.IGNORECASE)
_RUN_TEXT = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_SKIPPED = {_FALLBACK, _W + "del", _W + "moveFrom", _W + "pPr", _W + "rPr", _W + "instrText"}


def read_docx(raw: bytes, name: str, max_bytes: int) -> Extracted:
    """Text with headings by paragraph style; table rows as lines of cells joined by " | ".

    Raises:
        MissingExtraError: python-docx is not installed.
        DocumentError: broken, encrypted, or its content is larger than `max_bytes`.
    """
    try:
        import docx
    except ImportError as error:
        raise MissingExtraError("Reading DOCX files", "documents") from error
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(f"{name}: encrypted, or an old .doc; save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            size = sum(i.file_size for i in archive.infolist() if i.filename.endswith(".xml"))
        if size > max_bytes:
            raise DocumentError(f"{name}: unpacks to {size:,} bytes, more than the limit of {max_bytes:,}.")
        document = docx.Document(io.BytesIO(raw))
        body = document.element.body
        styles = {style.style_id: str(style.name) for style in document.styles}
        parts = {str(p.partname): p for p in document.part.package.iter_parts()}
        notes = [parts[n].blob for n in ("/word/footnotes.xml", "/word/endnotes.xml") if n in parts]
        title = str(document.core_properties.title or "").strip()
    except DocumentError:
        raise
    except Exception as error:  # zipfile, lxml and python-docx each have their own errors
        raise DocumentError(
            f"{name}: broken DOCX, it could not be opened ({type(error).__name__})."
        ) from error
    builder = TextBuilder()
    found_title = _walk(body, styles, builder)
    _add_notes(notes, builder)
    return Extracted(builder.text, title=title or found_title, headings=tuple(builder.headings) or None)


def _walk(container: Any, styles: dict[str, str], builder: TextBuilder) -> str:
    """Adds the blocks of a body; returns the text of the paragraph in style "Title"."""
    title = ""
    for block in _blocks(container):
        if block.tag == _W + "tbl":
            rows = [" | ".join(_cells(row)) for row in block.iter(_W + "tr") if _owner(row) is block]
            builder.block("\n".join(row for row in rows if row.strip(" |")))
            continue
        text = _text(block)
        style = styles.get(_value(block, "pStyle"), "")
        if style.casefold() in ("title", "제목") and text.strip():
            title = title or " ".join(text.split())
            builder.block(text, level=1)
            continue
        level = _level(block, style)
        item = not level and ("list" in style.casefold() or block.find(f"{_W}pPr/{_W}numPr") is not None)
        builder.block(f"- {text}" if item and text.strip() else text, gap=1 if item else 2, level=level)
    return title


def _blocks(container: Any) -> Iterator[Any]:
    """Paragraphs and tables, also inside content controls and tracked insertions; not inside tables."""
    for child in container:
        if child.tag in (_W + "p", _W + "tbl"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _blocks(child)


def _text(element: Any) -> str:
    """Visible text of a paragraph, tracked deletions left out."""
    if element.tag == _W + "t":
        return str(element.text or "")
    if element.tag in _RUN_TEXT:
        return _RUN_TEXT[element.tag]
    if element.tag in _SKIPPED or not isinstance(element.tag, str):
        return ""
    return "".join(_text(child) for child in element)


def _cells(row: Any) -> Iterator[str]:
    for cell in row.iter(_W + "tc"):
        if _owner(cell) is row.getparent() or cell.getparent() is row:
            yield " ".join(" ".join(_text(p).split()) for p in cell.iter(_W + "p")).strip()


def _owner(element: Any) -> Any:
    """The nearest enclosing table."""
    parent = element.getparent()
    while parent is not None and parent.tag != _W + "tbl":
        parent = parent.getparent()
    return parent


def _value(paragraph: Any, name: str) -> str:
    found = paragraph.find(f"{_W}pPr/{_W}{name}")
    return "" if found is None else str(found.get(_W + "val") or "")


def _level(paragraph: Any, style: str) -> int:
    if match := _HEADING_STYLE.match(style.strip()):
        return int(match.group(1))
    outline = _value(paragraph, "outlineLvl")
    return int(outline) + 1 if outline.isdigit() and int(outline) < 9 else 0


def _add_notes(notes: list[bytes], builder: TextBuilder) -> None:
    from docx.oxml import parse_xml  # its parser resolves no entities

    texts = [_text(p) for blob in notes for p in parse_xml(blob).iter(_W + "p")]
    if any(text.strip() for text in texts):
        builder.block("Footnotes", level=1 if builder.headings else 0)
        for text in texts:
            builder.block(text)
