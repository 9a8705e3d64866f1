"""The trained recogniser: offsets, windows, decoding, one forward pass; with a tiny head and without the model."""

import itertools
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mejurix_st.entities import Recognizer, VocabularyRecognizer
from mejurix_st.entities.combined import CombinedRecognizer, longest_of
from mejurix_st.entities.token_head import TokenHeadRecognizer, encode_with_entities, read_head
from mejurix_st.entities.token_head_network import TokenHead, TokenHeadConfig
from mejurix_st.entities.token_states import EncoderStates, PieceStates, probe_state
from mejurix_st.entities.token_words import letters, pool, windows, words
from mejurix_st.entities.vocabulary import Vocabulary
from mejurix_st.errors import CheckpointError, InputError
from mejurix_st.training.token_head_run import write_head
from mejurix_st.types import EntitySpan, EntityType

LABELS = ("O", "B-Disease", "I-Disease", "B-Chemical", "I-Chemical")
LAYERS = (0, 1)
SIZE = 32
ODD_TEXTS = [
    "",
    " ",
    "\n\t",
    "!!!",
    "é" * 700,
    "심부정맥혈전증 소견 없음.",
    "a\u0301b ﷺ ㎖ 🩺 x",
    "\x00\x01 a",
]


def hashed_states(texts, layers, *, seed=1, cut=None):
    """One piece a word; its state depends on the word and the seed alone."""
    found = []
    for text in texts:
        bounds = words(text)[:cut]
        rows = [
            np.random.default_rng([zlib.crc32(text[a:b].encode()), seed]).normal(size=(len(layers), SIZE))
            for a, b in bounds
        ]
        states = np.stack(rows, 1) if rows else np.zeros((len(layers), 0, SIZE))
        found.append(PieceStates(states.astype(np.float32), bounds))
    return found


def make_head(seed: int = 3) -> TokenHead:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = TokenHead(
            TokenHeadConfig(
                LABELS, LAYERS, encoder_size=SIZE, state_size=8, letter_size=4, spelling_size=6, hidden_size=5
            )
        )
        with torch.no_grad():
            head.score.weight *= 12  # lively enough to find something
            head.score.bias += torch.tensor([0.0, 1, -3, 1, -3])  # and short things
    return head.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("head")
    write_head(made, make_head(), probe_state(hashed_states, LAYERS))
    return made


@pytest.fixture(scope="module")
def recognizer(folder):
    return TokenHeadRecognizer(hashed_states, folder=folder)


def check(text, spans):
    for before, after in itertools.pairwise(spans):
        assert before.end <= after.start
    for span in spans:
        assert text[span.start : span.end] == span.text
        assert span.text.strip() == span.text != ""
        assert span.type in (EntityType.DISEASE, EntityType.MEDICATION)
        assert 0 <= span.score <= 1


def test_is_a_recognizer(recognizer):
    assert isinstance(recognizer, Recognizer)
    text = "The patient took cisplatin and had renal failure with fever, nausea and a rash."
    spans = recognizer([text])[0]
    assert spans  # the random head is lively; else nothing here would be tested
    check(text, spans)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts(recognizer, text):
    check(text, recognizer([text])[0])


@given(st.lists(st.text(max_size=120), max_size=4))
@settings(max_examples=25, deadline=None)
def test_spans_slice_and_texts_do_not_mix(recognizer, texts):
    together = recognizer(texts)
    assert len(together) == len(texts)
    for text, spans in zip(texts, together, strict=True):
        check(text, spans)
        assert [(s.start, s.end) for s in recognizer([text])[0]] == [(s.start, s.end) for s in spans]


def test_a_long_text(recognizer):
    text = "Acute renal failure after cisplatin; no fever. " * 800
    assert len(windows(text)) > 70
    spans = recognizer([text])[0]
    check(text, spans)
    assert spans[-1].start > len(text) - 200


def test_a_megabyte_without_a_space(recognizer):
    text = "x" * 1_000_000
    cut = windows(text)
    assert max(w.end - w.start for w in cut) <= 500
    assert len(cut) < 3000
    check(text, recognizer([text])[0])


@given(st.text(alphabet="ab -.\n가", max_size=900))
@settings(max_examples=60, deadline=None)
def test_each_word_is_decided_by_one_window(text):
    cut = windows(text, most_words=12, most_characters=60, shared=4)
    for start, end in words(text):
        deciding = [w for w in cut if w.first <= start < w.last]
        assert len(deciding) == 1
        assert deciding[0].start <= start
        assert end <= deciding[0].end


def test_long_words_keep_their_ends():
    ids = letters("acetylsalicylhydroxamic-x", [(0, 23)])[0]
    assert bytes(ids[:12]) == b"acetylsalicy"
    assert bytes(ids[12:]) == b"hydroxamic"[2:]


def test_pool_is_the_mean_over_overlapping_pieces():
    states = np.arange(3, dtype=np.float32).reshape(1, 3, 1)
    pooled = pool(states, [(0, 2), (2, 5), (0, 0)], [(0, 3), (3, 5), (6, 7)])
    assert pooled[:, 0, 0].tolist() == [0.5, 1.0, 0.0]


def paths(count):
    return itertools.product(range(len(LABELS)), repeat=count)


