"""What the card's recipe adds to the trainer: mining at given epochs, a stop, a log, a quiet bar."""

from __future__ import annotations

import json
import logging
import math
from typing import TYPE_CHECKING, Any

from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from mejurix_st.training.recipe_card_data import Negatives, mine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mejurix_st.training.relations import RelationTriple

logger = logging.getLogger(__name__)


class MineNegatives(TrainerCallback):
    """Mines negatives before the given epochs, and keeps them in files for a resumed run.

    Args:
        rows: training rows.
        negatives: the dataset's transform.
        folder: where the mined negatives go, one file for each mining.
        epochs: counted from 1; what is mined stays until the next mining.
        ratio: share of rows with a mined negative.
        batch: rows in a training batch.
        seed: of the choice of rows.
    """

    def __init__(
        self, rows: Sequence[RelationTriple], negatives: Negatives, folder: Path,
        *, epochs: Sequence[int], ratio: float, batch: int, seed: int,
    ) -> None:  # fmt: skip
        self.rows, self.negatives, self.folder = rows, negatives, folder
        self.epochs, self.ratio, self.seed = epochs, ratio, seed
        self.steps_per_epoch = math.ceil(len(rows) / batch)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Mines at the start of a mining epoch; within a resumed epoch, reads what was mined for it."""
        done, offset = divmod(state.global_step, self.steps_per_epoch)
        epoch = done + 1
        last = max((e for e in self.epochs if e <= epoch), default=None)
        if last is None:
            self.negatives.mined = {}
            return
        path = self.folder / f"epoch-{last:02d}.json"
        if (epoch == last and offset == 0) or not path.is_file():
            seed = f"{self.seed} mining {last}"
            self.negatives.mined = mine(kwargs["model"], self.rows, ratio=self.ratio, seed=seed)
            self.negatives.write(path)
            logger.info("epoch %d: %d of %d rows mined", epoch, len(self.negatives.mined), len(self.rows))
        else:
            self.negatives.read(path)


class StopAt(TrainerCallback):
    """Ends a run after a given step, with a checkpoint to go on from."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Asks for a checkpoint and the end."""
        if state.global_step >= self.step:
            control.should_save = control.should_training_stop = True


class WriteLog(TrainerCallback):
    """Appends losses and evaluations to a JSON-lines file; a resumed run first drops the steps it repeats."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Keeps the lines up to the step that the run starts from."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        kept = [line for line in lines if json.loads(line)["step"] <= state.global_step]
        self.path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Writes one line: the step and what the trainer logs."""
        logs = kwargs.get("logs") or {}
        if "loss" in logs or "eval_loss" in logs:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": state.global_step, **logs}) + "\n")


class Progress(ProgressCallback):
    """The trainer's bar without its printed lines."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Shows the loss beside the bar."""
        if self.training_bar is not None and logs and "loss" in logs:
            self.training_bar.set_postfix(loss=f"{float(logs['loss']):.4f}")
