"""Encoders and indexes for the store's tests: every back end that can run here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest

pytest.importorskip("qdrant_client", reason="needs the qdrant extra")
pytest.importorskip("qdrant_edge", reason="needs the qdrant extra")

_spec = importlib.util.spec_from_file_location(
    "hashing_encoder", Path(__file__).with_name("hashing_encoder.py")
)
hashing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hashing)

RECORDS = """Patient History

The patient fell from a ladder on 3 March 2019. MRI of the lumbar spine shows a compression fracture of L3.

Findings

No fracture of the cervical spine. Range of motion of the left shoulder is limited to 90 degrees.
Surgery is not recommended. Physical therapy is recommended for twelve weeks.
"""
DECISION = """Decision

Service connection for the lumbar fracture is granted under 38 U.S.C. § 1154(b) and 38 C.F.R. § 3.303(a).
The benefit of the doubt is given to the claimant. See 410 U.S. 113.
"""
KOREAN = """진단서

환자는 추락 사고로 제3요추 압박골절이 확인되었다. 수술은 필요하지 않다.
산업재해보상보험법 제37조 제1항에 따른 업무상 재해로 인정된다. 대법원 2009다12345 판결 참조.
"""


@pytest.fixture
def tmp_path(tmp_path):
    """A folder in memory where there is one: the stores flush often, and these tests are not about disks."""
    memory = Path("/dev/shm")  # noqa: S108
    if not (memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def hashing_module():
    return hashing


@pytest.fixture(scope="session")
def hashing_class():
    return hashing.HashingEncoder


@pytest.fixture
def encoder():
    return hashing.HashingEncoder()


@pytest.fixture
def case_files(tmp_path):
    """Three short files: records.txt, decision.txt, 진단서.txt."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in (("records.txt", RECORDS), ("decision.txt", DECISION), ("진단서.txt", KOREAN)):
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / "records.txt", folder / "decision.txt", folder / "진단서.txt"]


@pytest.fixture(
    params=["edge", "memory", pytest.param("server", marks=[pytest.mark.server, pytest.mark.enable_socket])]
)
def open_case(request, tmp_path, encoder):
    """A function that opens one and the same index again and again; all are closed at the end."""
    from qdrant_mejurix import open_index

    if request.param == "server" and "QDRANT_URL" not in os.environ:
        pytest.skip("QDRANT_URL is not set: no Qdrant server to test with")
    location = {
        "edge": str(tmp_path / "case-files"),
        "memory": ":memory:",
        "server": os.environ.get("QDRANT_URL", ""),
    }[request.param]
    collection = f"test-{uuid.uuid4().hex}"
    opened = []

    def open_one(**options):
        index = open_index(location, options.pop("encoder", encoder), collection=collection, **options)
        opened.append(index)
        return index

    open_one.back_end = request.param
    yield open_one
    for index in opened:
        if request.param == "server":
            for name in (collection, f"{collection}-manifest"):
                index.store._client.delete_collection(name)
        index.close()


@pytest.fixture
def index(open_case):
    return open_case()
