"""The token head's data and training: text from tokens, partial labels, a run in parts."""

import random
import zlib

import numpy as np
import pytest
import torch

from mejurix_st.entities.token_head_network import TokenHead, TokenHeadConfig
from mejurix_st.entities.token_states import PieceStates
from mejurix_st.entities.token_words import words
from mejurix_st.evaluation.data import DataNotFoundError, data_folder
from mejurix_st.training.token_head import HeadData, TokenHeadRecipe, Training, f1, held_out_scores, split
from mejurix_st.training.token_head_data import LABELS, StateCache, pack, read_conll, write_out
from mejurix_st.training.token_head_run import examples

SIZE = 16


class Hashed:
    """States that depend on the word alone; counts the texts that it was asked for."""

    prompt, size = "", SIZE

    def __init__(self):
        self.asked = 0

    def __call__(self, texts, layers):
        self.asked += len(texts)
        return [PieceStates(self.states(text, layers), words(text)) for text in texts]

    @staticmethod
    def states(text, layers):
        rows = [np.random.default_rng(zlib.crc32(text[a:b].encode())) for a, b in words(text)]
        return np.stack([row.normal(size=(len(layers), SIZE)) for row in rows], 1).astype(np.float32)


def sentence(text, **labels):
    return [(token, labels.get(token, "O")) for token in text.split()]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("beta - blocker ( propranolol ) , 5 . 5 % of 10 / 20", "beta-blocker (propranolol), 5.5% of 10/20"),
        ("Parkinson ' s disease : a study", "Parkinson's disease: a study"),
        ("low [ 1 ] [ 2 ]", "low [1] [2]"),
    ],
)
def test_running_text(tokens, text):
    assert write_out(sentence(tokens), partial=False).text.replace(". 5", ".5") == text


def test_entities_survive_running_text():
    example = write_out(
        [("Beta", "B-Chemical"), ("-", "I-Chemical"), ("carotene", "I-Chemical"), ("-", "O"), ("induced", "O"),
         ("toxicity2a", "B-Disease"), ("rash", "B-Disease")],
        partial=False,
    )  # fmt: skip
    assert {(example.text[a:b], kind) for a, b, kind in example.spans()} == {
        ("Beta-carotene", "Chemical"), ("toxicity2a", "Disease"), ("rash", "Disease"),
    }  # fmt: skip


def test_read_and_pack(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("A\tO\nrash\tB-Disease\n\nB\tO\n\n\nC\tO\n", "utf-8")
    found = read_conll(path)
    assert found == [[("A", "O"), ("rash", "B-Disease")], [("B", "O")], [("C", "O")]]
    joined = pack(found, random.Random(1), longest=30)  # noqa: S311
    assert joined == [[row for part in found for row in part]]


def make_data(folder, count=60):
    rng = random.Random(5)  # noqa: S311
    rows = []
    for number in range(count):
        body = " ".join(rng.choice(["and", "the", "with", "took", "had", "then"]) for _ in range(6))
        labelled = sentence(f"{body} ulcer {body[:3]} aspirin .", ulcer="B-Disease", aspirin="B-Chemical")
        partial = number % 3 == 0
        if partial:
            labelled = [(token, "O" if "Chem" in label else label) for token, label in labelled]
        rows.append(write_out(labelled, partial=partial))
    return HeadData(rows, StateCache(folder, rows, Hashed(), (0, 1)))


def make_head():
    torch.manual_seed(2)
    sizes = {"state_size": 16, "letter_size": 4, "spelling_size": 8, "hidden_size": 8, "dropout": 0.1}
    return TokenHead(TokenHeadConfig(LABELS, (0, 1), encoder_size=SIZE, depth=1, **sizes))


RECIPE = TokenHeadRecipe(epochs=10, batch_words=100, rate=2e-2, average=0.8)


def test_learns_with_partial_labels(tmp_path):
    data = make_data(tmp_path)
    train, held = split(data.examples, 0.3)
    assert not set(train) & set(held)
    training = Training(RECIPE, make_head(), [(data, train)])
    losses = [training.run_epoch() for _ in range(RECIPE.epochs)]
    assert losses[-1] < losses[0] / 3
    scores = held_out_scores(training.mean, data, held)
    assert set(scores) == {"bc5cdr Chemical", "bc5cdr Disease", "ncbi Disease"}
    assert min(scores.values()) > 0.9


def test_unannotated_chemicals_stay_possible(tmp_path):
    data = make_data(tmp_path, 3)
    possible = data.possible([0, 1])
    assert possible[0, 0].tolist() == [True, False, False, True, True]
    assert possible[1, 0].tolist() == [True, False, False, False, False]
    ulcer = data.examples[0].labels.index(1)
    assert possible[0, ulcer].tolist() == [False, True, False, False, False]


def test_a_run_in_parts_equals_a_run(tmp_path):
    data = make_data(tmp_path, 20)
    chosen = list(range(20))
    whole = Training(RECIPE, make_head(), [(data, chosen)])
    parts = Training(RECIPE, make_head(), [(data, chosen)])
    for _ in range(2):
        whole.run_epoch()
    parts.run_epoch()
    parts.save(tmp_path / "state.pt")
    again = Training(RECIPE, make_head(), [(data, chosen)])
    assert again.restore(tmp_path / "state.pt")
    again.run_epoch()
    for one, other in zip(whole.mean.parameters(), again.mean.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    other_recipe = Training(TokenHeadRecipe(epochs=3), make_head(), [(data, chosen)])
    assert not other_recipe.restore(tmp_path / "state.pt")


def test_states_are_computed_once(tmp_path):
    rows = [write_out(sentence(text), partial=False) for text in ("a rash", "an ulcer or two", "pain")]
    states = Hashed()
    first = StateCache(tmp_path, rows, states, (0, 1))
    second = StateCache(tmp_path, rows, states, (0, 1))
    assert states.asked == 3
    assert second[1].shape == (4, 2, SIZE)
    assert np.allclose(second[1], np.swapaxes(Hashed.states(rows[1].text, (0, 1)), 0, 1), atol=1e-2)
    assert np.array_equal(first[2], second[2])


def test_f1():
    assert f1([1, 2, 2]) == 0.5
    assert f1([0, 0, 0]) == 0


@pytest.mark.shared_data
def test_real_files_keep_every_entity():
    try:
        folder = data_folder()
    except DataNotFoundError as error:
        pytest.skip(str(error))
    for passages in (None, 3):
        found = examples(folder, "train", passages=passages)
        assert sum(len(row.spans()) for row in found) == 9385 + 5145
        for row in found[:200]:
            assert all(row.text[a:b].strip() == row.text[a:b] for a, b, _ in row.spans())
