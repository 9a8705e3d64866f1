"""Each kind of file, made here and read back."""

# ruff: noqa: E501
from __future__ import annotations

import hashlib
import io
import sys

import docx
import pytest
from docx.oxml import parse_xml

from mejurix_st.errors import DocumentError, InputError, MissingExtraError
from mejurix_st.text import chunk_document, find_documents, read_document, read_document_bytes

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def test_pdf_keeps_pages_and_cites_them(tmp_path, make_pdf, simple_offsets):
    path = tmp_path / "records.pdf"
    path.write_bytes(
        make_pdf([["CHIEF COMPLAINT", "Low back pain."], ["PLAN", "Rest (two weeks)."]], title="Chart of A")
    )
    document = read_document(path)
    assert [p.number for p in document.pages] == [1, 2]
    assert document.pages[0].end == document.pages[1].start
    assert document.pages[-1].end == len(document.text)
    assert "Rest (two weeks)." in document.text[document.pages[1].start :]
    assert document.title == "Chart of A"
    assert document.media_type == "application/pdf"
    assert document.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [h.text for h in document.headings] == ["CHIEF COMPLAINT", "PLAN"]
    chunks = chunk_document(document, simple_offsets)
    assert (chunks[0].page_start, chunks[-1].page_end) == (1, 2)


def test_pdf_paragraphs_are_recovered_from_line_lengths(make_pdf):
    full = "This line of the record is as long as the column allows it to be"
    document = read_document_bytes(
        make_pdf([[full, "and ends here.", full, full, "short end."]]), name="a.pdf"
    )
    assert document.text.split("\n\n")[0].endswith("ends here.")


def test_partly_scanned_pdf_warns_with_pages(make_pdf):
    raw = make_pdf(
        [["The first page has a text layer of its own."], None, None, ["So does the last one, as you see."]]
    )
    document = read_document_bytes(raw, name="scan.pdf")
    assert document.warnings == ("scan.pdf: pages without a text layer (scans), not searchable: 2-3",)
    assert len(document.pages) == 4


def test_a_stamp_on_a_scan_is_no_text_layer(make_pdf):
    with pytest.raises(DocumentError, match=r"without a text layer \(pages 1-2\)"):
        read_document_bytes(
            make_pdf([["<picture>", "ABC000123"], ["<picture>", "ABC000124"]]), name="bates.pdf"
        )


def test_an_empty_page_is_no_scan(make_pdf):
    assert read_document_bytes(make_pdf([["Some text stands here."], []]), name="a.pdf").warnings == ()


def test_korean_pdf(simple_offsets):
    canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    buffer = io.BytesIO()
    canvas = canvas_module.Canvas(buffer)
    for line in ("1. 주증상", "2. 과거력"):
        canvas.setFont("HYSMyeongJo-Medium", 12)
        canvas.drawString(60, 760, line)
        canvas.drawString(60, 740, "요통을 호소하였다.")
        canvas.showPage()
    canvas.save()
    document = read_document_bytes(buffer.getvalue(), name="진단서.pdf")
    assert [h.text for h in document.headings] == ["1. 주증상", "2. 과거력"]
    assert document.page_at(document.text.index("과거력")) == 2


