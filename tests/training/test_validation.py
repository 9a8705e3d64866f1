"""The looks at rows kept out of training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_a_look_at_rows_kept_out_is_logged(small, make_run, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr("mejurix_st.training.loop.validate", lambda student: {"contrast_en": 0.25})
    run = make_run(tmp_path / "run", replace(small.recipe, validate_every=2))
    run.train(4, show_progress=False)
    looks = [line for line in read_log(tmp_path / "run") if "validation contrast_en" in line]
    assert [line["step"] for line in looks] == [2, 4]
    assert "contrast_en 0.250" in capsys.readouterr().err


def test_validation_counts_right_choices(monkeypatch):
    """A stand-in whose vectors are one-hot by the first letter."""
    from mejurix_st.training import validation

    def student(texts):
        return torch.eye(128)[[ord(text.split(": ")[1][0]) % 128 for text in texts]]

    rows = [("a", "a", "b"), ("a", "b", "a")]
    monkeypatch.setattr(validation, "written_triples", lambda name, part: rows)
    monkeypatch.setattr(
        validation, "written_terms", lambda part: [("a", "a"), ("b", "b"), ("c", "a"), ("d", "d")]
    )
    found = validation.validate(student)
    assert found["contrast_en"] == 0.5
    assert found["terms"] == 0.75
