"""Stores and matters for the LangChain tests, in memory and on Edge."""

from __future__ import annotations

import importlib.util
import sys
import uuid
from pathlib import Path

import pytest

pytest.importorskip("langchain_core", reason="needs the langchain extra")
pytest.importorskip("qdrant_client", reason="needs the langchain extra")
pytest.importorskip("qdrant_edge", reason="needs the langchain extra")

_spec = importlib.util.spec_from_file_location(
    "langchain_encoders", Path(__file__).with_name("langchain_encoders.py")
)
encoders = importlib.util.module_from_spec(_spec)
sys.modules["langchain_encoders"] = encoders  # the model is pickled by its module's name
_spec.loader.exec_module(encoders)


@pytest.fixture(scope="session")
def model_class():
    return encoders.HashingModel


@pytest.fixture
def model():
    return encoders.HashingModel()


@pytest.fixture(params=["memory", "edge"])
def location(request, tmp_path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "case-files")


@pytest.fixture
def index(location, model):
    from qdrant_mejurix import open_index

    with open_index(location, model, collection=f"test-{uuid.uuid4().hex}") as opened:
        yield opened


@pytest.fixture
def matter(index):
    return index.matter("smith-v-jones")
