"""Two pictures: bars per relation type with the negatives shown, and similarity distributions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mejurix_st.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mejurix_st.evaluation.pairs import TripleScores
    from mejurix_st.evaluation.report import ModelReport

_POSITIVE, _NEGATIVE, _RANDOM = "#1b6ca8", "#d1495b", "#9aa0a6"
_KINDS = (
    ("positive", "related", _POSITIVE),
    ("negative", "hard negative", _NEGATIVE),
    ("random", "unrelated", _RANDOM),
)


def _figure(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Any, Any]:
    """A figure on the Agg canvas; no global state of matplotlib is touched, no display is needed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("Pictures of an evaluation", "train") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def _label(name: str) -> str:
    words = name.replace("_", " ")
    return words if len(words) < 24 else words.replace(" similar ", " similar,\n", 1)


def draw_relations(models: Sequence[ModelReport], path: Path, language: str = "en") -> None:
    """Mean cosines for each relation type, positives beside negatives, a panel for each model.

    The card's picture showed the positives alone, on which a collapsed model does best.

    Args:
        models: with `relations` measured.
        path: PNG to write.
        language: which language's sets.
    """
    figure, axes = _figure(1, len(models), 1.8 + 3.6 * len(models), 7.2, sharey=True)
    for axis, model in zip(axes[0], models, strict=True):
        scores = [item for item in model.relations if item.language == language]
        places = np.arange(len(scores))
        for shift, (attribute, label, colour) in zip((-0.27, 0.0, 0.27), _KINDS, strict=True):
            means = [_mean(item, attribute) for item in scores]
            axis.barh(places + shift, means, height=0.25, color=colour, label=label)
        for place, item in zip(places, scores, strict=True):
            axis.annotate(
                f"AUC {item.auc_hard:.2f}", (1.03, place), va="center", fontsize=8, annotation_clip=False
            )
        axis.set_yticks(places, [_label(item.name) for item in scores])
        axis.set_xlim(min(0.0, axis.get_xlim()[0]), 1.3)
        axis.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axis.set_xlabel("mean cosine similarity")
        axis.set_title(model.name, fontsize=11)
        axis.grid(axis="x", alpha=0.3)
        axis.set_axisbelow(True)
    axes[0][0].invert_yaxis()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    title = f"Relation types ({_language(language)}); AUC: related pairs against hard negatives"
    figure.suptitle(textwrap.fill(title, int(9 * figure.get_figwidth())))  # one model's panel is narrow
    figure.savefig(path, dpi=130)


def draw_distributions(models: Sequence[ModelReport], path: Path) -> None:
    """Distributions of positive and negative similarities, a panel for each model and language.

    Args:
        models: with `relations` measured.
        path: PNG to write.
    """
    languages = list(dict.fromkeys(item.language for model in models for item in model.relations))
    figure, axes = _figure(
        len(models), len(languages), 5.2 * len(languages), 0.9 + 2.3 * len(models), sharex=True
    )
    bins = np.linspace(-0.4, 1.0, 57)
    for row, model in zip(axes, models, strict=True):
        for axis, language in zip(row, languages, strict=True):
            scores = [item for item in model.relations if item.language == language]
            for attribute, label, colour in _KINDS:
                parts = [getattr(item, attribute) for item in scores]
                values = np.concatenate(parts) if parts else np.array([])
                if values.size:
                    style = {"histtype": "stepfilled", "alpha": 0.45, "color": colour, "density": True}
                    axis.hist(np.clip(values, -0.4, 1.0), bins=bins, label=label, **style)
            axis.set_yticks([])
            axis.set_title(f"{model.name}, {_language(language)}", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("cosine similarity")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle("Similarities over the ten relation types (density)")
    figure.savefig(path, dpi=130)


def _mean(item: TripleScores, attribute: str) -> float:
    values = getattr(item, attribute)
    return float(values.mean()) if values.size else 0.0


def _language(code: str) -> str:
    return {"en": "English", "ko": "Korean"}.get(code, code)
