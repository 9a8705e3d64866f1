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
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARMS = ("dense", "bm25", "assertions")
FUSION_FILE = "fusion.json"


@dataclass(frozen=True)
class FusionWeights:
    """How much each arm counts; 0 switches an arm off.

    Attributes:
        dense: weight of the embedding's cosine ranking, 0 or more.
        bm25: weight of the keyword ranking, 0 or more.
        assertions: weight of the concept-and-assertion ranking, 0 or more.
        k: rank constant, above 0; larger values flatten the difference between the first ranks.
    """

    dense: float = 1.0
    bm25: float = 1.0
    assertions: float = 0.5
    k: float = 60.0

    def __post_init__(self) -> None:
        weights = (self.dense, self.bm25, self.assertions)
        if not all(math.isfinite(w) and w >= 0 for w in weights) or not any(weights):
            raise InputError(
                f"FusionWeights are {weights}; give finite numbers of 0 or more, one of them above 0."
            )
        if not (math.isfinite(self.k) and self.k > 0):
            raise InputError(f"FusionWeights.k is {self.k}; give a number above 0.")

    def weight(self, arm: str) -> float:
        """Weight of one arm by its name."""
        return float(getattr(self, arm))

    def save(self, folder: str | Path) -> None:
        """Writes `fusion.json` into a model folder, from where `open_index` takes it."""
        (Path(folder) / FUSION_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> FusionWeights | None:
        """Weights learned for the model in `folder`; None when it has none.

        Raises:
            InputError: `fusion.json` is there and not usable.
        """
        path = Path(folder) / FUSION_FILE
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{name: float(value) for name, value in values.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not usable ({error}); it holds numbers named dense, bm25, assertions and k. "
                "Repair or delete it."
            ) from error


def fuse(rankings: Mapping[str, Sequence[str]], weights: FusionWeights) -> list[tuple[str, float]]:
    """Point ids with their fused score, best first; equal scores are ordered by id, so that results repeat.

    Args:
        rankings: for each arm, distinct ids, best first.
        weights: of the arms.
    """
    scores: dict[str, float] = {}
    for arm, ids in rankings.items():
        weight = weights.weight(arm)
        if weight:
            for rank, identifier in enumerate(ids, start=1):
                scores[identifier] = scores.get(identifier, 0.0) + weight / (weights.k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
