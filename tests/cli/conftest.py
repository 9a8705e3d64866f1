"""The command as a user runs it: arguments in, exit code, standard output and standard error out."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

RECORDS = """Patient History

The patient fell from a ladder on 3 March 2019. MRI of the lumbar spine shows a compression fracture of L3.

Findings

No fracture of the cervical spine. Surgery is not recommended. Physical therapy for twelve weeks.
"""
KOREAN = """진단서

환자는 추락 사고로 제3요추 압박골절이 확인되었다. 수술은 필요하지 않다.
"""


@dataclass
class Outcome:
    """What a run of the command gave."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line that standard error holds."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def tmp_path(tmp_path):
    """A folder in memory where there is one: the stores flush often, and these tests are not about disks."""
    memory = Path("/dev/shm")  # noqa: S108
    if not (memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def tiny_folder(tiny_model, tmp_path_factory):
    """A saved tiny model."""
    from mejurix_st.checkpoint import save_model

    return save_model(tiny_model, tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def other_folder(tiny_bert, tmp_path_factory):
    """Another saved tiny model of the same size: another head."""
    from mejurix_st.checkpoint import save_model
    from mejurix_st.config import EncoderConfig
    from mejurix_st.model import build_model

    model = build_model(EncoderConfig(base=str(tiny_bert), seed=7))
    return save_model(model, tmp_path_factory.mktemp("models") / "other")


@pytest.fixture
def cli(capsys):
    """Function: arguments → Outcome."""
    from mejurix_cli.main import main

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def files(tmp_path):
    """A folder with records.txt and 진단서.txt."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "records.txt").write_text(RECORDS, encoding="utf-8")
    (folder / "진단서.txt").write_text(KOREAN, encoding="utf-8")
    return folder


@pytest.fixture
def indexed(cli, files, tmp_path, tiny_folder):
    """A store whose matter "smith" holds both files."""
    store = tmp_path / "store"
    done = cli("index", files, "--matter", "smith", "--store", store, "--model", tiny_folder)
    assert done.code == 0, done.err
    return store
