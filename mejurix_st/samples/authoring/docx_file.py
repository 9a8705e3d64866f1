"""Sample documents as DOCX (python-docx), with page header and fixed dates."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from mejurix_st.samples.authoring.markup import Block, Source, flow

if TYPE_CHECKING:
    from pathlib import Path

_ALIGN = {"center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
_ZIP_DATE = (2024, 1, 1, 0, 0, 0)


def write_docx(source: Source, target: Path) -> None:
    """Write `source` to `target`. The same source gives the same bytes (dates in the archive are fixed)."""
    settings = source.settings
    document = docx.Document()
    style: Any = document.styles["Normal"]
    style.font.name = settings.get("word_font", "Times New Roman")
    style.font.size = Pt(float(settings.get("size", "11")))
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "NanumMyeongjo")
    fixed = datetime.datetime(*_ZIP_DATE)
    properties = document.core_properties
    properties.title, properties.author = settings.get("title", ""), settings.get("author", "")
    properties.created = properties.modified = fixed
    section = document.sections[0]
    section.header.paragraphs[0].text = settings.get("header", "")
    section.footer.paragraphs[0].text = settings.get("footer", "")
    for block in source.blocks:
        _add(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    _rewrite(buffer, target)


def _add(document: Any, block: Block) -> None:
    if block.kind == "table":
        rows = block.rows
        table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                _runs(cell.paragraphs[0], text)
    elif block.kind == "page":
        document.add_page_break()
    elif block.kind == "rule":
        document.add_paragraph("_" * 60)
    elif block.kind in {"title", "heading"}:
        document.add_heading(flow(block.lines, "\n"), level=1 if block.kind == "title" else 2)
    else:
        style = "List Bullet" if block.kind == "item" else None
        paragraph = document.add_paragraph(style=style)
        paragraph.alignment = _ALIGN.get(block.kind)
        _runs(paragraph, "\n".join(block.lines) if block.kind == "pre" else flow(block.lines, "\n"))


def _runs(paragraph: Any, text: str) -> None:
    for index, part in enumerate(re.split(r"\*\*", text)):
        if part:
            paragraph.add_run(part).bold = index % 2 == 1


def _rewrite(buffer: io.BytesIO, target: Path) -> None:
    """Copy the archive with one fixed date for every member, since Word files carry the time of writing."""
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            info = zipfile.ZipInfo(member.filename, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member.filename))
