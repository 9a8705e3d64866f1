"""Reads case files: PDF, DOCX, HTML, Markdown and plain text."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.errors import DocumentError, InputError
from mejurix_st.text._decode import decode_text
from mejurix_st.text._extracted import Extracted
from mejurix_st.text._headings import detect_headings
from mejurix_st.types import Document, Heading, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 200_000_000
_MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
}
SUPPORTED_SUFFIXES = frozenset(_MEDIA_TYPES)
_UNREADABLE = {
    ".doc": "an old Word file; save it as .docx",
    ".hwp": "a Hangul file; save it as PDF or .docx",
    ".hwpx": "a Hangul file; save it as PDF or .docx",
    ".rtf": "an RTF file; save it as .docx",
}


def read_document(source: str | Path, *, name: str | None = None, max_bytes: int = MAX_BYTES) -> Document:
    """Reads one file.

    Args:
        source: path of a PDF, DOCX, HTML, Markdown or plain text file; the suffix tells which.
        name: identity of the document in its matter; the file's name by default.
        max_bytes: largest file that is read, in bytes.

    Returns:
        The document: text, pages, headings, title, and warnings on guesses and on pages that hold no text.

    Raises:
        DocumentError: missing, too large, empty, broken, encrypted, a scan, or of an unknown kind.
        MissingExtraError: the parser for its kind is not installed.
    """
    path = Path(source)
    shown = name or path.name
    if path.is_dir():
        raise DocumentError(f"{path}: a directory; give a file, or list its files with find_documents.")
    try:
        size = path.stat().st_size
        _check_size(size, shown, max_bytes)
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(f"{path}: no such file.") from error
    except (OSError, ValueError) as error:
        raise DocumentError(f"{path}: cannot be read ({error}).") from error
    return read_document_bytes(raw, name=shown, suffix=path.suffix, max_bytes=max_bytes)


def read_document_bytes(
    raw: bytes, *, name: str, suffix: str | None = None, max_bytes: int = MAX_BYTES
) -> Document:
    """Reads a file that is in memory.

    Args:
        raw: the file's bytes.
        name: identity of the document in its matter.
        suffix: kind of the file such as ".pdf"; the suffix of `name` by default.
        max_bytes: largest size that is read, in bytes.

    Returns:
        The document, as `read_document` does.

    Raises:
        DocumentError: as `read_document`.
        MissingExtraError: as `read_document`.
    """
    kind = (suffix if suffix is not None else Path(name).suffix).casefold()
    _check_size(len(raw), name, max_bytes)
    if kind in _UNREADABLE:
        raise DocumentError(f"{name}: {_UNREADABLE[kind]}.")
    if kind and kind not in _MEDIA_TYPES:
        raise DocumentError(
            f"{name}: files of kind {kind} are not read; give one of {', '.join(sorted(SUPPORTED_SUFFIXES))}."
        )
    if not raw:
        raise DocumentError(f"{name}: the file is empty.")
    media_type = _MEDIA_TYPES.get(kind, "text/plain")
    extracted = _extract(raw, name, media_type, max_bytes)
    text = extracted.text
    if not text.strip():
        raise DocumentError(f"{name}: no text in it.")
    headings = detect_headings(text) if extracted.headings is None else extracted.headings
    return Document(
        name=name,
        text=text,
        pages=extracted.pages or _pages_by_form_feed(text),
        title=extracted.title or _top_heading(text, headings) or Path(name).stem.replace("_", " "),
        media_type=media_type,
        sha256=hashlib.sha256(raw).hexdigest(),
        warnings=extracted.warnings,
        headings=headings,
    )


def find_documents(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Files to read, sorted, each once.

    Args:
        paths: files and directories. Directories are walked; hidden files and folders, temporary Office files
            and kinds that are not read are skipped. Files named here are returned whatever their kind, so
            that reading them says what is wrong.

    Returns:
        Paths in sorted order.

    Raises:
        InputError: a path does not exist.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if missing := [str(path) for path in given if not Path(path).exists()]:
        raise InputError(f"No such file or directory: {', '.join(missing)}.")
    found: set[Path] = set()
    for path in map(Path, given):
        if not path.is_dir():
            found.add(path)
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = [f for f in folders if not f.startswith(".")]
            candidates = (Path(folder, f) for f in files if not f.startswith((".", "~$")))
            found.update(p for p in candidates if p.suffix.casefold() in SUPPORTED_SUFFIXES)
    return sorted(found)


def _extract(raw: bytes, name: str, media_type: str, max_bytes: int) -> Extracted:
    # The readers are imported where they are used: importing this room loads no parser.
    if media_type == "application/pdf":
        from mejurix_st.text._pdf import read_pdf

        return read_pdf(raw, name)
    if media_type.startswith("application/"):
        from mejurix_st.text._docx import read_docx

        return read_docx(raw, name, max_bytes)
    if media_type == "text/html":
        from mejurix_st.text._html import read_html

        return read_html(raw, name)
    text, warnings = decode_text(raw, name)
    return Extracted(text, warnings=tuple(warnings))


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise DocumentError(
            f"{name}: {size:,} bytes, more than the limit of {max_bytes:,}; split it or raise max_bytes."
        )


def _pages_by_form_feed(text: str) -> tuple[Page, ...]:
    pages: list[Page] = []
    start = 0
    body = text.rstrip("\f")  # a feed after the last page begins no new one
    while True:
        feed = body.find("\f", start)
        end = len(text) if feed < 0 else feed + 1
        pages.append(Page(len(pages) + 1, start, end))
        if feed < 0:
            return tuple(pages)
        start = end


def _top_heading(text: str, headings: tuple[Heading, ...]) -> str:
    """The heading that opens the document, if one does and it is no run-in label."""
    if (
        headings
        and not text[: headings[0].start].strip()
        and not text[headings[0].end :].startswith((" ", ","))
    ):
        first = headings[0]
        return "" if text[first.start : first.end].rstrip().endswith((":", "：")) else first.text
    return ""