def legal(path):
    before = "O"
    for place in path:
        label = LABELS[place]
        if label[0] == "I" and before[2:] != label[2:]:
            return False
        before = label
    return True


def test_field_agrees_with_all_paths_counted():
    head = make_head()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        head.transitions.copy_(torch.randn(5, 5, generator=generator))
    scores = torch.randn(2, 4, 5, generator=generator) * 2
    lengths = torch.tensor([4, 2])
    labels, chances = head.decode(scores, lengths)
    total = head.log_partition(scores, lengths)
    for row, length in enumerate(lengths.tolist()):
        weights = {}
        for path in paths(length):
            if legal(path):
                steps = sum(head.transitions[a, b].item() for a, b in itertools.pairwise(path))
                weights[path] = steps + sum(scores[row, i, label].item() for i, label in enumerate(path))
        whole = np.logaddexp.reduce(list(weights.values()))
        assert total[row].item() == pytest.approx(whole, abs=1e-4)
        best = max(weights, key=weights.get)
        assert tuple(labels[row, :length].tolist()) == best
        for place, label in enumerate(best):
            chance = sum(np.exp(w - whole) for path, w in weights.items() if path[place] == label)
            assert chances[row, place].item() == pytest.approx(chance, abs=1e-4)


def test_loss_sums_over_what_is_possible():
    head = make_head()
    scores = torch.randn(1, 3, 5, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([3])
    everything = torch.ones(1, 3, 5, dtype=torch.bool)
    assert head.loss(scores, everything, lengths).item() == pytest.approx(0, abs=1e-4)
    outside = torch.nn.functional.one_hot(torch.zeros(1, 3, dtype=torch.long), 5).bool()
    partial = outside.clone()
    partial[..., 3:] = True
    exact, loose = head.loss(scores, outside, lengths), head.loss(scores, partial, lengths)
    assert exact.item() > loose.item() > 0


def test_minimum_score_leaves_out(folder, recognizer):
    text = "renal failure and fever after cisplatin, with nausea, rash, pain and hypotension"
    scores = [span.score for span in recognizer([text])[0]]
    middle = sorted(scores)[len(scores) // 2]
    strict = TokenHeadRecognizer(hashed_states, folder=folder, minimum_score=middle)
    assert [s.score for s in strict([text])[0]] == [s for s in scores if s >= middle]
    assert len(strict([text])[0]) < len(scores)
    with pytest.raises(InputError, match="from 0 to 1"):
        TokenHeadRecognizer(hashed_states, folder=folder, minimum_score=2)


def test_another_encoder_is_refused(folder):
    with pytest.raises(InputError, match="lower layers"):
        TokenHeadRecognizer(lambda texts, layers: hashed_states(texts, layers, seed=2), folder=folder)


def test_missing_files(tmp_path):
    with pytest.raises(CheckpointError, match="token head"):
        read_head(tmp_path)


def test_one_pass_gives_vector_and_entities(tiny_model, tmp_path):
    states = EncoderStates(tiny_model)
    write_head(tmp_path, make_head(), probe_state(states, LAYERS))
    recognizer = TokenHeadRecognizer(states, folder=tmp_path)
    texts = ["No evidence of a spinal fracture.", "", "the injury claim " * 400, "요추 골절 진단"]
    vectors, found = encode_with_entities(tiny_model, texts, recognizer=recognizer)
    wanted = tiny_model.encode_document(texts)
    assert np.allclose(vectors, wanted, atol=1e-5)
    for text, spans in zip(texts, found, strict=True):
        check(text, spans)
    assert found[2]
    assert found[2][-1].start > 4000  # beyond the encoder's longest input
    alone = recognizer(texts[:1])[0]
    assert [(s.start, s.end, s.type) for s in found[0]] == [(s.start, s.end, s.type) for s in alone]


def test_no_encoder_is_refused():
    class Nothing(list):
        tokenizer = None

    with pytest.raises(InputError, match="fast tokenizer"):
        EncoderStates(Nothing([object()]))


def span(start, end, kind=EntityType.DISEASE):
    return EntitySpan(start, end, "x" * (end - start), kind)


def test_longest_wins_then_the_first():
    first = [span(0, 4), span(10, 14, EntityType.TREATMENT)]
    second = [span(0, 9), span(10, 14)]
    found = longest_of([first, second])
    assert [(s.start, s.end, s.type) for s in found] == [(0, 9, "DISEASE"), (10, 14, "TREATMENT")]


def test_combined():
    vocabulary = Vocabulary()
    vocabulary.add_concept(EntityType.TREATMENT, ["splint"])
    both = CombinedRecognizer(VocabularyRecognizer(vocabulary), lambda texts: [[span(0, 3)] for _ in texts])
    found = both(["ulcer, then a splint"])[0]
    assert [(s.start, s.type) for s in found] == [(0, "DISEASE"), (14, "TREATMENT")]
    with pytest.raises(InputError, match="at least one"):
        CombinedRecognizer()


def test_import_is_light():
    names = "mejurix_st.entities.token_head, mejurix_st.entities.combined"
    code = f"import sys, {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_shipped_head_reads_the_lower_layers():
    head, probe = read_head()
    assert max(head.config.layers) <= 6  # the states before layer 6, which adapters may change
    assert probe.shape == (head.config.encoder_size,)
    assert head.config.labels == LABELS
