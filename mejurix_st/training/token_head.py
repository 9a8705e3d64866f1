"""Training of the token head on cached encoder states: minutes on a CPU.

The encoder stays as it is. Early stopping looks at the last tenth of each training file; the development files
are never read here.
"""

from __future__ import annotations

import copy
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.optim import AdamW
from tqdm.auto import tqdm

from mejurix_st.training.token_head_data import LABELS, inputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mejurix_st.entities.token_head_network import TokenHead
    from mejurix_st.training.token_head_data import Example, StateCache

Counts = dict[str, list[int]]  # name → entities right, found, annotated


@dataclass(frozen=True)
class TokenHeadRecipe:
    """Settings of the training.

    Attributes:
        epochs: passes over the examples.
        batch_words: words in one step, about.
        rate: highest learning rate; it rises over the first twentieth and falls to nothing at the end.
        weight_decay: of AdamW.
        clip: longest gradient.
        average: how much of the running mean of the weights one step keeps (Polyak averaging).
        feature_dropout: chance that a text's known terms are hidden, so that they are not leaned on.
        seed: of every choice.
    """

    epochs: int = 16
    batch_words: int = 1500
    rate: float = 2e-3
    weight_decay: float = 1e-2
    clip: float = 5.0
    average: float = 0.998
    feature_dropout: float = 0.2
    seed: int = 1


