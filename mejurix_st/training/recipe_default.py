"""The default recipe: closed-form head on mean-pooled vectors, then contrastive training with distillation.

Runs on a CPU or a GPU by the same call; every `checkpoint_every` steps the state is written, and a second call
with the same folder continues from there.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch.optim import AdamW
from tqdm.auto import tqdm

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import kept_pieces
from mejurix_st._default_model import Trained, build_encoder, read_base, write_trained
from mejurix_st.errors import InputError
from mejurix_st.training.head import principal_head
from mejurix_st.training.lora import adapter_state, load_adapter_state
from mejurix_st.training.mixture import Mixture, build_mixture
from mejurix_st.training.recipe_data import WEIGHTS, natural_rows, near_pairs, taught_texts
from mejurix_st.training.sources import negation_triples, pairs
from mejurix_st.training.step import Memory, StepConfig, step_losses
from mejurix_st.training.student import Student, TextEncoder
from mejurix_st.training.teachers import TeacherBank, teach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

_CENTRED_ON = 600  # texts


@dataclass(frozen=True)
class DefaultRecipe:
    """Settings of the default recipe; all of them go into the model's config."""

    steps: int = 1000
    rank: int = 32
    first_layer: int = 6
    alpha: float = 32.0
    adapter_rate: float = 3e-4
    head_rate: float = 1e-4
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0
    max_tokens: int = 144
    kept_tokens: int = 10_000_000
    checkpoint_every: int = 25
    seed: int = 1
    step: StepConfig = field(default_factory=StepConfig)


def build_student(recipe: DefaultRecipe, bank: TeacherBank | None, device: str) -> Student:
    """The student at its start: principal components of the base's mean-pooled vectors."""
    base = read_base()
    kept = kept_pieces(base.pieces)
    tokenizer = build_tokenizer(base, kept)
    encoder = build_encoder(base, kept)
    if bank is None:
        weight, bias = torch.zeros(256, 384), torch.zeros(256)  # filled by `load` from a checkpoint
    else:
        rng = random.Random(recipe.seed)
        sample = rng.sample(sorted(bank.rows), min(6000, len(bank.rows)))
        reader = TextEncoder(encoder.bfloat16(), tokenizer, pad=1, max_tokens=96)
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
    )
    return student.to(device)


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
        self.memory = Memory(recipe.step.memory)
        self.step = 0
        self.seconds = 0.0
        groups = [
            {
                "params": student.adapter_parameters(),
                "lr": recipe.adapter_rate,
                "weight_decay": recipe.weight_decay,
            },
            {"params": student.head.parameters(), "lr": recipe.head_rate, "weight_decay": 0.0},
        ]
        self.optimizer = AdamW(groups, betas=(0.9, 0.98))
        self.rates = [recipe.adapter_rate, recipe.head_rate]

    def train(self, until: int | None = None, *, show_progress: bool | None = None) -> None:
        """Steps to `until` (the recipe's end by default); state is saved on the way and on Ctrl-C."""
        end = self.recipe.steps if until is None else min(until, self.recipe.steps)
        off = None if show_progress is None else not show_progress
        try:
            with tqdm(total=end, initial=self.step, desc="training", disable=off) as bar:
                while self.step < end:
                    before = self.mixture.positions(), self.memory.vectors, self.memory.groups
                    try:
                        losses = self._one_step()
                    except BaseException:  # a half-done step leaves no trace in the checkpoint
                        self.mixture.restore(before[0])
                        self.memory.vectors, self.memory.groups = before[1:]
                        raise
                    bar.update()
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
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        self.optimizer.zero_grad(set_to_none=True)
        losses = step_losses(self.student, self.mixture, self.memory, self.bank, self.recipe.step, self.step)
        trainable = [p for g in self.optimizer.param_groups for p in g["params"]]
        torch.nn.utils.clip_grad_norm_(trainable, self.recipe.clip)
        self.optimizer.step()
        self.step += 1
        self.seconds += time.monotonic() - started
        line = {"step": self.step, "seconds": round(self.seconds, 1), "rate": factor}
        line |= {name: round(value, 4) for name, value in losses.items()}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        return losses

    def _cut_log(self) -> None:
        """Drops the log's lines of steps after the checkpoint: they are done again."""
        log = self.folder / "log.jsonl"
        if log.is_file():
            lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            log.write_text("".join(kept), encoding="utf-8")

    def _schedule(self) -> float:
        """Linear warm-up, then a half cosine to a tenth."""
        if self.step < self.recipe.warmup:
            return (self.step + 1) / self.recipe.warmup
        done = (self.step - self.recipe.warmup) / max(1, self.recipe.steps - self.recipe.warmup)
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

    def trained(self) -> Trained:
        """What has been learnt so far, in the form that ships."""
        config = {
            "base": "intfloat/multilingual-e5-small",
            "pooling": "mean",
            "adapter": {"rank": self.recipe.rank, "scale": self.recipe.alpha / self.recipe.rank},
            "recipe": asdict(self.recipe),
            "steps": self.step,
        }
        head = self.student.head
        adapter = {k: v.cpu() for k, v in adapter_state(self.student.adapters).items()}
        return Trained(head.weight.detach().cpu().clone(), head.bias.detach().cpu().clone(), adapter, config)

    def save(self) -> None:
        """Writes the checkpoint: weights, optimiser, positions; whole or not at all."""
        tensors = adapter_state(self.student.adapters)
        tensors |= {f"head.{k}": v.detach().clone() for k, v in self.student.head.state_dict().items()}
        tensors["memory"] = self.memory.vectors.clone()
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{k}": torch.as_tensor(v).clone() for k, v in state.items()}
        notes = {"step": self.step, "seconds": self.seconds, "positions": self.mixture.positions()}
        notes |= {"groups": self.memory.groups, "recipe": asdict(self.recipe)}
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
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            notes: dict[str, Any] = json.loads(file.metadata()["notes"])
        wanted = {
            k: v for k, v in asdict(self.recipe).items() if k in ("rank", "alpha", "seed", "first_layer")
        }
        if any(notes["recipe"][k] != v for k, v in wanted.items()):
            raise InputError(
                f"{path} belongs to another recipe; give another --output, or delete the folder."
            )
        tensors = load_file(path)
        load_adapter_state(self.student.adapters, tensors)
        self.student.head.load_state_dict({k: tensors[f"head.{k}"] for k in ("weight", "bias")})
        state: dict[int, dict[str, torch.Tensor]] = defaultdict(dict)
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".")
                state[int(number)][key] = value
        full = self.optimizer.state_dict()
        self.optimizer.load_state_dict({"state": dict(state), "param_groups": full["param_groups"]})
        self.memory.vectors, self.memory.groups = tensors["memory"], notes["groups"]
        self.mixture.restore(notes["positions"])
        self.step, self.seconds = notes["step"], notes["seconds"]
        self._cut_log()
        return True


