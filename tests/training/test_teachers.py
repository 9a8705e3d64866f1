"""Teachers' similarities, and their vectors in shards that survive an interruption."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from mejurix_st.training import teachers
from mejurix_st.training.head import principal_head
from mejurix_st.training.teachers import TeacherBank, bare, has_hangul, teach

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


READ = ["wording", "denied", "spine"]


class StubSecond:
    """The second teacher's stand-in."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        return unit(np.stack([np.random.default_rng(len(t)).normal(size=768) for t in texts])).astype(
            np.float16
        )


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> StubSecond:
    encoder = StubSecond()
    monkeypatch.setattr(teachers, "SecondTeacher", lambda folder: encoder)
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


def test_prompts_are_not_for_the_second_teacher():
    assert bare("query: passage of time") == bare("passage: passage of time") == "passage of time"


def test_similarities_mix_both_teachers_where_both_speak():
    rng = np.random.default_rng(1)
    first, second = unit(rng.normal(size=(4, 6))), unit(rng.normal(size=(3, 3)))
    names = ["query: a", "query: b", "passage: c", "가"]
    bank = TeacherBank(names, first, ["b", "c", "a"], second, share=0.7)
    one = evened(first) @ evened(first).T
    two = second[[2, 0, 1]] @ second[[2, 0, 1]].T
    states = torch.from_numpy(first)
    found = bank.similarities(names[:3], states[:3]).numpy()
    np.testing.assert_allclose(found, 0.7 * one[:3, :3] + 0.3 * two, atol=1e-6)
    np.testing.assert_allclose(bank.similarities(names, states).numpy(), one, atol=1e-6)  # not read by both
    picked = bank.similarities(["passage: c", "passage: a"], states[[2, 0]]).numpy()
    np.testing.assert_allclose(picked, found[np.ix_([2, 0], [2, 0])], atol=1e-6)
    assert bank.known(["query: b", "unseen", "가"]) == [0, 2]


def test_targets_lie_as_both_teachers_say():
    rng = np.random.default_rng(2)
    first, second = unit(rng.normal(size=(60, 6))), unit(rng.normal(size=(60, 5)))
    names = [f"query: {i}" for i in range(60)]
    bank = TeacherBank(names, first, [str(i) for i in range(60)], second, share=0.4)
    states = torch.from_numpy(first)
    with pytest.raises(RuntimeError, match="span"):
        bank.targets(names, states)
    bank.span(names, states)
    found = bank.targets(names, states)
    both = bank.similarities(names, states)
    assert torch.corrcoef(torch.stack([(found @ found.T).flatten(), both.flatten()]))[0, 1] > 0.98
    other = bank.targets([f"passage: {i}" for i in range(60)], states)
    torch.testing.assert_close(other, found)  # the prompt matters through the base's states alone


def test_nearest_begins_with_the_text_itself():
    angles = np.radians([0.0, 80, 10, 200, 40])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    bank = TeacherBank(list("abcde"), vectors, [], np.zeros((0, 3)))
    similar = bank.first @ bank.first[0]
    wanted = sorted(range(5), key=lambda i: -similar[i])
    assert [bank.nearest(list("abcde"), n) for n in (1, 3, 5)] == [wanted[:1], wanted[:3], wanted]
    assert wanted[0] == 0
    assert bank.nearest(["a", "unseen", "c", "b"], 4) == [0, 2, 3, 1]  # unknown ones fill up
    assert bank.nearest(["x", "y", "z"], 2) == [0, 1]


def test_teach_gives_both_teachers_vectors(texts: list[str], second: StubSecond, tmp_path: Path):
    first = StubEncoder(0)
    bank = teach(texts, READ, first, tmp_path / "teachers", show_progress=False)
    assert first.read == texts
    assert second.read == READ
    raw = unit(StubEncoder(0).states(texts).numpy())
    np.testing.assert_allclose(bank.first @ bank.first.T, evened(raw) @ evened(raw).T, atol=2e-2)  # float16
    vectors, read = bank.seconds(["passage: denied", "query: unread"])
    assert read.tolist() == [True, False]
    np.testing.assert_allclose(vectors[0].numpy(), StubSecond().vectors(["denied"])[0], atol=1e-6)


def test_an_interrupted_call_goes_on_with_the_missing_shards(
    texts: list[str], second: StubSecond, tmp_path: Path
):
    broken = StubEncoder(0, stop_after=8)
    with pytest.raises(KeyboardInterrupt):
        teach(texts, READ, broken, tmp_path, show_progress=False)
    assert sorted(p.name for p in tmp_path.rglob("*.npy")) == ["00000000.npy", "00000004.npy"]
    rest = StubEncoder(0)
    bank = teach(texts, READ, rest, tmp_path, show_progress=False)
    assert rest.read == texts[8:]
    whole = teach(texts, READ, StubEncoder(0), tmp_path / "other", show_progress=False)
    np.testing.assert_array_equal(bank.first, whole.first)
    np.testing.assert_array_equal(bank.second, whole.second)
    again, read = StubEncoder(0), len(second.read)
    teach(texts, READ, again, tmp_path, show_progress=False)
    assert again.read == []
    assert len(second.read) == read


def test_other_texts_in_the_same_folder_are_read_anew(texts: list[str], second: StubSecond, tmp_path: Path):
    teach(texts, READ, StubEncoder(0), tmp_path, show_progress=False)
    changed = [*texts[:-1], "passage: ruled out"]
    encoder = StubEncoder(0)
    second.read.clear()
    bank = teach(changed, READ, encoder, tmp_path, show_progress=False)
    assert encoder.read == changed
    assert second.read == []  # its list is the same
    assert bank.known(["passage: denied", "passage: ruled out"]) == [1]