class HeadData:
    """Examples with everything the network reads, batch by batch."""

    def __init__(self, examples: Sequence[Example], states: StateCache) -> None:
        self.examples, self.states = examples, states
        self.letters, self.features = inputs(examples)

    def batches(self, chosen: Sequence[int], batch_words: int, rng: random.Random | None) -> list[list[int]]:
        """Groups of examples of like length; shuffled with `rng`, in order of length without."""
        jitter = {i: rng.random() * 6 if rng else 0.0 for i in chosen}
        order = sorted(chosen, key=lambda i: len(self.examples[i].bounds) + jitter[i])
        groups: list[list[int]] = []
        for i in order:
            count = len(self.examples[i].bounds)
            if count and groups and (len(groups[-1]) + 1) * count <= batch_words:
                groups[-1].append(i)
            elif count:
                groups.append([i])
        if rng:
            rng.shuffle(groups)
        return groups

    def batch(self, group: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """States, letters, features, lengths of a group, padded."""
        lengths = [len(self.examples[i].bounds) for i in group]
        width = max(lengths)
        layers, hidden = self.states.states.shape[1:]
        states = np.zeros((len(group), width, layers, hidden), np.float32)
        letters = np.zeros((len(group), width, self.letters[group[0]].shape[1]), np.int64)
        features = np.zeros((len(group), width, self.features[group[0]].shape[1]), np.float32)
        for row, (i, length) in enumerate(zip(group, lengths, strict=True)):
            states[row, :length] = self.states[i]
            letters[row, :length] = self.letters[i]
            features[row, :length] = self.features[i]
        return (*map(torch.from_numpy, (states, letters, features)), torch.tensor(lengths))

    def possible(self, group: Sequence[int], labels: Sequence[str] = LABELS) -> torch.Tensor:
        """(texts, words, labels) bool: what the annotation leaves possible; padding: everything."""
        width = max(len(self.examples[i].bounds) for i in group)
        allowed = torch.ones((len(group), width, len(labels)), dtype=torch.bool)
        chemical = torch.tensor([label.endswith("Chemical") for label in labels])
        for row, i in enumerate(group):
            example = self.examples[i]
            exact = torch.nn.functional.one_hot(torch.tensor(example.labels), len(labels)).bool()
            if example.partial:
                exact |= exact[:, :1] & chemical
            allowed[row, : len(exact)] = exact
        return allowed


def found_spans(
    head: TokenHead, data: HeadData, chosen: Sequence[int]
) -> dict[int, set[tuple[int, int, str]]]:
    """Entities that the head finds in each example: (start, end, kind)."""
    head.eval()
    found = {}
    with torch.no_grad():
        for group in data.batches(chosen, 4000, None):
            states, letters, features, lengths = data.batch(group)
            labels, _ = head.decode(head(states, letters, features, lengths), lengths)
            for row, i in enumerate(group):
                example = data.examples[i]
                said = labels[row, : len(example.bounds)].tolist()
                found[i] = type(example)(example.text, example.bounds, said, example.partial).spans()
    return found


def counts(
    found: set[tuple[int, int, str]], gold: set[tuple[int, int, str]], total: Counts, name: str
) -> None:
    """Adds what is right, found and annotated of each kind to `total`, under "name kind"."""
    for kind in {span[2] for span in found | gold}:
        row = total.setdefault(f"{name} {kind}", [0, 0, 0])
        for place, spans in enumerate((found & gold, found, gold)):
            row[place] += sum(span[2] == kind for span in spans)


def f1(row: Sequence[int]) -> float:
    """F1 of (right, found, annotated)."""
    return 2 * row[0] / max(row[1] + row[2], 1)


def held_out_scores(head: TokenHead, data: HeadData, chosen: Sequence[int]) -> dict[str, float]:
    """Strict-span F1 by source and kind; chemicals only where they are annotated."""
    total: Counts = {}
    for i, spans in found_spans(head, data, chosen).items():
        example = data.examples[i]
        if example.partial:
            spans = {span for span in spans if span[2] == "Disease"}
        counts(spans, example.spans(), total, "ncbi" if example.partial else "bc5cdr")
    return {name: f1(row) for name, row in sorted(total.items())}


def split(examples: Sequence[Example], held_out: float = 0.1) -> tuple[list[int], list[int]]:
    """Positions for training and for early stopping: the last part of each source, whole passages."""
    train: list[int] = []
    held: list[int] = []
    for partial in (False, True):
        rows = [i for i, example in enumerate(examples) if example.partial is partial]
        cut = round(len(rows) * (1 - held_out))
        train += rows[:cut]
        held += rows[cut:]
    return train, held


class Training:
    """One training run; its state is written after each epoch, and a second run goes on from there."""

    def __init__(
        self, recipe: TokenHeadRecipe, head: TokenHead, parts: Sequence[tuple[HeadData, list[int]]]
    ) -> None:
        """Sets up optimiser, schedule and running mean.

        Args:
            recipe: settings.
            head: the network; trained in place.
            parts: data, with the positions of the examples to train on.
        """
        self.recipe, self.head, self.parts = recipe, head, parts
        self.mean = copy.deepcopy(head).eval()
        self.optimizer = AdamW(head.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
        self.epoch = 0
        self.steps = 0
        batches = sum(len(data.batches(chosen, recipe.batch_words, None)) for data, chosen in parts)
        self.total = max(batches * recipe.epochs, 1)

    def run_epoch(self) -> float:
        """One pass over all parts; the mean loss by word."""
        rng = random.Random(f"{self.recipe.seed} {self.epoch}")
        torch.manual_seed(self.recipe.seed * 1000 + self.epoch)
        work = [
            (data, group)
            for data, chosen in self.parts
            for group in data.batches(chosen, self.recipe.batch_words, rng)
        ]
        rng.shuffle(work)
        self.head.train()
        losses, seen = 0.0, 0
        with tqdm(work, desc=f"epoch {self.epoch + 1}", disable=None, leave=False) as bar:
            for data, group in bar:
                states, letters, features, lengths = data.batch(group)
                hidden = torch.rand(len(group)) < self.recipe.feature_dropout
                features[:, :, 8:] *= ~hidden[:, None, None]
                loss = self.head.loss(
                    self.head(states, letters, features, lengths), data.possible(group), lengths
                ).sum()
                words = int(lengths.sum())
                for parameters in self.optimizer.param_groups:
                    parameters["lr"] = self.recipe.rate * self._schedule()
                self.optimizer.zero_grad(set_to_none=True)
                (loss / words * 20).backward()
                torch.nn.utils.clip_grad_norm_(self.head.parameters(), self.recipe.clip)
                self.optimizer.step()
                self.steps += 1
                self._average()
                losses, seen = losses + float(loss.detach()), seen + words
                bar.set_postfix(loss=f"{losses / seen:.4f}")
        self.epoch += 1
        return losses / max(seen, 1)

    def _schedule(self) -> float:
        warmup = max(self.total // 20, 1)
        return min((self.steps + 1) / warmup, max(1 - self.steps / self.total, 0.02))

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.recipe.average, self.steps / (self.steps + 10))
        for mean, now in zip(self.mean.parameters(), self.head.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on."""
        return {
            "recipe": asdict(self.recipe),
            "epoch": self.epoch,
            "steps": self.steps,
            "head": self.head.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def save(self, path: Path) -> None:
        """Writes the state, whole or not at all."""
        beside = path.with_suffix(".part")
        torch.save(self.state(), beside)
        beside.replace(path)

    def restore(self, path: Path) -> bool:
        """Goes on from a saved state; false when there is none of this recipe."""
        if not path.is_file():
            return False
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            return False
        self.head.load_state_dict(state["head"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.steps = state["epoch"], state["steps"]
        return True
