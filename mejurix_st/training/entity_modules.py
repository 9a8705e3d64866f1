"""Trains the modules that use entities, on top of a model that stays as it is."""

from __future__ import annotations

import copy
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.optim import AdamW
from tqdm.auto import tqdm

from mejurix_st.training.entity_stack import chain, vectors_of
from mejurix_st.training.losses import info_nce, matryoshka, triplet_contrast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentence_transformers import SentenceTransformer
    from torch import nn

    from mejurix_st.training.entity_examples import Examples
    from mejurix_st.training.entity_stack import EntityModule
    from mejurix_st.training.entity_states import StateBank


@dataclass(frozen=True)
class EntityRecipe:
    """Settings of the training.

    Attributes:
        steps: at most.
        triples: in a step.
        pairs: in a step, all of one source.
        parallel: in a step.
        rate: of all weights but the gate.
        gate_rate: of the gate, which has a long way from 0.
        pull: weight of the in-batch negatives beside the triples' own.
        pairs_weight: of the real pairs.
        parallel_weight: of the parallel sentences.
        evaluate_every: steps between two looks at the held-out part.
        patience: looks without a gain before the training stops.
        seed: of every choice.
    """

    steps: int = 2000
    triples: int = 64
    pairs: int = 32
    parallel: int = 32
    rate: float = 1e-3
    gate_rate: float = 1e-2
    weight_decay: float = 0.01
    warmup: int = 50
    clip: float = 1.0
    temperature: float = 0.05
    pull: float = 0.3
    pairs_weight: float = 1.0
    parallel_weight: float = 0.5
    evaluate_every: int = 50
    patience: int = 8
    seed: int = 1


@dataclass(frozen=True)
class Learnt:
    """How a training went.

    Attributes:
        steps: done.
        best_step: whose weights were kept; 0 when nothing was better than the stock stack.
        start: held-out loss of the stock stack.
        best: held-out loss of what was kept.
    """

    steps: int
    best_step: int
    start: float
    best: float


def train_entity_module(
    module: EntityModule,
    model: SentenceTransformer,
    bank: StateBank,
    examples: Examples,
    recipe: EntityRecipe | None = None,
    *,
    show_progress: bool | None = None,
) -> Learnt:
    """Trains the module alone; afterwards it holds the weights of the best held-out loss.

    Args:
        module: as `new_module` makes it.
        model: the stack that it goes into; not changed.
        bank: of that model; reads the texts that it does not hold yet.
        examples: split here into what is trained on and what is held out.
        recipe: settings; the published ones by default.
        show_progress: a bar; when None, on a terminal only.
    """
    recipe = recipe or EntityRecipe()
    modules = chain(model, module)
    bank.fill(examples.texts(), show_progress=show_progress)
    train, held = (_Part(part, bank, recipe) for part in examples.split())
    gates = [p for name, p in module.named_parameters() if name == "gate"]
    others = [p for name, p in module.named_parameters() if name != "gate"]
    optimizer = AdamW(
        [
            {"params": others, "weight_decay": recipe.weight_decay, "rate": recipe.rate},
            {"params": gates, "weight_decay": 0.0, "rate": recipe.gate_rate},
        ]
    )
    rng = random.Random(recipe.seed)
    start = best = held.mean_loss(modules)
    kept, best_step, step = copy.deepcopy(module.state_dict()), 0, 0
    off = None if show_progress is None else not show_progress
    with tqdm(total=recipe.steps, desc=type(module).__name__, disable=off) as bar:
        while step < recipe.steps:
            factor = _schedule(step, recipe)
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * factor
            optimizer.zero_grad(set_to_none=True)
            train.loss(modules, train.draw(rng)).backward()
            torch.nn.utils.clip_grad_norm_([*others, *gates], recipe.clip)
            optimizer.step()
            step += 1
            bar.update()
            if step % recipe.evaluate_every and step < recipe.steps:
                continue
            now = held.mean_loss(modules)
            bar.set_postfix(held_out=f"{now:.4f}", start=f"{start:.4f}")
            if now < best - 1e-4:
                kept, best, best_step = copy.deepcopy(module.state_dict()), now, step
            elif step - best_step >= recipe.patience * recipe.evaluate_every:
                break
    module.load_state_dict(kept)
    return Learnt(step, best_step, start, best)


