"""A recipe small enough to run in a test: one layer, ten words, two sources."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import BaseEncoder
from mejurix_st._default_model import build_encoder
from mejurix_st.training import recipe_default
from mejurix_st.training.lessons import Lesson, LessonBatches
from mejurix_st.training.mixture import Cycle, Mixture
from mejurix_st.training.recipe_data import taught_texts
from mejurix_st.training.recipe_default import DefaultRecipe, Run, build_student
from mejurix_st.training.sources import Pair
from mejurix_st.training.step import StepConfig
from mejurix_st.training.student import TextEncoder
from mejurix_st.training.teachers import TeacherBank, bare

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = 256  # as many as the head's outputs need
WORDS = ["spine", "knee", "claim", "trial", "pain", "scan", "left", "nerve", "doctor", "court"]
SMALL = DefaultRecipe(
    steps=6, rank=2, alpha=2.0, first_layer=0, warmup=2, checkpoint_every=4, max_tokens=24, validate_every=0,
    step=StepConfig(
        lessons=30, pairs=4, short_pairs=4, contrasts=4, relations=4, facts=4, parallel=3, terms=3,
        turns=("pairs", "parallel"),
    ),
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
    single = [Lesson(f"query: {a[::-1]}", f"query: {a}") for a in WORDS]
    lessons = LessonBatches({"short": Cycle(single, "1 lessons")}, 1)
    return Mixture(pairs, weights, triples, Cycle(both, "1 p"), Cycle(both, "1 t"), lessons=lessons, seed=1)


@pytest.fixture(scope="module")
def base() -> BaseEncoder:
    return make_base()


@pytest.fixture(scope="module")
def bank(base: BaseEncoder) -> TeacherBank:
    """Teachers that know one source of the two, and lessons of five words in ten."""
    texts = taught_texts({"medquad": make_pairs("medquad")})
    kept = list(range(len(base.pieces)))
    reader = TextEncoder(build_encoder(base, kept), build_tokenizer(base, kept), pad=1)
    with torch.no_grad():
        first = functional.normalize(reader.states(texts), dim=1).numpy()
        read = [*dict.fromkeys(bare(text) for text in texts), *WORDS[:5]]
        second = np.random.default_rng(1).normal(size=(len(read), 768))
        made = TeacherBank(texts, first, read, second / np.linalg.norm(second, axis=1, keepdims=True))
        made.span(texts, reader.states(texts))
    return made


@pytest.fixture
def make_run(base: BaseEncoder, bank: TeacherBank, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipe_default, "read_base", lambda: base)

    def make(folder: Path, recipe: DefaultRecipe = SMALL) -> Run:
        folder.mkdir(exist_ok=True)
        return Run(recipe, folder, build_student(recipe, bank, "cpu"), make_mixture(), bank)

    return make


@pytest.fixture(scope="session")
def small() -> SimpleNamespace:
    """The recipe and the makers of its data."""
    return SimpleNamespace(recipe=SMALL, pairs=make_pairs, mixture=make_mixture)
