"""The wheel: built from the tree, with its data, without the tests, and with what pyproject.toml promises."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("mejurix_st", "qdrant_mejurix", "langchain_mejurix", "mejurix_cli")

pytestmark = pytest.mark.skipif(
    not (_ROOT / "pyproject.toml").is_file(), reason="needs the source tree, not an installed copy"
)


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the tree, so that nothing is left behind in it."""
    pytest.importorskip("setuptools", minversion="77")
    copy = tmp_path_factory.mktemp("tree")
    for name in ("mejurix_st", "integrations"):
        shutil.copytree(_ROOT / name, copy / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(_ROOT / name, copy / name)
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(copy)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with zipfile.ZipFile(next(copy.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_holds_every_source_and_data_file(wheel):
    names = set(wheel.namelist())
    wanted = set()
    for folder in (_ROOT / "mejurix_st", *(_ROOT / "integrations" / name for name in _PACKAGES[1:])):
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                wanted.add(path.relative_to(folder.parent).as_posix())
    assert len(wanted) > 100
    assert not wanted - names


def test_the_wheel_holds_nothing_else(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} <= {*_PACKAGES, "mejurix_service"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]
    assert not [name for name in wheel.namelist() if "/tests/" in name or "/test_" in name]


def test_the_wheel_is_typed_and_licensed(wheel):
    names = wheel.namelist()
    assert {f"{package}/py.typed" for package in _PACKAGES} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    metadata = wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "License-Expression: MIT" in metadata
    entry = wheel.read(next(name for name in names if name.endswith("/entry_points.txt"))).decode()
    assert "mejurix-st = mejurix_cli.main:main" in entry


def test_no_file_of_the_package_names_a_path_of_some_machine(wheel):
    pattern = re.compile(rb"/(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/")
    texts = [
        name for name in wheel.namelist() if name.endswith((".py", ".json", ".jsonl", ".tsv", ".md", ".txt"))
    ]
    assert not [name for name in texts if pattern.search(wheel.read(name))]


def test_constraints_are_exact_and_cover_what_is_asked_for(project):
    lines = (_ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    pinned = {pin.partition("==")[0] for pin in pins}
    assert "torch==2.13.0" in pins
    asked = [*project["project"]["dependencies"]]
    asked += [item for group in project["project"]["optional-dependencies"].values() for item in group]
    asked += [item for group in project["dependency-groups"].values() for item in group]
    names = {
        re.match(r"[A-Za-z0-9_.-]+", item)[0].lower().replace("_", "-").replace(".", "-") for item in asked
    }
    assert not names - {"mejurix-st"} - pinned


def test_every_extra_that_an_error_names_exists(project):
    extras = set(project["project"]["optional-dependencies"])
    named = set()
    for folder in ("mejurix_st", "integrations"):
        for path in (_ROOT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            named |= set(re.findall(r'MissingExtraError\(\s*"[^"]+",\s*"([a-z]+)"', source))
            named |= set(re.findall(r"mejurix-st\[([a-z]+)\]", source))
    assert named
    assert not named - extras
