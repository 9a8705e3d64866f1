"""Tokenizers and files made for the tests of `mejurix_st.text`."""

from __future__ import annotations

import hashlib
import re
import string
import zlib
from collections.abc import Iterable

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from mejurix_st.text import token_offsets_from
from mejurix_st.text._headings import detect_headings
from mejurix_st.types import Document, Page

_LETTERS = sorted(set(string.printable.strip()) | set("가나다라마바사아요통추의함음이다하였원고§é"))
_WORDS = [
    "the",
    "patient",
    "was",
    "seen",
    "for",
    "low",
    "back",
    "pain",
    "and",
    "knee",
    "fracture",
    "service",
    "connection",
]


def regex_offsets(text: str) -> list[tuple[int, int]]:
    """Words, Hangul syllables, other single characters; a bare callable on purpose."""
    return [m.span() for m in re.finditer(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]", text)]


def wordpiece(words: Iterable[str] = ()) -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces = dict.fromkeys([*special, *_WORDS, *words, *_LETTERS, *(f"##{c}" for c in _LETTERS)])
    ids = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def unigram() -> Tokenizer:
    """In the manner of XLM-R: a blank before each word, and cuts inside words that add tokens."""
    pieces = ["<s>", "</s>", "<unk>", "▁", *(f"▁{w}" for w in _WORDS), *_LETTERS]
    tokenizer = Tokenizer(models.Unigram([(p, -1.0 - i / 100) for i, p in enumerate(pieces)], unk_id=2))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return tokenizer


@pytest.fixture(scope="session", params=["regex", "wordpiece", "unigram"])
def token_offsets(request):
    return {"regex": lambda: regex_offsets}.get(
        request.param,
        lambda: token_offsets_from({"wordpiece": wordpiece, "unigram": unigram}[request.param]()),
    )()


@pytest.fixture(scope="session")
def wordpiece_tokenizer():
    return wordpiece()


@pytest.fixture(scope="session")
def make_wordpiece():
    return wordpiece


@pytest.fixture(scope="session")
def simple_offsets():
    return regex_offsets


@pytest.fixture(scope="session")
def make_document():
    def make(text: str, title: str = "", pages: tuple[Page, ...] = ()) -> Document:
        pages = pages or (Page(1, 0, len(text)),)
        return Document("note.txt", text, pages, title=title, headings=detect_headings(text))

    return make


@pytest.fixture(scope="session")
def make_pdf():
    """A PDF by hand: one list of lines per page; None is a page with nothing but a picture."""
    return build_pdf


def build_pdf(pages: list[list[str] | None], password: str = "", title: str = "") -> bytes:
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    picture = 4 + 2 * len(pages)
    for i, lines in enumerate(pages):
        if lines is None or (lines and lines[0] == "<picture>"):
            content = b"q 500 0 0 700 50 50 cm /Im1 Do Q"
            lines = lines or []
        else:
            content = b""
        shown = [line for line in lines if line != "<picture>"]
        escaped = [re.sub(r"([\\()])", r"\\\1", line) for line in shown]
        body = "".join(f"({line}) Tj T*\n" for line in escaped).encode("cp1252")
        if shown:
            content += b"BT /F1 11 Tf 14 TL 60 760 Td\n" + body + b"ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 842] /Contents {5 + 2 * i} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 {picture} 0 R >> >> >>".encode()
        )
        objects.append(_stream(_encrypted(content, 5 + 2 * i, password)))
    pixels = zlib.compress(b"\x80" * 64)
    objects.append(
        _stream(
            _encrypted(pixels, picture, password),
            b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /FlateDecode ",
        )
    )
    objects.append(f"<< /Title ({title}) >>".encode())
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + item + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{p:010d} 00000 n \n".encode() for p in places)
    extra = f"/Info {len(objects)} 0 R" if title else ""
    if password:
        extra = (
            f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{_user(password).hex()}> >>"
        )
        extra += " /ID [<00> <00>]"
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< " + entries + f"/Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


# The standard security handler, revision 2 (PDF 1.4, section 3.5.2).
_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def _key(password: str) -> bytes:
    padded = (password.encode() + _PAD)[:32]
    return hashlib.md5(padded + b"A" * 32 + (-4).to_bytes(4, "little", signed=True) + b"\0").digest()[:5]  # noqa: S324


def _user(password: str) -> bytes:
    return _rc4(_key(password), _PAD)


def _encrypted(content: bytes, number: int, password: str) -> bytes:
    if not password:
        return content
    key = hashlib.md5(_key(password) + number.to_bytes(3, "little") + b"\0\0").digest()[:10]  # noqa: S324
    return _rc4(key, content)
