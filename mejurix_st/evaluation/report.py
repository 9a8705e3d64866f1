"""What an evaluation found: one JSON, one Markdown file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mejurix_st.evaluation.pairs import TripleScores, mean_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mejurix_st.evaluation.crosslingual import CrosslingualResult
    from mejurix_st.evaluation.fusion import FusionFit
    from mejurix_st.evaluation.geometry import GeometryResult
    from mejurix_st.evaluation.retrieval import RetrievalResult
    from mejurix_st.evaluation.speed import Speed


@dataclass
class ModelReport:
    """Everything measured of one model; what was not measured is absent.

    Attributes:
        name: the model's name.
        retrieval: per set.
        relations: per relation type and language.
        axes: per axis and language.
        crosslingual: Korean against English.
        geometry: the shape of its space.
        fusion: its fusion with BM25.
        speed: on this machine.
    """

    name: str
    retrieval: list[RetrievalResult] = field(default_factory=list)
    relations: list[TripleScores] = field(default_factory=list)
    axes: list[TripleScores] = field(default_factory=list)
    crosslingual: CrosslingualResult | None = None
    geometry: GeometryResult | None = None
    fusion: FusionFit | None = None
    speed: Speed | None = None

    def to_dict(self) -> dict[str, Any]:
        """All measures, for JSON."""
        fusion = self.fusion and {
            "weights": self.fusion.weights.to_dict(),
            "held_out": [result.to_dict() for result in self.fusion.held_out.values()],
        }
        return {
            "model": self.name,
            "retrieval": [result.to_dict() for result in self.retrieval],
            "relations": [scores.to_dict() for scores in self.relations],
            "axes": [scores.to_dict() for scores in self.axes],
            "crosslingual": self.crosslingual and self.crosslingual.to_dict(),
            "geometry": self.geometry and self.geometry.to_dict(),
            "fusion": fusion,
            "speed": self.speed and self.speed.to_dict(),
        }


@dataclass
class Report:
    """An evaluation of several models.

    Attributes:
        models: what was measured.
        missing: for each model or data set that could not be used, the reason in one line.
        settings: what the figures depend on: passage size, thread count, versions.
    """

    models: list[ModelReport]
    missing: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All measures, for JSON."""
        models = [model.to_dict() for model in self.models]
        return {"settings": self.settings, "models": models, "not_measured": self.missing}

    def to_markdown(self) -> str:
        """The tables."""
        parts = ["# Evaluation", *self._retrieval(), *self._triples(), *self._spaces()]
        if self.missing:
            parts += ["## Not measured", *(f"- {name}: {reason}" for name, reason in self.missing.items())]
        parts += ["## Settings", *(f"- {name}: {value}" for name, value in self.settings.items())]
        return "\n".join(parts) + "\n"

    def save(self, folder: Path) -> None:
        """Writes evaluation.json and evaluation.md."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "evaluation.json").write_text(text + "\n", encoding="utf-8")
        (folder / "evaluation.md").write_text(self.to_markdown(), encoding="utf-8")

    def _retrieval(self) -> list[str]:
        rows = [
            (model.name, {r.task: r for r in model.retrieval}) for model in self.models if model.retrieval
        ]
        rows += [(f"{model.name} + BM25", model.fusion.held_out) for model in self.models if model.fusion]
        tasks = list(dict.fromkeys(task for _, found in rows for task in found))
        if not tasks:
            return []
        head = ["model", *(f"{task} {measure}" for task in tasks for measure in ("nDCG@10", "recall@10"))]
        body = []
        for name, found in rows:
            cells = [name]
            for task in tasks:
                estimates = found[task].estimates()
                cells += [str(estimates["ndcg@10"]), f"{estimates['recall@10'].mean:.3f}"]
            body.append(cells)
        note = (
            "Mean [95 % bootstrap interval over queries]. A long document counts by its best passage. "
            "Fused rows are held out: no query was scored by weights that saw its fold."
        )
        return ["## Retrieval", "", *markdown_table(head, body), "", note, ""]

    def _triples(self) -> list[str]:
        parts: list[str] = []
        kinds = (("Relation types", "relations"), ("Meaning turned round", "axes"))
        for title, attribute in kinds:
            models = [model for model in self.models if getattr(model, attribute)]
            languages = dict.fromkeys(s.language for model in models for s in getattr(model, attribute))
            for language in languages:
                parts += [f"## {title}, {language}", "", *_triple_table(models, attribute, language), ""]
        return parts

    def _spaces(self) -> list[str]:
        parts: list[str] = []
        crossing = [(m.name, m.crosslingual) for m in self.models if m.crosslingual]
        if crossing:
            head = [
                "model",
                "question, hard negative",
                "question → passage @1",
                "term ko → en @1",
                "en → ko @1",
            ]
            body = [
                [
                    name,
                    *map(
                        _figure,
                        (r.questions.accuracy, r.passage_accuracy, r.korean_to_english, r.english_to_korean),
                    ),
                ]
                for name, r in crossing
            ]
            parts += ["## Korean to English", "", *markdown_table(head, body), ""]
        spaces = [(m.name, m.geometry) for m in self.models if m.geometry]
        if spaces:
            kept = [v for v in ("256", "128", "64", "int8") if any(g.kept(v) is not None for _, g in spaces)]
            head = [
                "model",
                "dimension",
                "mean random cosine",
                "effective rank",
                *(f"{v} keeps" for v in kept),
            ]
            body = [
                [
                    name,
                    str(g.dimension),
                    _figure(g.mean_cosine),
                    f"{g.effective_rank:.0f}",
                    *(_figure(g.kept(v)) for v in kept),
                ]
                for name, g in spaces
            ]
            parts += ["## Geometry", "", *markdown_table(head, body), ""]
        speeds = [m.speed for m in self.models if m.speed]
        if speeds:
            head = ["model", "texts/s", "tokens/s", f"times {speeds[0].peer}"]
            body = [
                [s.model, f"{s.texts_per_second:.1f}", f"{s.tokens_per_second:.0f}", f"{s.ratio:.2f}"]
                for s in speeds
            ]
            parts += ["## Speed", "", *markdown_table(head, body), ""]
        return parts


_TRIPLE_HEAD = (
    *("set", "model", "AUC, hard", "AUC, unrelated", "accuracy", "margin"),
    *("mean cosine, related", "hard", "unrelated"),
)


def _triple_table(models: Sequence[ModelReport], attribute: str, language: str) -> list[str]:
    """A row for each set and model, then the means over sets."""
    found = {
        model.name: {s.name: s for s in getattr(model, attribute) if s.language == language}
        for model in models
    }
    body = []
    for name in dict.fromkeys(name for scores in found.values() for name in scores):
        for model, scores in found.items():
            if name in scores:
                body.append([name, model, *_triple_cells([scores[name]])])
    body += [["**mean**", model, *_triple_cells(list(scores.values()))] for model, scores in found.items()]
    return markdown_table(_TRIPLE_HEAD, body)


def _triple_cells(scores: Sequence[TripleScores]) -> list[str]:
    measures = ("auc_hard", "auc_random", "accuracy", "margin")
    parts = ("positive", "negative", "random")
    cells = [_figure(mean_of(scores, measure)) for measure in measures]
    return cells + [_figure(mean_of(scores, f"mean_{part}")) for part in parts]


def _figure(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table as lines."""
    rows = [head, ["---"] * len(head), *body]
    return ["| " + " | ".join(row) + " |" for row in rows]
