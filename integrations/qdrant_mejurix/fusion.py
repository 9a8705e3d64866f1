"""Weighted fusion of the arms' rankings.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) with a weight for each arm:
`score(p) = sum over arms of weight / (k + rank of p in that arm)`, ranks counted from 1. It needs no
calibration between cosine and BM25. Its scores order one result list and mean nothing else: they are called
fused, not relevance.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ARMS = ("dense", "bm25", "assertions")
FUSION_FILE = "fusion.json"


@dataclass(frozen=True)
class FusionWeights:
    """How much each arm counts; 0 switches an arm off.

    Attributes:
        dense: weight of the embedding's cosine ranking, 0 or more.
        bm25: weight of the keyword ranking, 0 or more.
        assertions: weight of the concept-and-assertion ranking, 0 or more.
        k: rank constant of "rrf", above 0; larger values flatten the difference between the first ranks.
        method: "rrf", or "score": each arm's scores are scaled to [0, 1] over its results and summed.
    """

    dense: float = 1.0
    bm25: float = 1.0
    assertions: float = 0.5
    k: float = 60.0
    method: Literal["rrf", "score"] = "rrf"

    def __post_init__(self) -> None:
        weights = (self.dense, self.bm25, self.assertions)
        if not all(math.isfinite(w) and w >= 0 for w in weights) or not any(weights):
            raise InputError(
                f"FusionWeights are {weights}; give finite numbers of 0 or more, one of them above 0."
            )
        if not (math.isfinite(self.k) and self.k > 0):
            raise InputError(f"FusionWeights.k is {self.k}; give a number above 0.")
        if self.method not in ("rrf", "score"):
            raise InputError(f"FusionWeights.method is {self.method!r}; valid: rrf, score.")

    def weight(self, arm: str) -> float:
        """Weight of one arm by its name."""
        return float(getattr(self, arm))

    def save(self, folder: str | Path) -> None:
        """Writes `fusion.json` into a model folder, from where `open_index` takes it."""
        (Path(folder) / FUSION_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> FusionWeights | None:
        """Weights learned for the model in `folder`; None when it has none.

        An arm that the file does not name has weight 0; entries of other names are notes and are left alone.

        Raises:
            InputError: `fusion.json` is there and not usable.
        """
        path = Path(folder) / FUSION_FILE
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            numbers = {name: float(values.get(name, 0.0)) for name in ARMS}
            return cls(**numbers, k=float(values.get("k", 60.0)), method=values.get("method", "rrf"))
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not usable ({error}); it holds numbers named dense, bm25, assertions and k, and "
                "method. Repair or delete it."
            ) from error


def fuse(found: Mapping[str, Mapping[str, float]], weights: FusionWeights) -> list[tuple[str, float]]:
    """Point ids with their fused score, best first; equal scores are ordered by id, so that results repeat.

    Args:
        found: for each arm, the scores of its points by id, best first.
        weights: of the arms.
    """
    fused: dict[str, float] = {}
    for arm, scores in found.items():
        if weight := weights.weight(arm):
            for identifier, part in _parts(scores, weights).items():
                fused[identifier] = fused.get(identifier, 0.0) + weight * part
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))


def _parts(scores: Mapping[str, float], weights: FusionWeights) -> dict[str, float]:
    """One arm's contribution to each point, before its weight."""
    parts: dict[str, float] = {}
    if weights.method == "score" and scores:
        low, high = min(scores.values()), max(scores.values())
        return {i: (score - low) / (high - low) if high > low else 0.0 for i, score in scores.items()}
    rank, last = 0, math.inf
    for position, (identifier, score) in enumerate(scores.items(), start=1):
        # Equal scores share a rank: an arm that cannot tell two passages apart must not order them.
        if rank == 0 or not math.isclose(score, last, rel_tol=1e-6):
            rank, last = position, score
        parts[identifier] = 1 / (weights.k + rank)
    return parts
