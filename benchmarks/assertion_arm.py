"""The arm "assertions" without dense vectors: alone and beside BM25. See `benchmarks.assertions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qdrant_mejurix import FusionWeights

from mejurix_st.evaluation.metrics import bootstrap
from mejurix_st.evaluation.report import markdown_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from benchmarks.assertion_twins import Twin
    from benchmarks.assertions import Question

SETTINGS = {
    "bm25": FusionWeights(0.0, 1.0, 0.0),
    "bm25 + 0.5": FusionWeights(0.0, 1.0, 0.5),
    "bm25 + 1": FusionWeights(0.0, 1.0, 1.0),
}


class NoEncoder:
    """Stands in for a model where no dense vector is asked for: every text has the same one."""

    name = "none"

    def get_embedding_dimension(self) -> int:
        """Two, the least that a store takes."""
        return 2

    def encode_document(self, texts: list[str], **_: Any) -> NDArray[np.float32]:
        """The same vector for each text: (texts, 2) float32."""
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The same vector: (2,) float32."""
        return np.array([1.0, 0.0], dtype=np.float32)


def order(row: Twin) -> str:
    """What the arm alone says of a twin: "right", "wrong" or "none"."""
    scores = row.found.get("assertions", {})
    right, wrong = scores.get(f"{row.id} right", 0.0), scores.get(f"{row.id} wrong", 0.0)
    if abs(right - wrong) < 1e-6:
        return "none"
    return "right" if right > wrong else "wrong"


def arm_report(
    rows: Sequence[Twin],
    questions: Sequence[Question],
    before_twin: Callable[[Twin, FusionWeights], float],
    ndcg_of: Callable[[Question, FusionWeights], float],
) -> tuple[list[str], dict[str, Any]]:
    """Tables of the arm alone and beside BM25, and their figures."""
    groups = {name: [r for r in rows if r.set == name] for name in dict.fromkeys(r.set for r in rows)}
    for name in ("sample twins", "held twins"):
        for key in ("language", "axis"):
            for value in dict.fromkeys(getattr(r, key) for r in groups[name]):
                groups[f"{name}, {value}"] = [r for r in groups[name] if getattr(r, key) == value]
    body, figures = [], {}
    for name, group in groups.items():
        said = [order(row) for row in group]
        shares = {kind: 100 * said.count(kind) / len(group) for kind in ("right", "wrong", "none")}
        fused = {key: 100 * sum(before_twin(r, w) for r in group) / len(group) for key, w in SETTINGS.items()}
        figures[name] = {**shares, **fused}
        body.append([name, str(len(group)), *(f"{v:.0f}" for v in (*shares.values(), *fused.values()))])
    lines = markdown_table(["twins, %", "queries", "arm alone right", "wrong", "no order", *SETTINGS], body)
    plain = [ndcg_of(q, SETTINGS["bm25"]) for q in questions]
    body = []
    for name, weights in SETTINGS.items():
        values = [ndcg_of(q, weights) for q in questions]
        change = bootstrap([100 * (v - p) for v, p in zip(values, plain, strict=True)])
        figures[f"nDCG@10 {name}"] = {"mean": sum(values) / len(values)}
        body.append([name, f"{sum(values) / len(values):.3f}", str(change)])
    header = [f"ordinary questions ({len(questions)})", "nDCG@10", "change, points"]
    return [*lines, "", *markdown_table(header, body)], figures
