"""The teacher for law: rare words weigh, its space keeps what both sides say, and only law is its business."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mejurix_st.training.lexical import LexicalTeacher, law_texts
from mejurix_st.training.sources import Pair
from mejurix_st.training.teachers import LEXICAL_SHARE, TeacherBank

TOPICS = ("tinnitus hearing noise ear", "hernia abdominal mesh repair", "tenant landlord lease rent")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Sixty texts on three topics, each with a word of its own and words of all law."""
    rng = np.random.default_rng(3)
    made = []
    for i in range(60):
        topic = TOPICS[i % 3].split()
        words = [*rng.choice(topic, 3), f"section{i // 2}", "the", "claim", "shall"]
        made.append(" ".join(rng.permutation(words)))
    return list(dict.fromkeys(made))


@pytest.fixture(scope="module")
def teacher(texts) -> LexicalTeacher:
    return LexicalTeacher(texts, dimension=24)


def test_law_texts_are_those_of_its_sources_each_once():
    built = {
        "us_code": [Pair("a heading", "whosoever shall"), Pair("a heading", "no person")],
        "answers": [Pair("what is gout", "Gout is a disease.")],
    }
    assert law_texts(built) == ["a heading", "whosoever shall", "no person"]


def test_same_words_are_near_whatever_their_ending(teacher):
    vectors = teacher.vectors(
        ["hernias repaired", "repair of a hernia", "landlords and tenants", "zebra", "HERNIA repairs"]
    )
    similar = (vectors @ vectors.T).numpy()
    assert vectors.dtype == torch.float32
    assert similar[0, 1] > 0.99 > 0.5 > similar[0, 2]
    assert similar[0, 4] == pytest.approx(1, abs=1e-5)
    assert vectors[3].abs().max() == 0  # no word that it knows
    torch.testing.assert_close(vectors.norm(dim=1), torch.tensor([1.0, 1.0, 1.0, 0.0, 1.0]))


def test_similarities_are_of_whole_words_and_rare_ones_weigh_more(teacher, texts):
    found = teacher.similarities(texts)
    torch.testing.assert_close(found.diagonal(), torch.ones(len(texts)))
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    rare, common = teacher.similarities(["section7 hernia", "section7 lease", "lease hernia"])[0, 1:]
    assert rare > common


def test_it_knows_only_what_it_was_made_of(teacher, texts):
    assert teacher.knows(texts[5])
    assert not teacher.knows(texts[5] + " x")


@pytest.fixture
def bank(teacher, texts) -> tuple[TeacherBank, list[str], torch.Tensor]:
    """A bank whose base has read health and law, its second teacher only health."""
    rng = np.random.default_rng(5)
    health = [f"symptom number {i}" for i in range(60)]
    names = [f"passage: {t}" for t in [*health, *texts]]
    first = rng.normal(size=(len(names), 20)).astype(np.float32)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = rng.normal(size=(60, 12)).astype(np.float32)
    made = TeacherBank(names, first, health, second / np.linalg.norm(second, axis=1, keepdims=True))
    states = torch.from_numpy(first)
    made.span(names[:60], states[:60])
    return made, names, states


def test_law_has_a_place_of_its_own_and_health_keeps_its(bank, teacher, texts):
    made, names, states = bank
    plain = made.targets(names, states)
    with pytest.raises(RuntimeError, match="no lexical teacher"):
        made.span_law(names[60:], states[60:])
    made.lexical = teacher
    torch.testing.assert_close(made.targets(names, states), plain)  # until its space is made
    made.span_law(names[60:], states[60:])
    found = made.targets(names, states)
    torch.testing.assert_close(found[:60], plain[:60])
    assert (found[60:] * plain[60:]).sum(-1).max() < 0.99
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(found)))
    same = [(i, j) for i in range(len(texts)) for j in range(i) if i % 3 == j % 3]
    i, j = map(list, zip(*same, strict=True))
    law, before = found[60:], plain[60:]
    assert (law[i] * law[j]).sum(-1).mean() > (before[i] * before[j]).sum(-1).mean() + 0.05


def test_words_speak_beside_the_base_in_batches_of_law_alone(bank, teacher, texts):
    made, names, states = bank
    base = made.similarities(names[60:], states[60:])
    mixed = made.similarities(names[55:], states[55:])
    made.lexical = teacher
    found = made.similarities(names[60:], states[60:])
    torch.testing.assert_close(
        found, (1 - LEXICAL_SHARE) * base + LEXICAL_SHARE * teacher.similarities(texts)
    )
    torch.testing.assert_close(made.similarities(names[55:], states[55:]), mixed)
