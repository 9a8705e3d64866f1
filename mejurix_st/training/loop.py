"""The training loop of the default recipe: steps, schedule, averaged weights, log, checkpoint.

Every `checkpoint_every` steps the state is written, whole or not at all; a second call with the same folder
continues from there.
"""

from __future__ import annotations

import json
import math
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tqdm.auto import tqdm

from mejurix_st._default_model import Trained
from mejurix_st.errors import InputError
from mejurix_st.training.lora import adapter_state, load_adapter_state
from mejurix_st.training.optimizer import Optimizers
from mejurix_st.training.step import StepConfig, step_losses
from mejurix_st.training.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

    from mejurix_st.training.joint import JointSpace
    from mejurix_st.training.mixture import Mixture
    from mejurix_st.training.student import Student
    from mejurix_st.training.teachers import TeacherBank


@dataclass(frozen=True)
class DefaultRecipe:
    """Settings of the default recipe; all of them go into the model's config.

    Attributes:
        first_layer: lowest layer with adapters; those below stay the base's.
        average_decay: of the exponential mean of the weights, which is what ships; 0 ships the last weights.
        kept_tokens: room for the frozen layers' states of texts that return, in tokens of 768 bytes.
        validate_every: steps between two looks at the rows kept out of training; 0 for none.
    """

    steps: int = 480
    rank: int = 64
    first_layer: int = 6
    alpha: float = 64.0
    adapter_rate: float = 4e-4
    head_rate: float = 2e-4
    warmup: int = 20
    clip: float = 1.0
    max_tokens: int = 384
    kept_tokens: int = 10_000_000
    average_decay: float = 0.98
    checkpoint_every: int = 25
    validate_every: int = 100
    seed: int = 1
    step: StepConfig = field(default_factory=StepConfig)