def prepare(
    data: Path,
    folder: Path,
    recipe: DefaultRecipe,
    *,
    refuse: Callable[[str], bool] | None,
    guards: Mapping[str, Callable[[str], bool]],
    device: str,
) -> Run:
    """Builds the data, the teachers' vectors and the student, and continues a run that the folder holds."""
    folder.mkdir(parents=True, exist_ok=True)
    built = pairs(data, seed=recipe.seed, refuse=refuse)
    natural = natural_rows(built, recipe.seed, guards.get("contrast"))
    negated = negation_triples(data, guards.get("contrast"))
    mixture = build_mixture(
        built, weights=WEIGHTS, seed=recipe.seed, guards=guards, natural=natural, negations=negated
    )
    base = read_base()
    kept = kept_pieces(base.pieces)
    reader = TextEncoder(
        build_encoder(base, kept).bfloat16(), build_tokenizer(base, kept), pad=1, max_tokens=96,
        bucket_tokens=8192,
    )  # fmt: skip
    bank = teach(taught_texts(built), reader, folder / "teachers")
    mixture.neighbours = partial(near_pairs, bank)
    counts = {name: len(rows) for name, rows in built.items()}
    (folder / "data.json").write_text(json.dumps(counts, indent=2), encoding="utf-8")
    run = Run(recipe, folder, build_student(recipe, bank, device), mixture, bank)
    run.restore()
    return run


def sample_vectors(run: Run, texts: Sequence[str]) -> np.ndarray:
    """Vectors of the student as it stands, for evaluations on the way."""
    with torch.no_grad():
        return run.student(texts).cpu().numpy()


def export(run: Run, folder: Path) -> None:
    """Writes adapter and head as they ship; the head's bias is moved so that a sample of texts has mean zero.

    In-batch negatives of one source leave a direction that all texts of the field share; taking the mean out
    takes it away, and random pairs part.
    """
    trained = run.trained()
    if run.bank is not None:
        rng = random.Random(run.recipe.seed)
        texts = sorted(run.bank.rows)
        sample = rng.sample(texts, min(_CENTRED_ON, len(texts)))
        with torch.no_grad():
            mean = run.student.head(run.student.texts.states(sample)).mean(0).cpu()
        trained = replace(trained, head_bias=trained.head_bias - mean)
    write_trained(folder, trained)
