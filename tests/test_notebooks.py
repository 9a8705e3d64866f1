"""Every notebook runs from its first cell to its last, offline, and none is stored with outputs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="the dependency group notebooks is not installed")
nbformat = pytest.importorskip("nbformat", reason="the dependency group notebooks is not installed")
nbclient = pytest.importorskip("nbclient", reason="the dependency group notebooks is not installed")
Config = pytest.importorskip("traitlets.config").Config

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EXPECTED = (
    "01_encode_and_compare",
    "02_index_and_search",
    "03_answers_with_citations",
    "04_six_uses",
    "05_train_and_evaluate",
    "06_entities_and_assertions",
)
#: Seconds for one cell; a busy machine is slow, an endless loop is endless.
PATIENCE = 900


def read(path: Path):
    return nbformat.read(path, as_version=4)


def test_all_notebooks_are_there():
    assert tuple(path.stem for path in NOTEBOOKS) == EXPECTED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


#: Run by each kernel before its first cell: whatever leaves the machine fails.
OFFLINE = """
import socket

_connect = socket.socket.connect


def connect(self, address):
    if self.family != socket.AF_UNIX:
        raise OSError(f"a notebook tried to reach {address}")
    return _connect(self, address)


socket.socket.connect = connect
"""


@pytest.fixture
def kernel_room(monkeypatch):
    """A short folder for the kernel's own sockets (a socket's path has at most 107 bytes) and settings."""
    with tempfile.TemporaryDirectory(prefix="nb") as folder:
        startup = Path(folder) / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "00-offline.py").write_text(OFFLINE, encoding="utf-8")
        for name, value in {
            "HF_HUB_OFFLINE": "1",
            "IPYTHONDIR": folder,
            "JUPYTER_RUNTIME_DIR": folder,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }.items():
            monkeypatch.setenv(name, value)
        yield folder


@pytest.mark.default_model
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, tmp_path, kernel_room):
    notebook = read(path)
    settings = Config()
    settings.KernelManager.transport = "ipc"  # local sockets without a port: the network stays shut
    settings.KernelManager.ip = f"{kernel_room}/kernel"
    nbclient.NotebookClient(
        notebook,
        config=settings,
        timeout=PATIENCE,
        startup_timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    complaints = [o.text for o in shown if o.output_type == "stream" and o.name == "stderr"]
    assert not complaints, complaints
    pictures = [o for o in shown if "image/png" in o.get("data", {})]
    assert pictures or path.stem.startswith("03"), "only the notebook on answers has no picture"
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
