"""The committed sample documents are what their written sources give."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mejurix_st.samples import sample_matters

pytest.importorskip("reportlab")
pytest.importorskip("docx")

from mejurix_st.samples.authoring.__main__ import SOURCES
from mejurix_st.samples.authoring.docx_file import write_docx
from mejurix_st.samples.authoring.markup import read_source
from mejurix_st.samples.authoring.pdf import register_fonts, write_pdf
from mejurix_st.text import read_document

FONTS = os.environ.get("MEJURIX_FONTS")
ALL = sorted(SOURCES.glob("*/*.src"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_source_gives_the_committed_text(path, tmp_path):
    source = read_source(path)
    if source.settings.get("font", "").startswith("ko-"):
        if not FONTS:
            pytest.skip("MEJURIX_FONTS does not name a folder with the Nanum fonts")
        register_fonts(Path(FONTS))
    target = tmp_path / path.stem
    (write_pdf if target.suffix == ".pdf" else write_docx)(source, target)
    committed = read_document(sample_matters()[path.parent.name] / path.stem)
    rebuilt = read_document(target)
    assert rebuilt.text == committed.text
    assert rebuilt.pages == committed.pages


def test_building_twice_gives_the_same_bytes(tmp_path):
    for path in (p for p in ALL if p.stem in {"02_emergency_record.pdf", "01_incident_report.docx"}):
        first, second = tmp_path / f"a_{path.stem}", tmp_path / f"b_{path.stem}"
        for target in (first, second):
            (write_pdf if target.suffix == ".pdf" else write_docx)(read_source(path), target)
        assert first.read_bytes() == second.read_bytes()


def test_markup_refuses_an_unknown_mark(tmp_path):
    path = tmp_path / "x.pdf.src"
    path.write_text("title: x\n---\n!blink text\n", encoding="utf-8")
    with pytest.raises(ValueError, match="got the mark !blink"):
        read_source(path)


def test_markup_joins_lines_and_keeps_breaks(tmp_path):
    path = tmp_path / "x.pdf.src"
    path.write_text("title: x\n---\nOne\ntwo\n\n- item\ngoes on\n| a | b |\n| 1 | 2 |\n", encoding="utf-8")
    blocks = read_source(path).blocks
    assert [(b.kind, b.lines) for b in blocks[:2]] == [
        ("paragraph", ["One", "two"]),
        ("item", ["item", "goes on"]),
    ]
    assert blocks[2].rows == [["a", "b"], ["1", "2"]]
