"""Bad inputs and what each gets: one row per kind."""

from __future__ import annotations

import io
import zipfile

import pytest

from mejurix_st.errors import DocumentError
from mejurix_st.text import read_document, read_document_bytes


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ROWS = [
    ("empty.txt", b"", "the file is empty"),
    ("blank.txt", b" \r\n\t\f \n", "no text in it"),
    ("mark.txt", b"\xef\xbb\xbf", "no text in it"),
    ("zeros.txt", b"\x00" * 400, "binary data"),
    ("binary.txt", bytes(range(256)) * 20, "binary data"),
    ("control.txt", b"abc\x01\x02\x03\x04\x05" * 20, "binary data"),
    ("pdf.txt", b"%PDF-1.7 ...", "it is a PDF"),
    ("zip.txt", _zip({"a": b"b"}), "it is a ZIP archive"),
    ("picture.md", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "a PNG picture"),
    ("doc.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "encrypted, or an old .doc"),
    ("noise.docx", b"not a zip at all", "broken DOCX"),
    ("cut.docx", _zip({"word/document.xml": b"<w:document>"}), "broken DOCX"),
    ("bomb.docx", _zip({"word/document.xml": b" " * 2_000_000}), "unpacks to"),
    ("noise.pdf", b"not a pdf at all", "broken PDF"),
    ("cut.pdf", b"%PDF-1.4\n1 0 obj\n<<", "broken PDF"),
    ("scripts.html", b"<html><script>var a</script><style>b</style></html>", "no text in it"),
    ("old.doc", b"anything", "save it as .docx"),
    ("korean.hwp", b"anything", "a Hangul file"),
    ("sheet.xlsx", b"anything", r"kind \.xlsx are not read; give one of \.docx"),
    ("large.txt", b"a" * 1_000_001, "1,000,001 bytes, more than the limit of 1,000,000"),
]


@pytest.mark.parametrize(("name", "raw", "message"), ROWS, ids=[row[0] for row in ROWS])
def test_refused(name, raw, message, tmp_path):
    with pytest.raises(DocumentError, match=message) as caught:
        read_document_bytes(raw, name=name, max_bytes=1_000_000)
    assert name in str(caught.value)
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(DocumentError, match=message):
        read_document(tmp_path / name, max_bytes=1_000_000)


def test_encrypted_pdf(make_pdf):
    with pytest.raises(DocumentError, match=r"locked\.pdf: encrypted PDF; remove the password"):
        read_document_bytes(make_pdf([["Secret text."]], password="open sesame"), name="locked.pdf")


def test_a_pdf_with_an_empty_user_password_is_read(make_pdf):
    assert "Plain" in read_document_bytes(make_pdf([["Plain text."]]), name="a.pdf").text


def test_scanned_pdf_names_its_pages(make_pdf):
    with pytest.raises(DocumentError, match=r"without a text layer \(pages 1-3\).*OCR"):
        read_document_bytes(make_pdf([None, None, None]), name="scan.pdf")


def test_missing_path_and_directory(tmp_path):
    with pytest.raises(DocumentError, match=r"nowhere\.txt: no such file"):
        read_document(tmp_path / "nowhere.txt")
    with pytest.raises(DocumentError, match="a directory"):
        read_document(tmp_path)


def test_every_prefix_of_a_real_file_is_read_or_refused(make_pdf):
    raw = make_pdf([["Some text of a page."], ["More text of another page."]])
    read = 0
    for end in range(0, len(raw), 97):
        try:
            document = read_document_bytes(raw[:end], name="a.pdf")
        except DocumentError:
            continue
        read += 1
        assert document.text.strip()
    assert read < len(range(0, len(raw), 97)), "the shortest prefixes cannot be PDFs"