def _schedule(step: int, recipe: EntityRecipe) -> float:
    """Linear warm-up, then a half cosine to a tenth."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * done))


_Drawn = tuple["Sequence[int]", "Sequence[int]", "Sequence[int]"]  # triples, pairs, parallel


class _Part:
    """Rows of one part of the examples in the bank, and the loss over some of them."""

    def __init__(self, examples: Examples, bank: StateBank, recipe: EntityRecipe) -> None:
        self._bank, self._recipe = bank, recipe
        self._triples, self._pairs, self._parallel = (
            bank.rows([key for row in rows for key in row]).reshape(len(rows), width)
            for rows, width in ((examples.triples, 3), (examples.pairs, 2), (examples.parallel, 2))
        )
        numbers: dict[tuple[str, str], int] = {}
        self._groups = torch.tensor(
            [numbers.setdefault(group, len(numbers)) for group in examples.groups], dtype=torch.long
        )
        sources: dict[str, list[int]] = defaultdict(list)
        for i, (source, _) in enumerate(examples.groups):
            sources[source].append(i)
        self._sources = list(sources.values())

    def draw(self, rng: random.Random) -> _Drawn:
        """A step's rows; pairs of one source, drawn by its size."""
        recipe = self._recipe
        pairs: list[int] = []
        if self._sources:
            pairs = rng.choices(self._sources, [len(s) for s in self._sources])[0]
            pairs = rng.sample(pairs, min(recipe.pairs, len(pairs)))
        triples, parallel = (
            rng.sample(range(len(rows)), min(size, len(rows)))
            for rows, size in ((self._triples, recipe.triples), (self._parallel, recipe.parallel))
        )
        return triples, pairs, parallel

    @torch.no_grad()
    def mean_loss(self, modules: nn.ModuleList) -> float:
        """Loss over all rows, in batches of a step's size; each kind counts by its weight."""
        recipe = self._recipe
        kinds: list[list[_Drawn]] = [
            [(rows, (), ()) for rows in _runs(range(len(self._triples)), recipe.triples)],
            [((), rows, ()) for source in self._sources for rows in _runs(source, recipe.pairs)],
            [((), (), rows) for rows in _runs(range(len(self._parallel)), recipe.parallel)],
        ]
        return sum(
            sum(float(self.loss(modules, rows)) for rows in found) / len(found) for found in kinds if found
        )

    def loss(self, modules: nn.ModuleList, drawn: _Drawn) -> torch.Tensor:
        """Sum of the losses of three kinds of rows; a kind without rows adds nothing."""
        recipe = self._recipe
        triples, pairs, parallel = drawn
        total = torch.zeros(())
        if len(triples):
            rows = self._triples[list(triples)]
            anchors, positives, negatives = self._vectors(modules, rows)
            total = total + matryoshka(triplet_contrast, anchors, positives, negatives)
            # Other rows' negatives may well fit a row; only its own and other rows' positives are false.
            total = total + recipe.pull * info_nce(
                anchors,
                positives,
                negatives,
                allowed=_distinct(rows[:, 0]) & _distinct(rows[:, 1]),
                allowed_others=torch.eye(len(rows), dtype=torch.bool),
                temperature=recipe.temperature,
                both_ways=False,
            )
        if len(pairs):
            rows = self._pairs[list(pairs)]
            allowed = _distinct(self._groups[list(pairs)]) & _distinct(rows[:, 0]) & _distinct(rows[:, 1])
            total = total + recipe.pairs_weight * self._matched(modules, rows, allowed)
        if len(parallel):
            rows = self._parallel[list(parallel)]
            allowed = _distinct(rows[:, 0]) & _distinct(rows[:, 1])
            total = total + recipe.parallel_weight * self._matched(modules, rows, allowed)
        return total

    def _matched(self, modules: nn.ModuleList, rows: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        one, two = self._vectors(modules, rows)
        return matryoshka(
            info_nce,
            one,
            two,
            one.new_zeros(0, one.shape[1]),
            allowed=allowed,
            allowed_others=torch.zeros(len(rows), 0, dtype=torch.bool),
            temperature=self._recipe.temperature,
        )

    def _vectors(self, modules: nn.ModuleList, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """One (rows, dimension) tensor for each column."""
        return vectors_of(modules, self._bank.batch(rows.T.reshape(-1))).split(len(rows))


def _distinct(values: torch.Tensor) -> torch.Tensor:
    return values[:, None] != values[None]


def _runs(rows: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Consecutive parts; a last one of a single row has nothing to be told from and is left out."""
    for first in range(0, len(rows), size):
        if len(rows) - first > 1:
            yield rows[first : first + size]
