"""The recipe of the original model's card, on a tiny BERT."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from mejurix_st.errors import InputError, ModelNotFoundError
from mejurix_st.training.recipe_card import CardRecipe, train_card
from mejurix_st.training.recipe_card_callbacks import MineNegatives
from mejurix_st.training.recipe_card_data import Negatives, build_rows, key, mine, split_rows
from mejurix_st.training.relations import RELATIONS, RelationTriple

SMALL = CardRecipe(
    rows=6,
    evaluation_rows=1,
    batch=32,
    evaluate_every=2,
    learning_rate=1e-3,
    mining_epochs=(2, 4),
    patience=99,
)
EPOCHS = 4


def read_log(output: Path) -> list[dict]:
    return [json.loads(line) for line in (output / "log.jsonl").read_text("utf-8").splitlines()]


def losses(output: Path) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in read_log(output) if "loss" in line}


def evaluations(output: Path) -> dict[int, float]:
    return {line["step"]: line["eval_loss"] for line in read_log(output) if "eval_loss" in line}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder without retrieval sets: nothing to hold out but the package's own triples."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def whole_run(data: Path, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("card") / "run"
    train_card(data, output, base=tiny_bert, epochs=EPOCHS, recipe=SMALL, show_progress=False)
    return output


def test_defaults_are_the_card_s():
    card = {f.name: f.default for f in fields(CardRecipe)}
    wanted = {
        "margin": 2.0, "dropout": 0.5, "learning_rate": 1e-5, "batch": 16, "weight_decay": 0.1,
        "max_tokens": 128, "seed": 42, "evaluate_every": 100, "patience": 3,
        "mining_epochs": (3, 6, 9, 12), "mining_ratio": 0.5,
    }  # fmt: skip
    assert {name: card[name] for name in wanted} == wanted
    assert train_card.__kwdefaults__["epochs"] == 15


def test_evaluation_rows_have_anchors_of_their_own():
    rows = build_rows(42, 12)
    training, evaluation = split_rows(rows, 2, 42)
    assert not {r.anchor for r in training} & {r.anchor for r in evaluation}
    anchors = {r.anchor for r in evaluation}
    assert set(training) == {r for r in rows if r.anchor not in anchors}
    assert set(evaluation) <= set(rows)
    assert {(r.relation, r.language) for r in training} == {
        (r, lang) for r in RELATIONS for lang in ("en", "ko")
    }
    assert {r.relation for r in evaluation} == set(RELATIONS)
    assert split_rows(rows, 2, 42) == (training, evaluation)


def test_refused_texts_are_not_in_the_rows():
    refused = {row.positive for row in build_rows(1, 4)[::3]}
    rows = build_rows(1, 4, refused.__contains__)
    assert rows
    assert not refused & {text for r in rows for text in (r.anchor, r.positive, r.negative)}


class ByHand:
    """Vectors on the unit circle, by text."""

    def __init__(self, degrees: dict[str, float]) -> None:
        self.degrees = degrees

    def encode_query(self, texts: list[str], **_: object) -> torch.Tensor:
        return torch.tensor(
            [
                [math.cos(math.radians(self.degrees[t])), math.sin(math.radians(self.degrees[t]))]
                for t in texts
            ]
        )

    encode_document = encode_query


def test_mined_is_the_nearest_that_is_less_near_than_the_positive():
    rows = [
        RelationTriple("a", "p", "far", "R", "en"),  # "nearer" may be right too: left alone
        RelationTriple("b", "nearer", "next", "R", "en"),
        RelationTriple("a", "also right", "far", "R", "en"),
        RelationTriple("other", "elsewhere", "away", "S", "en"),  # of another relation: no candidate
    ]
    angles = {"a": 0, "p": 10, "nearer": 5, "also right": 12, "next": 20, "far": 90}
    angles |= {"b": 5, "other": 0, "elsewhere": 11, "away": 13}
    mined = mine(ByHand(angles), rows, ratio=1.0, seed="x")
    assert mined[key(rows[0])] == "next"
    assert mined[key(rows[2])] == "next"
    assert mined[key(rows[1])] == "p"
    assert mined[key(rows[3])] == "away"


def test_mining_takes_the_given_share_and_leaves_rows_without_candidates():
    rows = [RelationTriple(f"a{i}", f"p{i}", f"n{i}", "R", "ko") for i in range(10)]
    angles = {t: float(i * 7 + j) for i, r in enumerate(rows) for j, t in enumerate(key(r))}
    assert len(mine(ByHand(angles), rows, ratio=0.5, seed="x")) == 5
    alone = [RelationTriple("a", "p", "n", "R", "en")]
    assert mine(ByHand({"a": 0, "p": 50, "n": 10}), alone, ratio=1.0, seed="x") == {}


def test_negatives_replace_only_mined_rows_and_survive_a_file(tmp_path: Path):
    negatives = Negatives({("a", "p", "n"): "골절 없음"})
    batch = {"anchor": ["a", "a"], "positive": ["p", "p"], "negative": ["n", "m"]}
    assert negatives(batch)["negative"] == ["골절 없음", "m"]
    negatives.write(tmp_path / "made" / "x.json")
    other = Negatives({})
    other.read(tmp_path / "made" / "x.json")
    assert other.mined == negatives.mined


def test_mining_happens_before_its_epochs_and_is_read_within_them(tmp_path: Path, monkeypatch):
    rows = [RelationTriple(f"a{i}", f"p{i}", f"n{i}", "R", "en") for i in range(20)]
    calls: list[str] = []

    def fake_mine(model, rows, *, ratio, seed):
        calls.append(seed)
        return {key(rows[0]): seed}

    monkeypatch.setattr("mejurix_st.training.recipe_card_callbacks.mine", fake_mine)
    negatives = Negatives({})
    callback = MineNegatives(rows, negatives, tmp_path, epochs=(3, 6, 9, 12), ratio=0.5, batch=8, seed=42)
    seen = []
    for epoch in range(15):
        state = type("State", (), {"global_step": epoch * 3})  # 20 rows in batches of 8: 3 steps
        callback.on_epoch_begin(None, state, None, model=None)
        seen.append(next(iter(negatives.mined.values()), "none").split()[-1])
    assert calls == [f"42 mining {e}" for e in (3, 6, 9, 12)]
    assert seen == ["none"] * 2 + ["3"] * 3 + ["6"] * 3 + ["9"] * 3 + ["12"] * 4
    negatives.mined = {}
    callback.on_epoch_begin(None, type("State", (), {"global_step": 7 * 3 + 1}), None, model=None)
    assert len(calls) == 4  # resumed within epoch 8: read, not mined again
    assert next(iter(negatives.mined.values())) == "42 mining 6"


def test_trains_mines_and_saves_a_model_that_loads(whole_run: Path, tiny_bert: Path):
    assert sorted(p.name for p in (whole_run / "negatives").iterdir()) == ["epoch-02.json", "epoch-04.json"]
    mined = json.loads((whole_run / "negatives" / "epoch-02.json").read_text("utf-8"))
    assert mined
    assert all(negative not in (anchor, positive) for anchor, positive, _, negative in mined)
    found = evaluations(whole_run)
    assert min(found.values()) < found[2]  # it learns
    model = SentenceTransformer(str(whole_run / "model"), device="cpu")
    vectors = model.encode(["Diagnosed with fracture.", "요추 골절 진단."])
    assert vectors.shape == (2, 256)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert model.max_seq_length == 128
    best = min(found, key=lambda step: found[step])
    kept = SentenceTransformer(str(whole_run / "checkpoints" / f"checkpoint-{best}"), device="cpu")
    np.testing.assert_allclose(
        vectors, kept.encode(["Diagnosed with fracture.", "요추 골절 진단."]), atol=1e-6
    )


def test_a_run_in_parts_equals_one_run_through(whole_run: Path, data: Path, tiny_bert: Path, tmp_path: Path):
    total = max(evaluations(whole_run))
    output = tmp_path / "run"
    for steps in (total // 3, total // 2 + 1, None):  # within epoch 2, later, to the end
        train_card(
            data, output, base=tiny_bert, epochs=EPOCHS, steps=steps, recipe=SMALL, show_progress=False
        )
    for read in (losses, evaluations):
        one, parts = read(whole_run), read(output)
        assert parts.keys() == one.keys()
        assert parts == pytest.approx(one, rel=1e-5)
    for name in ("epoch-02.json", "epoch-04.json"):
        assert (output / "negatives" / name).read_bytes() == (whole_run / "negatives" / name).read_bytes()


def test_a_finished_run_is_not_trained_again(whole_run: Path, data: Path, tiny_bert: Path):
    before = (whole_run / "log.jsonl").read_bytes(), (whole_run / "model" / "model.safetensors").read_bytes()
    train_card(data, whole_run, base=tiny_bert, epochs=EPOCHS, recipe=SMALL, show_progress=False)
    assert before == (
        (whole_run / "log.jsonl").read_bytes(),
        (whole_run / "model" / "model.safetensors").read_bytes(),
    )


def test_it_stops_when_patience_is_out_and_stays_so(data: Path, tiny_bert: Path, tmp_path: Path):
    still = replace(
        SMALL, learning_rate=0.0, patience=3, mining_epochs=()
    )  # never better than the first time
    for _ in range(2):
        train_card(data, tmp_path / "run", base=tiny_bert, epochs=EPOCHS, recipe=still, show_progress=False)
        assert list(evaluations(tmp_path / "run")) == [2, 4, 6, 8]


def test_a_folder_with_another_run_is_refused(whole_run: Path, data: Path, tiny_bert: Path):
    other = replace(SMALL, margin=0.5)
    with pytest.raises(InputError, match=r"another margin.*give another folder"):
        train_card(data, whole_run, base=tiny_bert, epochs=EPOCHS, recipe=other)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"device": "tpu"}, '"cpu" or "cuda"'), ({"steps": 0}, "1 or more"), ({"epochs": 0}, "1 or more")],
)
def test_bad_arguments(data: Path, tiny_bert: Path, tmp_path: Path, options: dict, message: str):
    with pytest.raises(InputError, match=message):
        train_card(data, tmp_path / "run", base=tiny_bert, **options)
    assert not (tmp_path / "run").exists()


def test_a_base_that_is_nowhere(data: Path, tmp_path: Path):
    with pytest.raises(ModelNotFoundError, match=r"no-such-base.*offline"):
        train_card(data, tmp_path / "run", base=str(tmp_path / "no-such-base"), recipe=SMALL)
