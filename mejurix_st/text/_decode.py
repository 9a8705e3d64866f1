"""Bytes to text: byte order marks, UTF-8 first, then Korean and Western legacy encodings; never silently."""

from __future__ import annotations

import codecs
import re

from mejurix_st.errors import DocumentError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the UTF-16 one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes of files that are often given a text suffix by mistake.
_SIGNATURES = (
    (b"%PDF-", "a PDF; name it .pdf"),
    (b"PK\x03\x04", "a ZIP archive (perhaps a .docx); name it by its real type"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Office file; save it as .docx or PDF without a password"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BAD_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x80-\x9f\ufffe\uffff]|[\ue000-\uf8ff]")
_SAMPLE = 262_144
# Considered when nothing else fits; others are too easily taken for these.
_RARE = ["johab", "shift_jis", "gb18030", "big5", "mac_roman", "cp1250", "cp1251", "koi8_r", "cp1252"]
_WESTERN = re.compile("[À-ÖØ-öø-ÿ§¶°±µ·«»‘’“”„‚–—…•€£¥©®™½¼¾×÷²³¹ºª¡¿ŒœŠšŽžŸ†‡‰‹›ˆ˜ƒ¢¦¨¬´¸\u00a0\u00ad¯¤]")


def decode_text(raw: bytes, name: str, declared: str | None = None) -> tuple[str, list[str]]:
    """Decodes the bytes of a text file.

    Args:
        raw: the file's bytes.
        name: the file's name, for messages.
        declared: an encoding that the file itself names; tried after byte order marks.

    Returns:
        The text, without a byte order mark and with line breaks as they are; and one warning for each guess.

    Raises:
        DocumentError: the bytes are no text, or no known encoding fits.
    """
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            try:
                return raw.decode(codec), []
            except UnicodeDecodeError as error:
                text = raw.decode(codec, errors="replace")
                return text, [f"{name}: broken {codec} at byte {error.start}; unreadable characters replaced"]
    _refuse_signatures(raw, name)
    if b"\x00" in raw:
        return _utf16_without_mark(raw, name)
    _refuse_control(raw, name)
    if declared:
        try:
            return raw.decode(declared), []
        except (LookupError, UnicodeDecodeError):
            pass
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as error:
        first = error.start
    return _guess(raw, name, first)


def _guess(raw: bytes, name: str, first: int) -> tuple[str, list[str]]:
    text = raw.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if len(text) - len(text.encode("ascii", "ignore")) - broken >= 10 * broken:
        return text, [
            f"{name}: UTF-8 with {broken} broken characters, the first at byte {first}; replaced by U+FFFD"
        ]
    try:
        text = raw.decode("cp949")
        foreign = [c for c in text if not c.isascii()]
        if sum("가" <= c <= "힣" for c in foreign) * 2 > len(foreign):
            return text, [f"{name}: decoded as CP949 (EUC-KR), a guess; it is not UTF-8"]
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp1252")
        foreign = [c for c in text if not c.isascii()]
        if sum(bool(_WESTERN.match(c)) for c in foreign) >= 0.95 * len(foreign) and len(foreign) * 3 <= len(
            text
        ):
            return text, [f"{name}: decoded as Windows-1252, a guess; it is not UTF-8"]
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    sample = raw[max(0, first - _SAMPLE // 2) :][:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_RARE).best()
    if best is not None:
        try:
            text = raw.decode(best.encoding)
            return text, [f"{name}: decoded as {best.encoding}, a guess; it is not UTF-8"]
        except UnicodeDecodeError:
            pass
    raise DocumentError(f"{name}: no known encoding fits (not UTF-8 from byte {first} on); save it as UTF-8.")


def _refuse_signatures(raw: bytes, name: str) -> None:
    for signature, kind in _SIGNATURES:
        if raw.startswith(signature):
            raise DocumentError(f"{name}: named as text, but it is {kind}.")


def _refuse_control(raw: bytes, name: str) -> None:
    sample = raw[:_SAMPLE]
    control = len(_CONTROL.findall(sample))
    if control > 2 and control * 200 > len(sample):
        raise DocumentError(
            f"{name}: binary data ({control} control bytes in the first {len(sample)}); give text."
        )


def _utf16_without_mark(raw: bytes, name: str) -> tuple[str, list[str]]:
    """UTF-16 has its zero bytes at one parity; anything else with zero bytes is no text."""
    sample = raw[: _SAMPLE & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    if len(raw) % 2 == 0 and min(even, odd) * 20 <= max(even, odd):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            text = "\x00"
        if len(_BAD_TEXT.findall(text[:_SAMPLE])) * 200 <= min(len(text), _SAMPLE):
            return text, [f"{name}: decoded as {codec.upper()} without a byte order mark, a guess"]
    if max(even, odd) * 500 < len(sample):
        # a few stray zero bytes in an otherwise clean file
        text, warnings = decode_text(raw.replace(b"\x00", b" "), name)
        return text, [*warnings, f"{name}: {raw.count(0)} zero bytes replaced by blanks"]
    raise DocumentError(f"{name}: binary data (zero bytes), not text; give a text file or a PDF.")