class Run:
    """A training run in a folder: state, checkpoint, log."""

    def __init__(
        self,
        recipe: DefaultRecipe,
        folder: Path,
        student: Student,
        mixture: Mixture,
        bank: TeacherBank | None,
    ) -> None:
        self.recipe, self.folder, self.student = recipe, folder, student
        self.mixture, self.bank = mixture, bank
        self.step = 0
        self.seconds = 0.0
        self.optimizers = Optimizers(
            student.adapter_parameters(),
            student.head.parameters(),
            recipe.adapter_rate,
            recipe.head_rate,
            recipe.clip,
        )
        self.average = self._weights()

    def train(self, until: int | None = None, *, show_progress: bool | None = None) -> None:
        """Steps to `until` (the recipe's end by default); state is saved on the way and on Ctrl-C."""
        end = self.recipe.steps if until is None else min(until, self.recipe.steps)
        off = None if show_progress is None else not show_progress
        try:
            with tqdm(total=end, initial=self.step, desc="training", disable=off) as bar:
                while self.step < end:
                    before = self.mixture.positions()
                    try:
                        losses = self._one_step()
                    except BaseException:  # the rows of a half-done step come again
                        self.mixture.restore(before)
                        raise
                    bar.update()
                    every = self.recipe.validate_every
                    if every and self.step % every == 0:
                        self._validate()
                    bar.set_postfix(
                        {k: f"{v:.3f}" for k, v in losses.items() if k.startswith("pairs") or k == "parallel"}
                    )
                    if self.step % self.recipe.checkpoint_every == 0:
                        self.save()
        finally:
            self.save()

    def _one_step(self) -> dict[str, float]:
        started = time.monotonic()
        factor = self._schedule()
        self.optimizers.zero_grad()
        losses = step_losses(self.student, self.mixture, self.bank, self.recipe.step, self.step)
        self.optimizers.step(factor)
        self.step += 1
        decay = min(self.recipe.average_decay, self.step / (self.step + 9))  # early ones are forgotten sooner
        for name, value in self._weights().items():
            self.average[name].lerp_(value, 1 - decay)
        self.seconds += time.monotonic() - started
        line = {"step": self.step, "seconds": round(self.seconds, 1), "rate": factor}
        self._log(line | {name: round(value, 4) for name, value in losses.items()})
        return losses

    def _validate(self) -> None:
        with self.averaged():
            shares = validate(self.student)
        self._log({"step": self.step} | {f"validation {name}": share for name, share in shares.items()})
        shown = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        tqdm.write(f"step {self.step}: right on rows kept out: {shown}", file=sys.stderr)

    def _log(self, line: dict[str, float]) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def _weights(self) -> dict[str, torch.Tensor]:
        """Copies of what is trained, by the names that ship."""
        head = {f"head.{k}": v.detach().clone() for k, v in self.student.head.state_dict().items()}
        return adapter_state(self.student.adapters) | head

    def _put(self, weights: dict[str, torch.Tensor]) -> None:
        load_adapter_state(self.student.adapters, weights)
        self.student.head.load_state_dict({k: weights[f"head.{k}"] for k in ("weight", "bias")})

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it the student has the averaged weights."""
        kept = self._weights()
        try:
            self._put(self.average)
            yield
        finally:
            self._put(kept)

    def _cut_log(self) -> None:
        """Drops the log's lines of steps after the checkpoint: they are done again."""
        log = self.folder / "log.jsonl"
        if log.is_file():
            lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            log.write_text("".join(kept), encoding="utf-8")

    def _schedule(self) -> float:
        """Linear warm-up, then a half cosine to a fiftieth."""
        if self.step < self.recipe.warmup:
            return (self.step + 1) / self.recipe.warmup
        done = (self.step - self.recipe.warmup) / max(1, self.recipe.steps - self.recipe.warmup)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

    def trained(self) -> Trained:
        """What has been learnt so far, averaged, in the form that ships."""
        config = {
            "base": "intfloat/multilingual-e5-small",
            "pooling": "mean",
            "adapter": {"rank": self.recipe.rank, "scale": self.recipe.alpha / self.recipe.rank},
            "recipe": asdict(self.recipe),
            "steps": self.step,
        }
        weights = {k: v.cpu().clone() for k, v in self.average.items()}
        adapter = {k: v for k, v in weights.items() if not k.startswith("head.")}
        return Trained(weights["head.weight"], weights["head.bias"], adapter, config)

    def _spaces(self) -> dict[str, JointSpace]:
        found = {} if self.bank is None else {"space": self.bank.space, "law": self.bank.law}
        return {name: space for name, space in found.items() if space is not None}

    def save(self) -> None:
        """Writes the checkpoint: weights, optimiser, positions; whole or not at all."""
        tensors = self._weights() | {f"average.{k}": v for k, v in self.average.items()}
        for name, space in self._spaces().items():
            tensors |= {f"{name}.{k}": v for k, v in space.state().items()}
        tensors |= {f"optimizer.{k}": v for k, v in self.optimizers.state().items()}
        notes = {"step": self.step, "seconds": self.seconds, "positions": self.mixture.positions()}
        notes["recipe"] = asdict(self.recipe)
        metadata = {"notes": json.dumps(notes, ensure_ascii=False)}
        save_file(
            {k: v.cpu().contiguous() for k, v in tensors.items()}, self.folder / "checkpoint.part", metadata
        )
        (self.folder / "checkpoint.part").replace(self.folder / "checkpoint.safetensors")

    def restore(self) -> bool:
        """Continues from the folder's checkpoint; False when there is none.

        Raises:
            InputError: the checkpoint is of another recipe.
        """
        path = self.folder / "checkpoint.safetensors"
        if not path.is_file():
            return False
        with safe_open(path, "pt") as file:
            notes: dict[str, Any] = json.loads(file.metadata()["notes"])
        wanted = {
            k: v for k, v in asdict(self.recipe).items() if k in ("rank", "alpha", "seed", "first_layer")
        }
        tensors = load_file(path)
        needed = {f"{name}.{k}" for name, space in self._spaces().items() for k in space.state()}
        refused = InputError(
            f"{path} belongs to another recipe; give another --output, or delete the folder."
        )
        if any(notes["recipe"][k] != v for k, v in wanted.items()) or not needed <= set(tensors):
            raise refused
        prefix = "optimizer."
        optimizer = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        try:
            self.optimizers.put_state(optimizer)
        except InputError as error:
            raise refused from error
        self._put(tensors)
        for name, value in self.average.items():
            value.copy_(tensors[f"average.{name}"])
        for name, space in self._spaces().items():
            space.put_state({k: tensors[f"{name}.{k}"] for k in space.state()})
        self.mixture.restore(notes["positions"])
        self.step, self.seconds = notes["step"], notes["seconds"]
        self._cut_log()
        return True
