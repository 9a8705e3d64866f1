"""One call for each recipe: data, guard, teachers, training, export."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mejurix_st._default_model import read_trained
from mejurix_st.evaluation.triples import held_out
from mejurix_st.training.leaks import LeakCheck, development_texts
from mejurix_st.training.recipe_default import DefaultRecipe, Run, export, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refuse_texts(data: Path) -> Callable[[str], bool]:
    """True for a text that repeats a development set: retrieval sets by n-grams, triples by near sentences."""
    leaks = LeakCheck(development_texts(data))
    guard = held_out()
    return lambda text: leaks(text) or bool(guard.conflicts(text, kinds=("sentence",)))


@cache
def _sentence_or_term(text: str) -> bool:
    return bool(held_out().conflicts(text, kinds=("sentence", "term")))


@cache
def _cue_or_sentence(text: str) -> bool:
    return bool(held_out().conflicts(text, kinds=("cue", "sentence")))


def _pair_or_sentence(text: str) -> bool:
    return bool(held_out().conflicts(text, kinds=("sentence", "pair")))


GENERATED_GUARDS: dict[str, Callable[[str], bool]] = {
    "contrast": _cue_or_sentence,
    "relations": _pair_or_sentence,
    "parallel": _sentence_or_term,
}


def train_default(
    data: Path,
    output: Path,
    *,
    recipe: DefaultRecipe | None = None,
    until: int | None = None,
    device: str = "cpu",
    start: Path | None = None,
    show_progress: bool | None = None,
) -> Run:
    """Trains the default model, or continues where the folder stands, and exports adapter and head.

    Args:
        data: the development data folder.
        output: run folder: teachers' vectors, checkpoint, `log.jsonl`, and the export in `trained/`.
        recipe: settings; the published ones by default.
        until: stop after this step, for a run in parts.
        device: "cpu" or "cuda".
        start: folder of trained weights to start from, instead of the closed-form head on the plain base.
        show_progress: a bar; when None, on a terminal only.

    Raises:
        CheckpointError: `start` holds no trained weights.
        InputError: the folder's checkpoint is of another recipe, or `start` is of another shape.
        MissingExtraError: the second teacher's packages are not installed (extra `teachers`).
    """
    recipe = recipe or DefaultRecipe()
    weights = None if start is None else read_trained(start)  # a wrong folder is refused before the long work
    run = prepare(
        data, output, recipe, refuse=refuse_texts(data), guards=GENERATED_GUARDS, device=device, start=weights
    )
    try:
        run.train(until, show_progress=show_progress)
    finally:
        export(run, output / "trained")
    return run
