"""Importing the room stays light."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_room_loads_no_torch_and_no_parser():
    heavy = "torch transformers tokenizers numpy pypdfium2 docx bs4 lxml charset_normalizer"
    code = f"import sys, mejurix_st.text; print([m for m in {heavy.split()} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.strip() == "[]"
