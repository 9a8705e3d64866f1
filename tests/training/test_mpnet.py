"""The second teacher is put together from the parts that packages carry."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from mejurix_st.errors import CheckpointError, MissingExtraError
from mejurix_st.training import mpnet
from mejurix_st.training.mpnet import NAME, PACKAGES, mpnet_folder, require_mpnet

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five installed packages with the parts of an archive, and files that must not come out of it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in {
            "model.safetensors": WEIGHTS,
            "config.json": b"{}",
            "1_Pooling/config.json": b"{}",
            "vocab.txt": b"the",
            "train_script.py": b"raise SystemExit",
        }.items():
            archive.writestr(f"{NAME}/{name}", content)
    data, size = whole.getvalue(), -(-len(whole.getvalue()) // 5)
    places = {}
    for number, package in enumerate(PACKAGES):
        place = tmp_path / "site" / package / f"{NAME}.zip.{number + 1:03}"
        place.parent.mkdir(parents=True)
        place.write_bytes(data[number * size : (number + 1) * size])
        places[package] = place

    def files(package: str):
        if not places[package].exists():
            raise importlib.metadata.PackageNotFoundError(package)
        return [
            SimpleNamespace(name=p.name, locate=lambda p=p: p)
            for p in (places[package].parent / "__init__.py", places[package])
        ]

    monkeypatch.setattr("importlib.metadata.files", files)
    monkeypatch.setattr(mpnet, "SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    return tmp_path / "site"


def test_the_parts_make_the_model_once(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = mpnet_folder(tmp_path / "teachers")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "1_Pooling" / "config.json").is_file()
    assert not list(folder.rglob("*.py"))
    monkeypatch.setattr("importlib.metadata.files", None)  # a second putting together would fail
    require_mpnet(tmp_path / "teachers")
    assert mpnet_folder(tmp_path / "teachers") == folder


def test_other_weights_are_refused(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mpnet, "SHA256", "0" * 64)
    with pytest.raises(CheckpointError, match="install them anew"):
        mpnet_folder(tmp_path / "teachers")
    assert not (tmp_path / "teachers").exists()


def test_a_missing_package_is_named(packages: Path, tmp_path: Path):
    next((packages / PACKAGES[3]).iterdir()).unlink()
    for ask in (require_mpnet, mpnet_folder):
        with pytest.raises(MissingExtraError, match=r"all-mpnet-base-v2 needs .*mejurix-st\[teachers\]"):
            ask(tmp_path / "teachers")
