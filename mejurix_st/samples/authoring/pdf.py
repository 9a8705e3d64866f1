"""Sample documents as PDF, with page header, page numbers and letterhead (reportlab)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    HRFlowable,
    PageBreak,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from mejurix_st.samples.authoring.markup import Block, Source, flow

if TYPE_CHECKING:
    from pathlib import Path

_FONTS = {
    "sans": ("Helvetica", "Helvetica-Bold"),
    "serif": ("Times-Roman", "Times-Bold"),
    "typed": ("Courier", "Courier-Bold"),
    "ko-sans": ("NanumGothic", "NanumGothicBold"),
    "ko-serif": ("NanumMyeongjo", "NanumMyeongjoBold"),
}


def register_fonts(folder: Path) -> None:
    """Make the Nanum fonts in `folder` known to reportlab, which embeds the glyphs that are used."""
    for regular, bold in (_FONTS["ko-sans"], _FONTS["ko-serif"]):
        for name in (regular, bold):
            pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
        pdfmetrics.registerFontFamily(regular, normal=regular, bold=bold, italic=regular, boldItalic=bold)


class _NumberedCanvas(Canvas):
    """A canvas that knows the number of pages before it draws headers and footers."""

    def __init__(self, *args: Any, furniture: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._furniture = furniture
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page; it is written by `save`."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages, each with its header and footer."""
        for state in self._kept:
            self.__dict__.update(state)
            self._furniture(self, len(self._kept))
            super().showPage()
        super().save()


def write_pdf(source: Source, target: Path) -> None:
    """Write `source` to `target`. The same source gives the same bytes (reportlab's invariant mode)."""
    settings = source.settings
    regular, bold = _FONTS[settings.get("font", "sans")]
    size = float(settings.get("size", "10"))
    page = A4 if settings.get("paper") == "a4" else LETTER
    styles = _styles(regular, bold, size, settings)
    width, height = page
    margin = float(settings.get("margin", "22")) * mm

    def furniture(canvas: Canvas, total: int) -> None:
        number = canvas.getPageNumber()
        canvas.setFont(regular, 8)
        canvas.setFillColor(colors.HexColor("#333333"))
        canvas.drawString(margin, height - 13 * mm, settings.get("header", ""))
        canvas.drawRightString(width - margin, height - 13 * mm, settings.get("header_right", ""))
        canvas.setLineWidth(0.4)
        canvas.line(margin, height - 15 * mm, width - margin, height - 15 * mm)
        canvas.drawString(margin, 11 * mm, settings.get("footer", ""))
        label = settings.get("page_label", "Page {n} of {total}").format(n=number, total=total)
        canvas.drawRightString(width - margin, 11 * mm, label)

    template = SimpleDocTemplate(
        str(target),
        pagesize=page,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=20 * mm,
        bottomMargin=19 * mm,
        title=settings.get("title", ""),
        author=settings.get("author", ""),
        invariant=1,
    )
    story = [part for block in source.blocks for part in _flowables(block, styles, width - 2 * margin)]
    template.build(story, canvasmaker=lambda *a, **k: _NumberedCanvas(*a, furniture=furniture, **k))


def _styles(regular: str, bold: str, size: float, settings: dict[str, str]) -> dict[str, ParagraphStyle]:
    spacing = float(settings.get("leading", "1.38"))
    align = TA_JUSTIFY if settings.get("justify") else TA_LEFT
    base = ParagraphStyle(
        "body",
        fontName=regular,
        fontSize=size,
        leading=size * spacing,
        spaceAfter=size * 0.55,
        alignment=align,
    )
    return {
        "paragraph": base,
        "title": ParagraphStyle(
            "title", base, fontName=bold, fontSize=size + 4, leading=size * 1.8, alignment=TA_CENTER
        ),
        "heading": ParagraphStyle(
            "heading", base, fontName=bold, fontSize=size + 0.5, spaceBefore=size * 0.6, keepWithNext=1
        ),
        "item": ParagraphStyle("item", base, leftIndent=14, bulletIndent=3, spaceAfter=size * 0.25),
        "center": ParagraphStyle("center", base, alignment=TA_CENTER, spaceAfter=2),
        "right": ParagraphStyle("right", base, alignment=TA_RIGHT, spaceAfter=2),
        "box": ParagraphStyle(
            "box",
            base,
            borderWidth=0.6,
            borderColor=colors.black,
            borderPadding=5,
            spaceBefore=6,
            spaceAfter=10,
        ),
        "cell": ParagraphStyle("cell", base, fontSize=size - 1, leading=(size - 1) * 1.25, spaceAfter=0),
        "pre": ParagraphStyle("pre", base, fontSize=size - 1, leading=(size - 1) * 1.3),
    }


def _rich(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text).replace("&lt;br/&gt;", "<br/>"))


def _flowables(block: Block, styles: dict[str, ParagraphStyle], width: float) -> list[Any]:
    if block.kind == "page":
        return [PageBreak()]
    if block.kind == "rule":
        return [HRFlowable(width="100%", thickness=0.6, color=colors.black, spaceBefore=3, spaceAfter=6)]
    if block.kind == "pre":
        return [Preformatted("\n".join(block.lines), styles["pre"])]
    if block.kind == "table":
        rows = [[Paragraph(_rich(cell), styles["cell"]) for cell in row] for row in block.rows]
        table = Table(rows, colWidths=_widths(block.rows, width), repeatRows=1)
        head = ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8e8e8"))
        table.setStyle(
            TableStyle(
                [("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP"), head]
            )
        )
        return [table, Spacer(1, 8)]
    bullet = "\u2022" if block.kind == "item" else None
    return [Paragraph(_rich(flow(block.lines, "<br/>")), styles[block.kind], bulletText=bullet)]


def _widths(rows: list[list[str]], width: float) -> list[float]:
    """Share the page's width by each column's longest cell, within bounds."""
    longest = [min(60, max(9, *(len(row[i]) for row in rows))) for i in range(len(rows[0]))]
    return [width * part / sum(longest) for part in longest]
