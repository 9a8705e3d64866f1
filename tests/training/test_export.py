"""What a run exports, and runs that start from exported weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder
from mejurix_st._default_model import build_encoder, read_trained
from mejurix_st.errors import InputError
from mejurix_st.training import recipe_default
from mejurix_st.training.lessons import Lesson
from mejurix_st.training.losses import aim
from mejurix_st.training.recipe_default import export, span, start_from
from mejurix_st.training.student import TextEncoder
from mejurix_st.training.teachers import TeacherBank


def test_a_run_can_start_from_trained_weights(small, make_run, bank: TeacherBank, tmp_path: Path):
    """The teachers' space is turned onto them, whichever way they lie."""
    first = make_run(tmp_path / "first")
    first.train(show_progress=False)
    export(first, tmp_path / "out")
    turned = read_trained(tmp_path / "out")
    turn, _ = torch.linalg.qr(torch.randn(256, 256, generator=torch.Generator().manual_seed(1)))
    turned = replace(turned, head_weight=turn @ turned.head_weight, head_bias=turn @ turned.head_bias)
    run = make_run(tmp_path / "second")
    start_from(run.student, turned, small.recipe)
    lessons = {"short": [Lesson(text, text) for text in sorted(bank.rows)]}
    texts = sorted(bank.rows)
    with torch.no_grad():
        before = aim(run.student(texts), bank.targets(texts, run.student.base_states(texts)))
        own = TeacherBank(texts, bank.first, list(bank.read), bank.second)
        span(own, run.student, lessons, seed=1)
        after = aim(run.student(texts), own.targets(texts, run.student.base_states(texts)))
    assert after < 0.6 * before
    with pytest.raises(InputError, match="the recipe wants"):
        start_from(run.student, turned, replace(small.recipe, rank=3))


def test_export_gives_the_student_s_vectors(small, make_run, base: BaseEncoder, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(small.recipe, adapter_rate=0.02))
    run.train(5, show_progress=False)
    run.bank = None  # no texts to centre on: the head is exported as it stands
    export(run, tmp_path / "trained")
    trained = read_trained(tmp_path / "trained")
    assert trained.config["steps"] == 5
    assert trained.config["adapter"] == {"rank": 2, "scale": 1.0}
    kept = list(range(len(base.pieces)))
    reader = TextEncoder(build_encoder(base, kept, trained), build_tokenizer(base, kept), pad=1)
    plain = TextEncoder(build_encoder(base, kept), build_tokenizer(base, kept), pad=1)
    texts = [row[0] for row in run.mixture.triples["contrast en"].rows]

    def vectors(encoder: TextEncoder) -> torch.Tensor:
        states = encoder.states(texts)
        return functional.normalize(functional.linear(states, trained.head_weight, trained.head_bias), dim=1)

    with torch.no_grad():
        student = run.student(texts)
        merged, unmerged = ((student * vectors(e)).sum(1) for e in (reader, plain))
    assert merged.min() > 0.99  # the student is bfloat16
    assert unmerged.mean() < merged.mean()


def test_export_leaves_no_kind_of_text_a_direction_of_its_own(make_run, tmp_path: Path):
    run = make_run(tmp_path / "run")
    run.train(2, show_progress=False)
    export(run, tmp_path / "trained")
    trained = read_trained(tmp_path / "trained")
    with torch.no_grad(), run.averaged():
        for texts in recipe_default._kinds_of_text(run):
            states = run.student.texts.states(texts)
            mean = functional.linear(states, trained.head_weight, trained.head_bias).mean(0)
            before = run.student.head(states).mean(0)
            assert mean.norm() < 0.05 * before.norm()
