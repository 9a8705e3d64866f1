"""The default recipe: closed-form head on mean-pooled vectors, then contrastive training with distillation.

Runs on a CPU or a GPU by the same call; every `checkpoint_every` steps the state is written, and a second call
with the same folder continues from there.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import kept_pieces
from mejurix_st._default_model import build_encoder, read_base, write_trained
from mejurix_st.errors import InputError
from mejurix_st.precision import training_dtype
from mejurix_st.training.head import level_means, principal_head
from mejurix_st.training.lessons import lesson_rows, readings
from mejurix_st.training.lexical import LexicalTeacher, law_texts
from mejurix_st.training.loop import DefaultRecipe, Run
from mejurix_st.training.lora import adapter_state, load_adapter_state
from mejurix_st.training.mixture import build_mixture
from mejurix_st.training.mpnet import require_mpnet
from mejurix_st.training.recipe_data import WEIGHTS, all_pairs, natural_rows, near_pairs, taught_texts
from mejurix_st.training.sources import negation_triples
from mejurix_st.training.step import QUERY
from mejurix_st.training.student import Student, TextEncoder
from mejurix_st.training.teachers import TeacherBank, teach
from mejurix_st.training.written import written_triples

__all__ = ["DefaultRecipe", "Run", "build_student", "export", "prepare"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mejurix_st._default_model import Trained
    from mejurix_st.training.lessons import Lesson


_KIND = 600  # texts of each kind
_SPAN = 1500  # the same, for the joint space
_LAW_SPAN = 3000


def build_student(recipe: DefaultRecipe, bank: TeacherBank | None, device: str) -> Student:
    """The student at its start: principal components of the base's mean-pooled vectors."""
    base = read_base()
    kept = kept_pieces(base.pieces)
    tokenizer = build_tokenizer(base, kept)
    encoder = build_encoder(base, kept)
    if bank is None:
        weight, bias = torch.zeros(256, 384), torch.zeros(256)  # put in from a checkpoint
    else:
        rng = random.Random(recipe.seed)
        sample = rng.sample(sorted(bank.rows), min(6000, len(bank.rows)))
        frozen = encoder.to(training_dtype())  # type: ignore[arg-type]  # decorated there
        reader = TextEncoder(frozen, tokenizer, pad=1, max_tokens=96)
        with torch.no_grad():
            head = principal_head(reader.states(sample).numpy())
        weight, bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
    scale = recipe.alpha / recipe.rank
    student = Student(
        encoder,
        tokenizer,
        weight,
        bias,
        rank=recipe.rank,
        scale=scale,
        max_tokens=recipe.max_tokens,
        seed=recipe.seed,
        first_layer=recipe.first_layer,
        kept_tokens=recipe.kept_tokens,
        dtype=training_dtype(device),
    )
    return student.to(device)


def prepare(
    data: Path,
    folder: Path,
    recipe: DefaultRecipe,
    *,
    refuse: Callable[[str], bool] | None,
    guards: Mapping[str, Callable[[str], bool]],
    device: str,
    start: Trained | None = None,
) -> Run:
    """Builds the data, the teachers' vectors and the student, and continues a run that the folder holds.

    Raises:
        InputError: the weights to start from are of another shape than the recipe's.
        MissingExtraError: the second teacher's packages are not installed.
    """
    require_mpnet(folder / "teachers")
    folder.mkdir(parents=True, exist_ok=True)
    built = all_pairs(data, recipe.seed, refuse)
    natural = natural_rows(built, recipe.seed, guards.get("contrast"))
    negated = negation_triples(data, guards.get("contrast"))
    lessons = lesson_rows(built, facts=guards.get("relations"), parallels=guards.get("parallel"))
    mixture = build_mixture(
        built,
        weights=WEIGHTS,
        seed=recipe.seed,
        guards=guards,
        natural=natural,
        negations=negated,
        lessons=lessons,
    )
    base = read_base()
    kept = kept_pieces(base.pieces)
    encoder = build_encoder(base, kept).to(training_dtype())  # type: ignore[arg-type]  # decorated there
    reader = TextEncoder(encoder, build_tokenizer(base, kept), pad=1, max_tokens=96, bucket_tokens=8192)
    bank = teach(taught_texts(built), readings(lessons), reader, folder / "teachers")
    law = law_texts(built)
    bank.lexical = LexicalTeacher(law, seed=recipe.seed) if law else None
    mixture.neighbours = partial(near_pairs, bank)
    counts = {name: len(rows) for name, rows in built.items()}
    (folder / "data.json").write_text(json.dumps(counts, indent=2), encoding="utf-8")
    student = build_student(recipe, bank, device)
    if start is not None:
        start_from(student, start, recipe)
    span(bank, student, lessons, recipe.seed)
    run = Run(recipe, folder, student, mixture, bank)
    run.restore()
    return run


def start_from(student: Student, trained: Trained, recipe: DefaultRecipe) -> None:
    """Puts trained weights in place of the closed-form ones.

    Raises:
        InputError: they are of another shape than the recipe's.
    """
    wanted = {"rank": recipe.rank, "scale": recipe.alpha / recipe.rank}
    found = trained.config.get("adapter")
    if found != wanted or set(trained.adapter) != set(adapter_state(student.adapters)):
        raise InputError(f"The weights to start from have the adapter {found}; the recipe wants {wanted}.")
    load_adapter_state(student.adapters, dict(trained.adapter))
    student.head.load_state_dict({"weight": trained.head_weight, "bias": trained.head_bias})


def span(bank: TeacherBank, student: Student, lessons: Mapping[str, Sequence[Lesson]], seed: int) -> None:
    """Makes the teachers' joint space and that for law, turned onto the student where it starts."""
    rng = random.Random(seed)
    law = rng.sample(list(lessons.get("law", ())), min(_LAW_SPAN, len(lessons.get("law", ()))))
    texts = [
        row.reading
        for kind in sorted(set(lessons) - {"law"})
        for row in rng.sample(list(lessons[kind]), min(_SPAN, len(lessons[kind])))
    ]
    with torch.no_grad():
        states = student.base_states(texts)
        bank.span(texts, states)
        if bank.space is not None:
            bank.space.turn_onto(bank.targets(texts, states), student(texts).cpu())
        if law:
            texts = [row.reading for row in law]
            states = student.base_states(texts)
            bank.span_law(texts, states)
            if bank.law is not None:
                bank.law.turn_onto(bank.targets(texts, states), student(texts).cpu())


def export(run: Run, folder: Path) -> None:
    """Writes adapter and head as they ship; no kind of text keeps a direction of its own: see `level_means`."""
    trained = run.trained()
    if run.bank is not None:
        with torch.no_grad(), run.averaged():
            groups = [run.student.texts.states(texts).cpu().numpy() for texts in _kinds_of_text(run)]
        weight, bias = level_means(trained.head_weight.numpy(), trained.head_bias.numpy(), groups)
        trained = replace(trained, head_weight=torch.from_numpy(weight), head_bias=torch.from_numpy(bias))
    write_trained(folder, trained)


def _kinds_of_text(run: Run) -> list[list[str]]:
    """Short English texts, short Korean ones, and what the teachers read: passages and questions."""
    rng = random.Random(run.recipe.seed)
    kinds = []
    for language in ("en", "ko"):
        rows = [row for table in ("contrast", "relations") for row in written_triples(f"{table}_{language}")]
        kinds.append([QUERY + text for row in rng.sample(rows, _KIND // 2) for text in row[:2]])
    texts = sorted(run.bank.rows) if run.bank is not None else []
    return [*kinds, rng.sample(texts, min(_KIND, len(texts)))]
