"""One step of the default recipe: its parts, their turns, what counts as a negative."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from mejurix_st.training.sources import Pair
from mejurix_st.training.step import pair_loss


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def test_every_part_of_a_step_is_logged_and_finite(small, make_run, tmp_path: Path):
    step = replace(small.recipe.step, loose=("medquad",))
    run = make_run(tmp_path / "run", replace(small.recipe, steps=16, step=step))
    run.train(16, show_progress=False)
    log = read_log(tmp_path / "run")
    names = set().union(*log)
    assert all({"contrast", "contrast pull", "contrast between"} <= set(line) for line in log)
    assert all({"relations", "relations pull", "relations between"} <= set(line) for line in log)
    assert {"parallel", "parallel between", "terms", "terms between"} <= names
    assert {f"{part} {source}" for part in ("pairs", "centre") for source in ("medquad", "korean")} <= names
    assert {"distillation medquad", "anchor korean"} <= names
    assert "anchor medquad" not in names  # its documents are left loose
    assert all(math.isfinite(value) for line in log for value in line.values())


def test_pairs_and_parallel_sentences_take_turns_and_terms_always_come(small, make_run, tmp_path: Path):
    make_run(tmp_path / "run", replace(small.recipe, steps=6)).train(show_progress=False)
    log = read_log(tmp_path / "run")
    turns = [
        [name for name in ("pairs", "terms", "parallel") if any(key.startswith(name) for key in line)]
        for line in log
    ]
    assert turns == [["pairs", "terms"], ["terms", "parallel"]] * 3


def test_terms_can_be_left_out(small, make_run, tmp_path: Path):
    step = replace(small.recipe.step, terms=0)
    make_run(tmp_path / "run", replace(small.recipe, steps=2, step=step)).train(show_progress=False)
    assert not any("terms" in line for line in read_log(tmp_path / "run"))


def test_a_hard_negative_is_not_held_against_its_own_group(small, make_run, tmp_path: Path, monkeypatch):
    """Siblings are each other's hard negatives: what is wrong for one is right for the next."""
    seen = {}

    def catch(q, d, others, *, allowed, allowed_others, **_):
        seen["near"] = allowed_others.clone()
        return (q @ d.T).mean()

    monkeypatch.setattr("mejurix_st.training.step.info_nce", catch)
    rows = [
        Pair("left knee", "knee pain left", "knee pain right", group="knee"),
        Pair("right knee", "knee pain right", "knee pain left", group="knee"),
        Pair("scan", "a scan", "no scan", group="scan"),
    ]
    run = make_run(tmp_path / "run")
    pair_loss(run.student, rows, None, small.recipe.step, prompted=True)
    assert seen["near"].tolist() == [[True, False, True], [False, True, True], [True, True, True]]
