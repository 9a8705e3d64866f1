"""`python -m mejurix_st.samples.authoring --fonts DIR`: build every PDF and DOCX sample document."""

from __future__ import annotations

import argparse
from pathlib import Path

from mejurix_st.samples.authoring.docx_file import write_docx
from mejurix_st.samples.authoring.markup import read_source
from mejurix_st.samples.authoring.pdf import register_fonts, write_pdf

SOURCES = Path(__file__).parent / "sources"


def build(fonts: Path, output: Path) -> list[Path]:
    """Build all sources into `output`/MATTER/NAME; a source's name is its target's name plus `.src`."""
    register_fonts(fonts)
    written = []
    for path in sorted(SOURCES.glob("*/*.src")):
        target = output / path.parent.name / path.stem
        target.parent.mkdir(parents=True, exist_ok=True)
        write = write_pdf if target.suffix == ".pdf" else write_docx
        write(read_source(path), target)
        written.append(target)
    return written


def main() -> None:
    """Read the two folders from the command line and build."""
    parser = argparse.ArgumentParser(description="Build the PDF and DOCX sample documents.")
    parser.add_argument("--fonts", type=Path, required=True, help="folder with the Nanum fonts")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent, help="target folder")
    arguments = parser.parse_args()
    build(arguments.fonts, arguments.output)


if __name__ == "__main__":
    main()
