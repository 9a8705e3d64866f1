"""Training of the entity modules: the cached states give the model's own vectors, and training uses entities."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mejurix_st.checkpoint import load_model, save_model
from mejurix_st.config import EncoderConfig
from mejurix_st.errors import InputError
from mejurix_st.model import build_model
from mejurix_st.modules import EntityAttention, EntityConditioning, TypedText
from mejurix_st.training import entity_examples
from mejurix_st.training.entity_examples import Examples, gather_examples
from mejurix_st.training.entity_modules import EntityRecipe, train_entity_module
from mejurix_st.training.entity_stack import assemble, chain, new_module, vectors_of
from mejurix_st.training.entity_states import StateBank, main_types
from mejurix_st.training.mixture import Cycle, Mixture
from mejurix_st.training.sources import Pair
from mejurix_st.types import EntityType

TEXTS = ["No lumbar fracture, but severe pain.", "요추 골절 없음.", "It was by the gate.", "Severe.", ""]
TYPES = [EntityType.DISEASE, EntityType.DISEASE, None, EntityType.SEVERITY, None]
QUERIES = [("query: ", text) for text in TEXTS]


@pytest.fixture(scope="module")
def model(tiny_bert):
    return build_model(
        EncoderConfig(
            base=str(tiny_bert), pooling="mean", query_prompt="query: ", document_prompt="passage: "
        )
    )


@pytest.fixture
def bank(model, tmp_path):
    found = StateBank(model, tmp_path / "states", dtype=torch.float32)
    found.fill(QUERIES)
    return found


def _vectors(model, module, bank, items=QUERIES) -> np.ndarray:
    with torch.inference_mode():
        return vectors_of(chain(model, module), bank.batch(bank.rows(items))).numpy()


def _trained(kind, model):
    """A module with random weights throughout: what training could have made."""
    module = new_module(kind, model)
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return module


def test_states_give_the_models_own_vectors(model, bank):
    assert np.abs(_vectors(model, None, bank) - model.encode_query(TEXTS)).max() < 1e-5


@pytest.mark.parametrize("kind", [EntityAttention, EntityConditioning])
def test_new_modules_leave_every_vector_as_it_is(model, bank, kind):
    assert np.array_equal(_vectors(model, new_module(kind, model), bank), _vectors(model, None, bank))


def test_attention_on_states_is_that_of_the_whole_stack(model, bank, tmp_path):
    module = _trained(EntityAttention, model)
    whole = load_model(save_model(assemble(model, module), tmp_path / "whole"))
    got = _vectors(model, module, bank)
    assert np.abs(got - whole.encode_query(TEXTS)).max() < 1e-5
    assert np.abs(got - model.encode_query(TEXTS))[[0, 1, 3]].max(1).min() > 1e-3


def test_type_term_on_states_is_that_of_typed_texts(model, bank, tmp_path):
    module = _trained(EntityConditioning, model)
    whole = load_model(save_model(assemble(model, module), tmp_path / "whole"))
    typed = [text if kind is None else TypedText(text, kind) for text, kind in zip(TEXTS, TYPES, strict=True)]
    assert np.abs(_vectors(model, module, bank) - whole.encode_query(typed)).max() < 1e-5


def test_main_type_is_the_first_entity_that_is_no_severity(bank):
    batch = bank.batch(bank.rows(QUERIES))
    assert batch.types.tolist() == [-1 if kind is None else kind.id for kind in TYPES]
    assert main_types(torch.zeros(2, 1, 5, dtype=torch.long)).tolist() == [-1, -1]


def test_a_second_bank_reads_the_folder_and_no_text_again(model, bank, tmp_path, monkeypatch):
    before = bank.batch(bank.rows(QUERIES))
    monkeypatch.setattr(StateBank, "_encode", lambda *_: pytest.fail("read again"))
    again = StateBank(model, tmp_path / "states", dtype=torch.float32)
    again.fill(QUERIES)
    after = again.batch(again.rows(QUERIES))
    assert len(again) == len(QUERIES)
    assert all(torch.equal(getattr(before, n), getattr(after, n)) for n in ("pooled", "states", "labels"))


def test_what_changes_states_has_its_own_place(model, bank, tmp_path):
    others = {StateBank(model, tmp_path / "states", max_tokens=n).folder for n in (64, 128)}
    others.add(StateBank(model, tmp_path / "states").folder)  # bfloat16
    assert len(others) == 3
    assert bank.folder not in others
    assert StateBank(model, tmp_path / "states", dtype=torch.float32).folder == bank.folder


def test_prompts_are_kept_apart_and_more_texts_can_come(model, bank):
    more = [("passage: ", TEXTS[0]), ("", TEXTS[0]), ("passage: ", "Surgery. " * 300)]
    bank.fill([*more, *QUERIES])
    got = _vectors(model, None, bank, [*more[:2], *QUERIES])
    assert np.abs(got[0] - model.encode_document(TEXTS[0])).max() < 1e-5
    assert np.abs(got[1] - model.encode(TEXTS[0])).max() < 1e-5
    assert np.abs(got[2:] - model.encode_query(TEXTS)).max() < 1e-5
    assert bank.batch(bank.rows(more[2:])).labels.shape[1] <= bank.max_tokens
    assert bank.coverage([*QUERIES]) == (pytest.approx(0.6), pytest.approx(0.4))


def test_many_small_shards_keep_their_order(model, tmp_path, monkeypatch):
    monkeypatch.setattr("mejurix_st.training.entity_states._SHARD", 1)
    monkeypatch.setattr("mejurix_st.training.entity_states._BUCKET", 20)
    bank = StateBank(model, tmp_path, dtype=torch.float32)
    bank.fill(QUERIES)
    assert len(list(bank.folder.iterdir())) > 2
    assert np.abs(_vectors(model, None, bank) - model.encode_query(TEXTS)).max() < 1e-5


@pytest.fixture(scope="module")
def examples() -> Examples:
    """What is said of an entity decides; the words around it do not."""
    subjects = ["lumbar fracture", "pain", "surgery", "spinal fracture", "injury"]
    places = [
        "by the gate",
        "in the trial",
        "of the patient",
        "on the claim",
        "with compensation",
        "to the court",
    ]
    triples = []
    for subject in subjects:
        for place in places:
            absent, same, present = (
                f"{subject} {place} was denied", f"no {subject} {place}", f"{subject} {place} was diagnosed",
            )  # fmt: skip
            triples.append(tuple(("query: ", text) for text in (absent, same, present)))
    parallel = tuple((("query: ", s), ("query: ", f"the {s}")) for s in subjects)
    pairs = tuple((("query: ", s), ("passage: ", f"{s} was diagnosed")) for s in subjects)
    return Examples(tuple(triples), parallel, pairs, tuple(("own", s) for s in subjects))


def test_training_lowers_the_held_out_loss_and_touches_the_module_alone(model, bank, examples):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    module = new_module(EntityAttention, model)
    recipe = EntityRecipe(steps=60, triples=16, evaluate_every=20, warmup=5)
    learnt = train_entity_module(module, model, bank, examples, recipe, show_progress=False)
    assert learnt.best < learnt.start - 0.05
    assert learnt.best_step % 20 == 0 < learnt.best_step <= learnt.steps
    assert abs(module.gate.item()) > 0.01
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    _, held = examples.split()
    accuracy = []
    for one in (None, module):
        anchor, positive, negative = (
            _vectors(model, one, bank, [t[i] for t in held.triples]) for i in range(3)
        )
        accuracy.append(float(((anchor * positive).sum(1) - (anchor * negative).sum(1)).mean()))
    assert accuracy[1] > accuracy[0]


@pytest.mark.parametrize("kind", [EntityAttention, EntityConditioning])
def test_what_does_not_help_is_not_kept(model, bank, kind):
    """Texts without entities: nothing can be learnt, and the training ends early with the stock stack."""
    words = ["by the gate", "to the road", "of it", "on and on", "with a to", "for it", "the a of", "by it"]
    rows = tuple(tuple(("query: ", w + x) for x in ("", " is", " was")) for w in words)
    plain = Examples(
        rows, tuple(r[:2] for r in rows), tuple(r[:2] for r in rows), tuple(("s", w) for w in words)
    )
    module = new_module(kind, model)
    recipe = EntityRecipe(steps=40, evaluate_every=10, patience=2, warmup=1)
    learnt = train_entity_module(module, model, bank, plain, recipe, show_progress=False)
    assert (learnt.best_step, learnt.best, learnt.steps) == (0, learnt.start, 20)
    assert np.array_equal(_vectors(model, module, bank), _vectors(model, None, bank))


def test_same_seed_same_weights(model, bank, examples):
    recipe = EntityRecipe(steps=4, triples=8, evaluate_every=2, warmup=1)
    states = []
    for _ in range(2):
        module = new_module(EntityAttention, model)
        train_entity_module(module, model, bank, examples, recipe, show_progress=False)
        states.append(module.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


_KEYS = st.tuples(st.just("query: "), st.text("abc", min_size=1, max_size=3))


@settings(deadline=None)
@given(st.lists(st.tuples(_KEYS, _KEYS, _KEYS), max_size=40), st.lists(st.tuples(_KEYS, _KEYS), max_size=40))
def test_no_held_out_text_is_trained_on(triples, rows):
    whole = Examples(tuple(triples), tuple(rows), tuple(rows), tuple(("s", q[1]) for q, _ in rows))
    train, held = whole.split()
    assert not {k for t in train.triples for k in t} & {k for t in held.triples for k in t}
    assert set(train.triples) | set(held.triples) <= set(whole.triples)
    for name in ("parallel", "pairs", "groups"):
        both = [*getattr(train, name), *getattr(held, name)]
        assert sorted(both) == sorted(getattr(whole, name))
        assert len(both) == len(rows)
    assert not set(train.groups) & set(held.groups)


def test_examples_are_drawn_behind_the_guards_and_kept(tmp_path, monkeypatch):
    def source(folder, rng):
        for i in range(4000):
            yield Pair(f"question {i}", "leaked text" if i % 2 else f"answer {i}", group=str(i), source="s")

    drawn = {"contrast en": Cycle([(f"a{i}", f"b{i}", f"c{i}") for i in range(50)], "t")}
    seen = {}

    def mixture(pairs, *, weights, seed, guards, natural, negations):
        seen.update(guards)
        return Mixture({}, weights, drawn, Cycle([(f"e{i}", f"k{i}") for i in range(50)], "p"), seed)

    monkeypatch.setattr(entity_examples, "SOURCES", dict.fromkeys(entity_examples._SOURCES, source))
    monkeypatch.setattr(entity_examples, "refuse_texts", lambda _: lambda text: text == "leaked text")
    monkeypatch.setattr(entity_examples, "build_mixture", mixture)
    monkeypatch.setattr(entity_examples, "natural_rows", lambda *_: [])
    monkeypatch.setattr(entity_examples, "negation_triples", lambda *_: [])
    found = gather_examples(tmp_path, texts=100, cache=tmp_path / "cache")
    assert set(seen) == {"contrast", "relations", "parallel"}
    assert len(found.triples) == round(100 * 0.7 / 3)
    assert len(found.parallel) == 6
    assert 7 <= len(found.pairs) == len(found.groups) <= 11
    assert all("leaked" not in text for _, text in found.texts())
    monkeypatch.setattr(entity_examples, "build_mixture", None)  # the second time nothing is drawn
    assert gather_examples(tmp_path, texts=100, cache=tmp_path / "cache") == found


def test_a_stack_that_does_not_fit_is_refused(model, tmp_path):
    from sentence_transformers import SentenceTransformer

    headless = SentenceTransformer(modules=list(model)[:2], device="cpu")
    with pytest.raises(InputError, match="Dense and Normalize"):
        chain(headless)
    with pytest.raises(InputError, match="Pooling"):
        StateBank(SentenceTransformer(modules=[model[0], model[2]], device="cpu"), tmp_path)
