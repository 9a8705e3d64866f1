"""Fusing retrieval arms: weighted reciprocal ranks or weighted scores, weights found by cross-validation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from mejurix_st.errors import InputError
from mejurix_st.evaluation.metrics import Floats, Matrix, top
from mejurix_st.evaluation.retrieval import RetrievalResult, score_rankings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mejurix_st.evaluation.data import RetrievalSet

Method = Literal["rrf", "score"]
Arms = Mapping[str, Matrix]
"""Each arm's scores of one set by the arm's name, (queries, documents)."""

DEPTH = 100
"""How deep each arm is read: what the package's own index fetches from each."""


@dataclass(frozen=True)
class FusionWeights:
    """How arms are fused; stored beside a model as fusion.json.

    Attributes:
        weights: each arm's weight, 0 or more, summing to 1.
        method: "rrf": sum of weight / (k + rank), ranks from 1 (after Cormack et al. 2009);
            "score": sum of weight × score, each arm's scores scaled to [0, 1] over the candidates of a query.
        k: of "rrf".
    """

    weights: Mapping[str, float]
    method: Method = "rrf"
    k: int = 60

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) < 0 or sum(self.weights.values()) <= 0:
            raise InputError(f"FusionWeights got weights {dict(self.weights)}; give 0 or more, one above 0.")
        if self.method not in ("rrf", "score"):
            raise InputError(f"FusionWeights got method {self.method!r}; the methods are rrf and score.")

    def to_dict(self) -> dict[str, Any]:
        """Weights by arm, method and k, flat, as in fusion.json."""
        return {**{arm: round(w, 4) for arm, w in self.weights.items()}, "method": self.method, "k": self.k}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` gave; keys that hold no number are ignored."""
        numbers = {key: float(v) for key, v in values.items() if isinstance(v, int | float) and key != "k"}
        return cls(numbers, values.get("method", "rrf"), int(values.get("k", 60)))

    def save(self, path: Path, **more: Any) -> None:
        """Writes fusion.json, with further entries such as the measured figures under `more`."""
        path.write_text(json.dumps({**self.to_dict(), **more}, indent=2) + "\n", encoding="utf-8")


def scaled(scores: Matrix, method: Method, k: int, exclude: Sequence[frozenset[int]]) -> Floats:
    """One arm's contribution before its weight: (queries, documents) float64, 0 beyond `DEPTH` candidates."""
    out = np.zeros(scores.shape, dtype=np.float64)
    for row, (values, excluded) in enumerate(zip(scores, exclude, strict=True)):
        order: NDArray[np.int64] = top(values, DEPTH, excluded)
        if method == "rrf":
            out[row, order] = 1 / (k + np.arange(1, len(order) + 1))
            continue
        found = values[order].astype(np.float64)
        spread = found.max() - found.min()
        out[row, order] = (found - found.min()) / spread if spread > 0 else 0.0
    return out


def fuse(arms: Arms, weights: FusionWeights, exclude: Sequence[frozenset[int]]) -> Floats:
    """Fused scores: (queries, documents) float64; arms without a weight are left out."""
    used = {arm: weight for arm, weight in weights.weights.items() if weight > 0}
    if missing := sorted(set(used) - set(arms)):
        raise InputError(f"fuse got no scores for {', '.join(missing)}; the arms are {', '.join(arms)}.")
    parts = [w * scaled(arms[arm], weights.method, weights.k, exclude) for arm, w in used.items()]
    return np.asarray(np.sum(parts, axis=0))


def candidates(
    arms: Sequence[str], step: float = 0.05, ks: Sequence[int] = (2, 10, 60)
) -> list[FusionWeights]:
    """All weightings on a grid over the simplex, for both methods; single arms are among them."""
    ticks = round(1 / step)
    grid = [c for c in itertools.product(range(ticks + 1), repeat=len(arms)) if sum(c) == ticks]
    settings: list[tuple[Method, int]] = [*(("rrf", k) for k in ks), ("score", ks[-1])]
    return [
        FusionWeights(dict(zip(arms, (tick / ticks for tick in cell), strict=True)), method, k)
        for method, k in settings
        for cell in grid
    ]


@dataclass(frozen=True)
class FusionFit:
    """What cross-validation found.

    Attributes:
        weights: the best weights over all development queries: what is stored.
        held_out: per set, each query under weights found without that query's fold: what is reported.
        folds: the weights of each fold, to see how stable they are.
    """

    weights: FusionWeights
    held_out: dict[str, RetrievalResult]
    folds: tuple[FusionWeights, ...]


def _best(options: Sequence[FusionWeights], values: Floats, groups: Sequence[NDArray[np.int64]]) -> int:
    """Index of the option with the best mean over groups of queries; each group (set) counts the same."""
    means = np.mean([values[:, group].mean(axis=1) for group in groups if len(group)], axis=0)
    return int(np.argmax(means))


def fit_fusion(
    tasks: Sequence[RetrievalSet],
    arms: Sequence[Arms],
    options: Sequence[FusionWeights] | None = None,
    folds: int = 5,
    seed: int = 0,
) -> FusionFit:
    """Finds one weighting for all sets by the mean of their nDCG@10, with `folds`-fold cross-validation.

    Args:
        tasks: the development sets.
        arms: for each set, each arm's scores.
        options: weightings to choose from; `candidates` of the arms if not given.
        folds: number of folds; each set's queries are dealt to them at random.
        seed: of the dealing.

    Returns:
        Weights from all queries, and held-out results: no query is scored by weights that saw its fold.
    """
    options = options or candidates(list(arms[0]))
    tables = [_measure(task, scores, options) for task, scores in zip(tasks, arms, strict=True)]
    sizes = [len(task.queries) for task in tasks]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    ndcg_values = np.concatenate([table[0] for table in tables], axis=1)
    recall_values = np.concatenate([table[1] for table in tables], axis=1)
    generator = np.random.default_rng(seed)
    fold_of = np.concatenate([generator.permutation(np.arange(size) % folds) for size in sizes])
    sets = [np.arange(starts[i], starts[i + 1]) for i in range(len(tasks))]
    chosen = [
        _best(options, ndcg_values, [queries[fold_of[queries] != fold] for queries in sets])
        for fold in range(folds)
    ]
    option_of = np.array(chosen)[fold_of]
    held_out = {
        task.name: RetrievalResult(
            "fused", task.name, ndcg_values[option_of[rows], rows], recall_values[option_of[rows], rows]
        )
        for task, rows in zip(tasks, sets, strict=True)
    }
    best = options[_best(options, ndcg_values, sets)]
    return FusionFit(best, held_out, tuple(options[choice] for choice in chosen))


def _measure(task: RetrievalSet, arms: Arms, options: Sequence[FusionWeights]) -> tuple[Floats, Floats]:
    """nDCG@10 and recall@10 of each option and query: two (options, queries) arrays."""
    parts: dict[tuple[str, Method, int], Floats] = {}
    found = []
    for option in options:
        total = np.zeros((len(task.queries), len(task.corpus)))
        for arm, weight in option.weights.items():
            key = (arm, option.method, option.k if option.method == "rrf" else 0)
            if key not in parts:
                parts[key] = scaled(arms[arm], option.method, option.k, task.exclude)
            total += weight * parts[key]
        found.append(score_rankings("fused", task, total))
    return np.stack([result.ndcg for result in found]), np.stack([result.recall for result in found])
