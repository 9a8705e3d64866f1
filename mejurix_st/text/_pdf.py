"""PDF to text by PDFium: pages kept, pages without a text layer reported."""

from __future__ import annotations

import re
from typing import Any

from mejurix_st.errors import DocumentError, MissingExtraError
from mejurix_st.text._extracted import Extracted
from mejurix_st.types import Page

_STAMP = 40  # a scan with a page stamp has fewer visible characters than this
_TERMINATED = re.compile(r"[.!?:;。][\"'”’)\]]*$|[다음함됨임요]\.?$")
_POOR_TITLE = re.compile(
    r"^(?:untitled|microsoft word|document\d*$|\(?anonymous|.*\.(?:docx?|pdf|hwpx?|indd)$)", re.IGNORECASE
)


def read_pdf(raw: bytes, name: str) -> Extracted:
    """Text of all pages, joined by form feeds.

    Raises:
        MissingExtraError: pypdfium2 is not installed.
        DocumentError: broken, encrypted, without pages, or without any text layer.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError("Reading PDF files", "documents") from error
    try:
        pdf = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise DocumentError(f"{name}: encrypted PDF; remove the password and add it again.") from error
        raise DocumentError(f"{name}: broken PDF, it could not be opened ({error}).") from error
    try:
        return _read_pages(pdf, name, pypdfium2.PdfiumError)
    finally:
        pdf.close()


def _read_pages(pdf: Any, name: str, pdf_error: type[Exception]) -> Extracted:
    if not len(pdf):
        raise DocumentError(f"{name}: the PDF has no pages.")
    parts: list[str] = []
    pages: list[Page] = []
    scanned: list[int] = []
    broken: list[int] = []
    offset = 0
    for number in range(1, len(pdf) + 1):
        try:
            page = pdf[number - 1]
            text = _tidy(page.get_textpage().get_text_bounded())
            pictured = any(obj.type == 3 for obj in page.get_objects(max_depth=3))  # 3: FPDF_PAGEOBJ_IMAGE
            drawn = pictured or any(True for _ in page.get_objects(max_depth=1))
            page.close()
        except pdf_error:
            text, pictured, drawn = "", False, False
            broken.append(number)
        visible = len("".join(text.split()))
        if (not visible and drawn) or (pictured and visible < _STAMP):
            scanned.append(number)
        text += "\f" if number < len(pdf) else ""
        parts.append(text)
        pages.append(Page(number, offset, offset + len(text)))
        offset += len(text)
    warnings = []
    if broken:
        warnings.append(f"{name}: broken pages, not searchable: {_list(broken)}")
    if scanned:
        warnings.append(f"{name}: pages without a text layer (scans), not searchable: {_list(scanned)}")
    if len(scanned) + len(broken) == len(pages) or not "".join(parts).strip():
        which = _list([page.number for page in pages])
        raise DocumentError(
            f"{name}: PDF without a text layer (pages {which}); it is a scan or empty. Run OCR on it first."
        )
    title = str(pdf.get_metadata_dict().get("Title", "")).strip()
    return Extracted("".join(parts), tuple(pages), "" if _POOR_TITLE.match(title) else title, tuple(warnings))


def _tidy(text: str) -> str:
    """Unix line breaks, hyphens for PDFium's break mark, and a blank line where a paragraph seems to end.

    PDFium gives lines only. A line ends a paragraph if it is clearly shorter than the page's full lines and
    either ends a sentence or is followed by a line that does not begin in lower case.
    """
    lines = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\ufffe\n", "-\n")
        .replace("\ufffe", "-")
        .split("\n")
    )
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    if len(lengths) < 4:
        return "\n".join(lines)
    full = lengths[int(len(lengths) * 0.8)]
    out: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        out.append(line)
        stripped, head = line.rstrip(), following.lstrip()[:1]
        if not stripped or not head:
            continue
        short = len(stripped) < 0.8 * full
        if short and (_TERMINATED.search(stripped) or (len(stripped) < 0.6 * full and not head.islower())):
            out.append("")
    return "\n".join(out)


def _list(numbers: list[int]) -> str:
    """Page numbers with runs joined: 1-3, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
