"""The direction of imports, and what importing a room may not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]


def test_imports_point_one_way():
    pytest.importorskip("importlinter")
    if not (_ROOT / "pyproject.toml").is_file():
        pytest.skip("the contracts stand in the source tree's pyproject.toml, which is not here")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    "module",
    [
        "mejurix_st",
        "mejurix_st.text",
        "mejurix_st.entities",
        "mejurix_st.samples",
        "mejurix_st.hub",
        "qdrant_mejurix",
        "langchain_mejurix",
        "mejurix_cli.main",
    ],
)
def test_importing_loads_no_torch(module):
    heavy = ("torch", "transformers", "sentence_transformers")
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_the_root_exports_what_it_names():
    import mejurix_st

    assert sorted(mejurix_st.__all__) == ["EncoderConfig", "EntitySpan", "build_model", "load"]
    assert all(hasattr(mejurix_st, name) for name in mejurix_st.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mejurix_st.nothing
