"""The README's Python runs as printed, with the default model, on sample documents."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

_README = Path(__file__).parents[1] / "README.md"

pytestmark = [
    pytest.mark.default_model,
    pytest.mark.skipif(not _README.is_file(), reason="needs the source tree"),
]


def _blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", _README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """The files that the README names, in the working folder; skips without the default model."""
    from mejurix_st.hub import installed
    from mejurix_st.samples import sample_matters

    if installed() is None:
        pytest.skip("the default model is not installed; run mejurix-st install")
    folder = sample_matters()["han-v-meridian-logistics"]
    shutil.copy(folder / "09_independent_medical_examination.pdf", tmp_path / "records.pdf")
    shutil.copy(folder / "03_lumbar_mri_2022-03-29.txt", tmp_path / "decision.txt")
    monkeypatch.chdir(tmp_path)


def test_every_block_runs_and_cites(documents, capsys, tmp_path):
    blocks = _blocks()
    assert len(blocks) == 5
    names: dict[str, object] = {}
    printed = []
    for block in blocks:
        if "open_index" in block and "index" in names:
            names["index"].close()
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
        printed.append(capsys.readouterr().out)
    names["index"].close()
    assert "tensor" in printed[0]
    assert len(re.findall(r"^(?:records\.pdf|decision\.txt) \d+ ", printed[1], re.MULTILINE)) == 3
    assert printed[2].strip()
    assert {item.metadata["document"] for item in names["documents"]} <= {"records.pdf", "decision.txt"}
    assert len(re.findall(r"^(?:records\.pdf|decision\.txt) \d+쪽 ", printed[3], re.MULTILINE)) == 3
    assert "tensor" in printed[4]
    assert {path.name for path in tmp_path.iterdir()} == {"records.pdf", "decision.txt", "case-files"}


def test_every_command_of_the_table_exists():
    import typer
    from mejurix_cli.app import app

    known = set(typer.main.get_command(app).commands)
    text = _README.read_text(encoding="utf-8")
    named = set(re.findall(r"`mejurix-st ([a-z]+)", text))
    assert named == known
