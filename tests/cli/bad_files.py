"""Writers of files that no index should swallow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _encrypted(path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(72, 700, "Diagnosed with a spinal fracture.")
    canvas.save()


def _scan(path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for _ in range(2):
        canvas.rect(50, 50, 200, 200, fill=1)
        canvas.showPage()
    canvas.save()


def _bytes(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


WRITERS: dict[str, Callable[[Path], None]] = {
    "empty.txt": _bytes(b""),
    "binary.txt": _bytes(b"\x7fELF" + bytes(range(256)) * 20),
    "locked.pdf": _encrypted,
    "scan.pdf": _scan,
    "broken.docx": _bytes(b"PK\x03\x04 this is no archive"),
    "broken.pdf": _bytes(b"%PDF-1.7 and nothing more"),
    "old.hwp": _bytes(b"HWP Document File"),
}
"""File name → function that writes such a file."""
