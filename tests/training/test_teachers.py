"""Teachers' similarities, and their vectors in shards that survive an interruption."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from mejurix_st.errors import MissingExtraError
from mejurix_st.training import teachers
from mejurix_st.training.head import principal_head
from mejurix_st.training.teachers import TeacherBank, has_hangul, teach

WIDTH = 384


class StubEncoder:
    """A vector for each text from its characters; counts what it reads and can break off."""

    def __init__(self, seed: int, stop_after: int | None = None) -> None:
        self.seed, self.stop_after = seed, stop_after
        self.read: list[str] = []

    def states(self, texts: Sequence[str]) -> torch.Tensor:
        if self.stop_after is not None and len(self.read) >= self.stop_after:
            raise KeyboardInterrupt
        self.read += texts
        rows = []
        for text in texts:
            generator = torch.Generator().manual_seed(self.seed + sum(map(ord, text)))
            rows.append(torch.randn(WIDTH, generator=generator) * 5)
        return torch.stack(rows)


@pytest.fixture
def texts() -> list[str]:
    return [f"query: wording number {'x' * i}" for i in range(9)] + [
        "passage: 요추 골절 진단",
        "passage: denied",
    ]


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> StubEncoder:
    encoder = StubEncoder(1000)
    monkeypatch.setattr(teachers, "minilm_encoder", lambda: encoder)
    monkeypatch.setattr(teachers, "_SHARD", 4)
    return encoder


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def evened(rows: np.ndarray) -> np.ndarray:
    """Centred, each principal component divided by the fourth root of its standard deviation."""
    head = principal_head(rows, dimension=rows.shape[1], power=0.25)
    return unit(rows @ head.weight.T.astype(np.float64) + head.bias)


def test_hangul():
    assert has_hangul("L3 골절")
    assert not has_hangul("L3 fracture — §1983, Müller")


def test_similarities_mix_both_teachers_where_both_speak():
    rng = np.random.default_rng(1)
    first, second = unit(rng.normal(size=(4, 6))), unit(rng.normal(size=(4, 3)))
    second[3] = 0  # a text that the second teacher cannot read
    names = ["a", "b", "c", "가"]
    bank = TeacherBank(names, first, second, share=0.7)
    turned = evened(first)
    one, two = turned @ turned.T, second @ second.T
    wanted = 0.7 * one + 0.3 * two
    wanted[3, :], wanted[:, 3] = one[3, :], one[:, 3]
    np.testing.assert_allclose(bank.similarities(names, torch.from_numpy(first)).numpy(), wanted, atol=1e-6)
    picked = bank.similarities(["c", "a"], torch.from_numpy(first[[2, 0]])).numpy()
    np.testing.assert_allclose(picked, wanted[np.ix_([2, 0], [2, 0])], atol=1e-6)
    assert bank.known(["b", "unseen", "가"]) == [0, 2]


def test_nearest_begins_with_the_text_itself():
    angles = np.radians([0.0, 80, 10, 200, 40])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    bank = TeacherBank(list("abcde"), vectors, np.zeros((5, 3)))
    similar = bank.first @ bank.first[0]
    wanted = sorted(range(5), key=lambda i: -similar[i])
    assert [bank.nearest(list("abcde"), n) for n in (1, 3, 5)] == [wanted[:1], wanted[:3], wanted]
    assert wanted[0] == 0
    assert bank.nearest(["a", "unseen", "c", "b"], 4) == [0, 2, 3, 1]  # unknown ones fill up
    assert bank.nearest(["x", "y", "z"], 2) == [0, 1]


def test_teach_gives_both_teachers_vectors(texts: list[str], second: StubEncoder, tmp_path: Path):
    first = StubEncoder(0)
    bank = teach(texts, first, tmp_path / "teachers", show_progress=False)
    assert first.read == texts
    assert second.read == [t.partition(": ")[2] for t in texts if not has_hangul(t)]  # no prompt, no Korean
    raw = unit(StubEncoder(0).states(texts).numpy())
    np.testing.assert_allclose(bank.first @ bank.first.T, evened(raw) @ evened(raw).T, atol=2e-2)  # float16
    korean = texts.index("passage: 요추 골절 진단")
    assert not bank.second[korean].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(bank.second, korean, 0), axis=1), 1, atol=2e-3)


def test_an_interrupted_call_goes_on_with_the_missing_shards(
    texts: list[str], second: StubEncoder, tmp_path: Path
):
    broken = StubEncoder(0, stop_after=8)
    with pytest.raises(KeyboardInterrupt):
        teach(texts, broken, tmp_path, show_progress=False)
    assert sorted(p.name for p in tmp_path.glob("*.npz")) == ["00000000.npz", "00000004.npz"]
    rest = StubEncoder(0)
    bank = teach(texts, rest, tmp_path, show_progress=False)
    assert rest.read == texts[8:]
    whole = teach(texts, StubEncoder(0), tmp_path / "other", show_progress=False)
    np.testing.assert_array_equal(bank.first, whole.first)
    np.testing.assert_array_equal(bank.second, whole.second)
    again = StubEncoder(0)
    teach(texts, again, tmp_path, show_progress=False)
    assert again.read == []


def test_other_texts_in_the_same_folder_are_read_anew(texts: list[str], second: StubEncoder, tmp_path: Path):
    teach(texts, StubEncoder(0), tmp_path, show_progress=False)
    changed = [*texts[:-1], "passage: ruled out"]
    encoder = StubEncoder(0)
    bank = teach(changed, encoder, tmp_path, show_progress=False)
    assert encoder.read == changed
    assert bank.known(["passage: denied", "passage: ruled out"]) == [1]


def test_a_missing_second_teacher_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="all-MiniLM-L6-v2"):
        teachers.minilm_folder()
