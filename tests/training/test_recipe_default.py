"""The default recipe on a tiny encoder: a run, a run in parts, and what it exports."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder
from mejurix_st._default_model import build_encoder, read_trained
from mejurix_st.errors import InputError
from mejurix_st.training import recipe_default
from mejurix_st.training.mixture import Cycle, Mixture
from mejurix_st.training.recipe_default import (
    DefaultRecipe,
    Run,
    build_student,
    export,
    prepare,
    start_from,
    taught_texts,
)
from mejurix_st.training.sources import Pair
from mejurix_st.training.step import StepConfig, pair_loss
from mejurix_st.training.student import TextEncoder
from mejurix_st.training.teachers import TeacherBank

HIDDEN = 256  # as many as the head's outputs need
WORDS = ["spine", "knee", "claim", "trial", "pain", "scan", "left", "nerve", "doctor", "court"]
SMALL = DefaultRecipe(
    steps=6, rank=2, alpha=2.0, first_layer=0, warmup=2, checkpoint_every=4, max_tokens=24, validate_every=0,
    step=StepConfig(pairs=4, short_pairs=4, contrasts=4, relations=4, facts=4, parallel=3, terms=3),
)  # fmt: skip


def make_base() -> BaseEncoder:
    from transformers import BertConfig, BertModel

    letters = [f"{mark}{c}" for c in "abcdefghijklmnopqrstuvwxyz:0123456789" for mark in ("", "▁")]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *letters]
    config = {
        "hidden_size": HIDDEN, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = BertModel(BertConfig(vocab_size=len(pieces), **config), add_pooling_layer=False)
    state = {name: value.numpy() for name, value in made.state_dict().items()}
    word = state.pop("embeddings.word_embeddings.weight")
    scores = np.full(len(pieces), -3.0, np.float32)
    return BaseEncoder({**config, "unk_token_id": 3}, pieces, scores, word, state, "made here")


def make_pairs(name: str, count: int = 12) -> list[Pair]:
    return [
        Pair(
            f"{WORDS[i % 10]} {i}", f"{WORDS[(i + 3) % 10]} {WORDS[i % 10]} {i}",
            "no such thing" if i % 3 == 0 else "", group=f"{name} {i // 2}", source=name,
        )
        for i in range(count)
    ]  # fmt: skip


def make_mixture() -> Mixture:
    pairs = {name: Cycle(make_pairs(name), f"1 {name}") for name in ("medquad", "korean")}
    rows = [(f"{a} hurts", f"pain of the {a}", f"no pain of the {a}") for a in WORDS]
    kinds = [f"{kind} {language}" for kind in ("contrast", "relations") for language in ("en", "ko")]
    triples = {kind: Cycle(rows, f"1 {kind}") for kind in kinds}
    both = [(a, a[::-1]) for a in WORDS]
    weights = {"medquad": 1.0, "korean": 1.0}
    return Mixture(pairs, weights, triples, Cycle(both, "1 p"), Cycle(both, "1 t"), seed=1)


@pytest.fixture(scope="module")
def base() -> BaseEncoder:
    return make_base()


@pytest.fixture(scope="module")
def bank(base: BaseEncoder) -> TeacherBank:
    """Teachers that know one source of the two."""
    texts = taught_texts({"medquad": make_pairs("medquad")})
    kept = list(range(len(base.pieces)))
    reader = TextEncoder(build_encoder(base, kept), build_tokenizer(base, kept), pad=1)
    with torch.no_grad():
        first = functional.normalize(reader.states(texts), dim=1).numpy()
    return TeacherBank(texts, first, np.zeros((len(texts), 384), np.float32))


@pytest.fixture
def make_run(base: BaseEncoder, bank: TeacherBank, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipe_default, "read_base", lambda: base)

    def make(folder: Path, recipe: DefaultRecipe = SMALL) -> Run:
        folder.mkdir(exist_ok=True)
        return Run(recipe, folder, build_student(recipe, bank, "cpu"), make_mixture(), bank)

    return make


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]


def learnt(run: Run) -> dict[str, torch.Tensor]:
    trained = run.trained()
    parts = {"head": trained.head_weight, "bias": trained.head_bias, **trained.adapter}
    return {name: value.clone() for name, value in parts.items()}


def assert_equal(one: Run, other: Run) -> None:
    assert learnt(one).keys() == learnt(other).keys()
    for name, value in learnt(one).items():
        assert torch.equal(value, learnt(other)[name]), name


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
    assert one == other
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


def test_every_part_of_a_step_is_logged_and_finite(make_run, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(SMALL, steps=16))
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


def test_pairs_terms_and_parallel_sentences_take_turns(make_run, tmp_path: Path):
    make_run(tmp_path / "run", replace(SMALL, steps=6)).train(show_progress=False)
    log = read_log(tmp_path / "run")
    turns = [
        next(name for name in ("pairs", "terms", "parallel") if any(key.startswith(name) for key in line))
        for line in log
    ]
    assert turns == ["pairs", "terms", "parallel"] * 2


def test_a_run_can_start_from_trained_weights(make_run, bank: TeacherBank, tmp_path: Path):
    """The anchor then measures from the base as the new head turns it, whichever way that is."""
    first = make_run(tmp_path / "first")
    first.train(show_progress=False)
    export(first, tmp_path / "out")
    turned = read_trained(tmp_path / "out")
    turn, _ = torch.linalg.qr(torch.randn(256, 256, generator=torch.Generator().manual_seed(1)))
    turned = replace(turned, head_weight=turn @ turned.head_weight, head_bias=turn @ turned.head_bias)
    texts = sorted(bank.rows)
    run = make_run(tmp_path / "second")
    start_from(run.student, turned, SMALL, texts)
    with torch.no_grad():
        states = run.student.base_states(texts)
        far = run.student.drift(run.student(texts), states)
        run.student.put_start(*(first.student.start()[name] for name in ("weight", "bias")))
        unturned = run.student.drift(run.student(texts), states)
    assert far < 0.5 * unturned
    with pytest.raises(InputError, match="the recipe wants"):
        start_from(run.student, turned, replace(SMALL, rank=3), texts)


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


def test_schedule_warms_up_and_falls_to_a_fiftieth(make_run, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(SMALL, steps=20, warmup=4))
    rates = []
    for run.step in range(21):
        rates.append(run._schedule())
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == pytest.approx(1.0)
    assert all(a >= b for a, b in pairwise(rates[4:]))
    assert rates[20] == pytest.approx(0.02)


def test_a_checkpoint_of_another_recipe_is_refused(make_run, tmp_path: Path):
    make_run(tmp_path / "run").save()
    with pytest.raises(InputError, match=r"another recipe; give another --output"):
        make_run(tmp_path / "run", replace(SMALL, rank=4)).restore()


def test_export_gives_the_student_s_vectors(make_run, base: BaseEncoder, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(SMALL, adapter_rate=0.02))
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


def test_prepare_and_train_in_a_folder(base: BaseEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class SecondTeacher:
        def states(self, texts: list[str]) -> torch.Tensor:
            return torch.randn(len(texts), 384, generator=torch.Generator().manual_seed(len(texts)))

    built = {"medquad": make_pairs("medquad"), "korean": make_pairs("korean")}
    monkeypatch.setattr(recipe_default, "read_base", lambda: base)
    monkeypatch.setattr(recipe_default, "kept_pieces", lambda pieces: list(range(len(pieces))))
    monkeypatch.setattr(recipe_default, "all_pairs", lambda data, seed, refuse: built)
    monkeypatch.setattr(recipe_default, "build_mixture", lambda *_, **__: make_mixture())
    monkeypatch.setattr("mejurix_st.training.teachers.minilm_encoder", lambda: SecondTeacher())

    def go() -> Run:
        return prepare(tmp_path, tmp_path / "run", SMALL, refuse=None, guards={}, device="cpu")

    run = go()
    assert json.loads((tmp_path / "run" / "data.json").read_text("utf-8")) == {"medquad": 12, "korean": 12}
    run.train(2, show_progress=False)
    again = go()
    assert again.step == 2
    assert_equal(run, again)


def test_a_hard_negative_is_not_held_against_its_own_group(make_run, tmp_path: Path, monkeypatch):
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
    pair_loss(run.student, rows, None, SMALL.step, prompted=True)
    assert seen["near"].tolist() == [[True, False, True], [False, True, True], [True, True, True]]


def test_the_averaged_weights_ship_and_the_last_ones_go_on(make_run, tmp_path: Path):
    run = make_run(tmp_path / "run", replace(SMALL, average_decay=0.9, adapter_rate=0.02))
    run.train(1, show_progress=False)
    mean = run.average["head.weight"].clone()
    run.train(3, show_progress=False)
    last = run._weights()["head.weight"]
    assert not torch.equal(run.trained().head_weight, last)
    with run.averaged():
        assert torch.equal(run._weights()["head.weight"], run.average["head.weight"])
    assert torch.equal(run._weights()["head.weight"], last)
    resumed = make_run(tmp_path / "run", replace(SMALL, average_decay=0.9, adapter_rate=0.02))
    assert resumed.restore()
    assert torch.equal(resumed.average["head.weight"], run.average["head.weight"])
    assert not torch.equal(mean, run.average["head.weight"])


def test_a_look_at_rows_kept_out_is_logged(make_run, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr("mejurix_st.training.loop.validate", lambda student: {"contrast_en": 0.25})
    run = make_run(tmp_path / "run", replace(SMALL, validate_every=2))
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
