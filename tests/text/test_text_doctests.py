"""The examples in docstrings run as printed."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["_sentences", "_headings", "normalize"])
def test_examples(module):
    result = doctest.testmod(importlib.import_module(f"mejurix_st.text.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
