"""The default recipe on a tiny encoder: a run, a run in parts, and what it exports."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from mejurix_st._base_weights import BaseEncoder
from mejurix_st.errors import InputError
from mejurix_st.training import recipe_default
from mejurix_st.training.joint import JointSpace
from mejurix_st.training.lessons import Lesson
from mejurix_st.training.recipe_default import (
    Run,
    prepare,
)


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def learnt(run: Run) -> dict[str, torch.Tensor]:
    trained = run.trained()
    parts = {"head": trained.head_weight, "bias": trained.head_bias, **trained.adapter}
    return {name: value.clone() for name, value in parts.items()}


def assert_equal(one: Run, other: Run) -> None:
    """The same weights, but for float32's last digits: a resumed run reads the base's states in other batches.

    A step moves a weight by 1e-4 and more, so a step lost, repeated or taken on other rows shows.
    """
    torch.testing.assert_close(learnt(one), learnt(other), rtol=0, atol=1e-5)


def test_a_run_stopped_and_resumed_is_the_same_run(make_run, tmp_path: Path):
    whole = make_run(tmp_path / "whole")
    whole.train(show_progress=False)
    first = make_run(tmp_path / "parts")
    assert not first.restore()  # nothing there yet
    first.train(3, show_progress=False)
    second = make_run(tmp_path / "parts")
    assert second.restore()
    assert second.step == 3
    second.train(show_progress=False)
    one, other = ([{**x, "seconds": 0} for x in read_log(tmp_path / name)] for name in ("whole", "parts"))
    assert [line["step"] for line in one] == list(range(1, 7))
    assert other == [
        pytest.approx(line, abs=2e-4) for line in one
    ]  # a rounded loss may differ in its last digit
    assert_equal(whole, second)


def test_a_run_interrupted_within_a_step_is_the_same_run(make_run, tmp_path: Path, monkeypatch):
    whole = make_run(tmp_path / "whole")
    whole.train(show_progress=False)
    first = make_run(tmp_path / "parts")
    first.train(3, show_progress=False)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mejurix_st.training.step.parallel_loss", interrupt)
        with pytest.raises(KeyboardInterrupt):
            first.train(show_progress=False)
    second = make_run(tmp_path / "parts")
    second.restore()
    second.train(show_progress=False)
    assert_equal(whole, second)


def test_training_moves_adapters_and_head_but_not_the_base(make_run, tmp_path: Path):
    run = make_run(tmp_path / "run")
    before = learnt(run)
    frozen = {n: p.detach().clone() for n, p in run.student.encoder.named_parameters() if not p.requires_grad}
    run.train(4, show_progress=False)
    assert all(torch.equal(p, frozen[n]) for n, p in run.student.encoder.named_parameters() if n in frozen)
    after = learnt(run)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"head", "bias"} <= moved
    assert {name for name in after if name.endswith("lora_B")} <= moved


def test_schedule_warms_up_and_falls_to_a_fiftieth(small, make_run, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(small.recipe, steps=20, warmup=4))
    rates = []
    for run.step in range(21):
        rates.append(run._schedule())
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == pytest.approx(1.0)
    assert all(a >= b for a, b in pairwise(rates[4:]))
    assert rates[20] == pytest.approx(0.02)


def test_a_checkpoint_of_another_recipe_is_refused(small, make_run, tmp_path: Path):
    make_run(tmp_path / "run").save()
    with pytest.raises(InputError, match=r"another recipe; give another --output"):
        make_run(tmp_path / "run", replace(small.recipe, rank=4)).restore()


def test_a_checkpoint_from_before_the_teacher_for_law_is_refused(make_run, bank, tmp_path: Path, monkeypatch):
    make_run(tmp_path / "run").save()
    law = JointSpace(torch.eye(4), torch.eye(4), dimension=4)
    monkeypatch.setattr(bank, "law", law)
    with pytest.raises(InputError, match="another recipe"):
        make_run(tmp_path / "run").restore()


def test_a_checkpoint_of_another_optimiser_is_refused_and_changes_nothing(make_run, tmp_path: Path):
    make_run(tmp_path / "run").save()
    path = tmp_path / "run" / "checkpoint.safetensors"
    with safe_open(path, "pt") as file:
        notes = file.metadata()
    # As AdamW alone kept it, until the sixth version.
    save_file(load_file(path) | {"optimizer.0.exp_avg": torch.zeros(2)}, path, notes)
    run = make_run(tmp_path / "run")
    before = learnt(run)
    with pytest.raises(InputError, match="another recipe"):
        run.restore()
    assert all(torch.equal(value, before[name]) for name, value in learnt(run).items())
    assert run.step == 0


def test_prepare_and_train_in_a_folder(
    small, base: BaseEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class SecondTeacher:
        def __init__(self, folder: Path) -> None:
            pass

        def vectors(self, texts: list[str]) -> np.ndarray:
            return np.random.default_rng(len(texts)).normal(size=(len(texts), 768)).astype(np.float16)

    built = {name: small.pairs(name) for name in ("medquad", "korean", "us_code")}
    lessons = {"short": [Lesson(f"query: {pair.query}", f"query: {pair.query}") for pair in built["medquad"]]}
    lessons["law"] = [Lesson(f"query: {pair.query}", f"query: {pair.query}") for pair in built["us_code"]]
    monkeypatch.setattr(recipe_default, "read_base", lambda: base)
    monkeypatch.setattr(recipe_default, "kept_pieces", lambda pieces: list(range(len(pieces))))
    monkeypatch.setattr(recipe_default, "all_pairs", lambda data, seed, refuse: built)
    monkeypatch.setattr(recipe_default, "build_mixture", lambda *_, **__: small.mixture())
    monkeypatch.setattr("mejurix_st.training.teachers.SecondTeacher", SecondTeacher)
    monkeypatch.setattr(recipe_default, "require_mpnet", lambda folder: None)
    monkeypatch.setattr(recipe_default, "lesson_rows", lambda *_, **__: lessons)

    def go() -> Run:
        return prepare(tmp_path, tmp_path / "run", small.recipe, refuse=None, guards={}, device="cpu")

    run = go()
    assert json.loads((tmp_path / "run" / "data.json").read_text("utf-8")) == dict.fromkeys(built, 12)
    run.bank.law.axes = -run.bank.law.axes  # as another student would have turned it
    run.train(2, show_progress=False)
    again = go()
    assert again.step == 2
    assert_equal(run, again)
    assert torch.equal(again.bank.law.axes, run.bank.law.axes)


def test_the_averaged_weights_ship_and_the_last_ones_go_on(small, make_run, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(small.recipe, average_decay=0.9, adapter_rate=0.02))
    run.train(1, show_progress=False)
    mean = run.average["head.weight"].clone()
    run.train(3, show_progress=False)
    last = run._weights()["head.weight"]
    assert not torch.equal(run.trained().head_weight, last)
    with run.averaged():
        assert torch.equal(run._weights()["head.weight"], run.average["head.weight"])
    assert torch.equal(run._weights()["head.weight"], last)
    resumed = make_run(tmp_path / "run", replace(small.recipe, average_decay=0.9, adapter_rate=0.02))
    assert resumed.restore()
    assert torch.equal(resumed.average["head.weight"], run.average["head.weight"])
    assert not torch.equal(mean, run.average["head.weight"])