def make_docx() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Expert opinion"
    document.add_heading("Records reviewed", 1)
    document.add_paragraph("Before the table.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells],
        ["Date", "Finding", "2019. 3. 4.", "L4 골절"],
        strict=True,
    ):
        cell.text = text
    document.add_heading("Opinion", 2)
    document.add_paragraph("First item", style="List Bullet")
    document.add_paragraph("Second item", style="List Bullet")
    paragraph = document.add_paragraph("After ")
    paragraph._p.append(parse_xml(f'<w:ins {W} w:id="1"><w:r><w:t>inserted text</w:t></w:r></w:ins>'))
    paragraph._p.append(parse_xml(f'<w:del {W} w:id="2"><w:r><w:delText>gone</w:delText></w:r></w:del>'))
    control = (
        f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>Inside a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    document.element.body.insert(-1, parse_xml(control))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx_in_document_order_with_headings():
    document = read_document_bytes(make_docx(), name="opinion.docx")
    assert document.text == (
        "Records reviewed\n\nBefore the table.\n\nDate | Finding\n2019. 3. 4. | L4 골절\n\nOpinion\n\n"
        "- First item\n- Second item\n\nAfter inserted text\n\nInside a control."
    )
    assert document.title == "Expert opinion"
    assert [(h.level, h.text) for h in document.headings] == [(1, "Records reviewed"), (2, "Opinion")]
    assert all(document.text[h.start : h.end] == h.text for h in document.headings)


HTML = """<!doctype html><html><head><title>Decision 7</title><style>p{}</style><script>var secret=1</script></head>
<body><nav hidden>menu</nav><h1>Order</h1><p>The appeal is <b>den</b>ied.<br>So ordered.</p><!-- note -->
<ul><li>one</li><li>two</li></ul><h2>판단</h2><table><tr><th>일자</th><th>소견</th></tr><tr><td>3. 4.</td><td>골절</td></tr></table>
<p style="display: none">unseen</p><p>Tail &amp; end</p></body></html>"""


@pytest.mark.parametrize(("declared", "codec"), [("utf-8", "utf-8"), ("euc-kr", "cp949")])
def test_html(declared, codec):
    raw = HTML.replace("<head>", f'<head><meta charset="{declared}">').encode(codec)
    document = read_document_bytes(raw, name="decision.html")
    assert document.text == (
        "Order\n\nThe appeal is denied.\nSo ordered.\n\n- one\n- two\n\n판단\n\n일자 | 소견\n3. 4. | 골절\n\nTail & end"
    )
    assert document.title == "Decision 7"
    assert [(h.level, h.text) for h in document.headings] == [(1, "Order"), (2, "판단")]


def test_deeply_nested_html():
    raw = b"<div>" * 3000 + b"deep text" + b"</div>" * 3000
    assert "deep text" in read_document_bytes(raw, name="deep.html").text


def test_markdown_and_title():
    document = read_document_bytes(b"# Report of A\n\n## History\n\nFell.", name="x.md")
    assert (document.title, document.text) == ("Report of A", "# Report of A\n\n## History\n\nFell.")


def test_form_feeds_are_pages():
    document = read_document_bytes(b"one\ftwo\f\fthree\f", name="fax_log.txt")
    assert [document.text[p.start : p.end] for p in document.pages] == ["one\f", "two\f", "\f", "three\f"]
    assert document.title == "fax log"


def test_line_breaks_are_kept():
    assert read_document_bytes(b"a\r\nb\rc\n", name="a.txt").text == "a\r\nb\rc\n"


def test_name_and_suffix_are_given(tmp_path):
    path = tmp_path / "upload.bin"
    path.write_text("plain")
    with pytest.raises(DocumentError, match=r"kind \.bin"):
        read_document(path)
    assert read_document_bytes(b"plain", name="note 3", suffix=".txt").name == "note 3"
    (tmp_path / "note.txt").write_text("plain")
    assert read_document(tmp_path / "note.txt", name="B/note").name == "B/note"


def test_find_documents(tmp_path):
    for name in (
        "b.txt",
        "a/z.PDF",
        "a/.hidden.txt",
        ".git/c.txt",
        "a/~$open.docx",
        "a/photo.jpg",
        "a/b/m.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    found = find_documents([tmp_path, tmp_path / "b.txt", tmp_path / "a/photo.jpg"])
    assert [p.relative_to(tmp_path).as_posix() for p in found] == [
        "a/b/m.md",
        "a/photo.jpg",
        "a/z.PDF",
        "b.txt",
    ]
    assert find_documents(str(tmp_path / "a" / "b")) == [tmp_path / "a" / "b" / "m.md"]
    with pytest.raises(InputError, match=r"No such file or directory: .*nowhere"):
        find_documents([tmp_path, tmp_path / "nowhere"])


@pytest.mark.parametrize(("name", "module"), [("a.pdf", "pypdfium2"), ("a.docx", "docx"), ("a.html", "bs4")])
def test_missing_parser_names_the_extra(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r'pip install "mejurix-st\[documents\]"'):
        read_document_bytes(b"x", name=name)
