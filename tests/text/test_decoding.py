"""Encodings: one row per kind; a guess is a warning."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mejurix_st.errors import DocumentError
from mejurix_st.text import read_document_bytes

KOREAN = "환자는 2019년 3월 4일 요통을 호소하였다. MRI상 추간판 탈출증 소견.\n" * 3
WESTERN = "The Veteran’s claim under 38 U.S.C. § 1110 – see “Duty”. Naïve café.\n" * 3
ROWS = [
    ("UTF-8", KOREAN, "utf-8", None),
    ("UTF-8 with mark", KOREAN, "utf-8-sig", None),
    ("UTF-16 with mark", KOREAN, "utf-16", None),
    ("UTF-32 with mark", WESTERN, "utf-32", None),
    ("CP949", KOREAN + "똠방각하 펲시", "cp949", "CP949"),
    ("EUC-KR", KOREAN, "euc-kr", "CP949"),
    ("Windows-1252", WESTERN, "cp1252", "Windows-1252"),
    ("UTF-16 LE without mark", WESTERN, "utf-16-le", "UTF-16-LE"),
    ("UTF-16 BE without mark", WESTERN, "utf-16-be", "UTF-16-BE"),
    ("Korean UTF-16 without mark", KOREAN, "utf-16-le", "UTF-16-LE"),
    ("Cyrillic", "Больной жалуется на боли в спине и ноге. " * 5, "cp1251", "guess"),
]


@pytest.mark.parametrize(("kind", "text", "codec", "guess"), ROWS, ids=[row[0] for row in ROWS])
def test_decoded(kind, text, codec, guess):
    document = read_document_bytes(text.encode(codec), name="note.txt")
    assert document.text == text
    if guess is None:
        assert document.warnings == ()
    else:
        assert guess in document.warnings[0]
        assert "guess" in document.warnings[0]


def test_one_legacy_byte_among_much_ascii():
    document = read_document_bytes(b"See 38 U.S.C. \xa7 1110. " + b"plain text " * 50, name="a.txt")
    assert "§ 1110" in document.text
    assert "Windows-1252" in document.warnings[0]


def test_a_few_broken_bytes_in_utf8_are_replaced_and_said():
    raw = KOREAN.encode() + b"\xff" + KOREAN.encode()
    document = read_document_bytes(raw, name="a.txt")
    assert document.text == KOREAN + "\ufffd" + KOREAN
    assert "1 broken characters" in document.warnings[0]


def test_stray_zero_bytes_are_blanks_and_said():
    document = read_document_bytes(b"text " * 2000 + b"\x00" + b"more " * 2000, name="a.txt")
    assert "\x00" not in document.text
    assert "1 zero bytes" in document.warnings[0]


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_text_or_refused(raw):
    try:
        document = read_document_bytes(raw, name="a.txt")
    except DocumentError:
        return
    assert document.text.strip()


@given(st.text(alphabet=st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_printable_utf8_round_trips(text):
    assume(not text.startswith(("GIF8", "%PDF-", "\ufeff")))
    assert read_document_bytes(text.encode(), name="a.txt").text == text
