"""One call that measures models against their peers and writes what it found."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from mejurix_st.errors import InputError, MejurixError
from mejurix_st.evaluation.axes import evaluate_axes
from mejurix_st.evaluation.crosslingual import evaluate_crosslingual
from mejurix_st.evaluation.data import RETRIEVAL_SETS, RetrievalSet, load_retrieval_sets
from mejurix_st.evaluation.encoders import CachedEncoder, from_sentence_transformer
from mejurix_st.evaluation.fusion import fit_fusion
from mejurix_st.evaluation.geometry import evaluate_geometry
from mejurix_st.evaluation.peers import DEFAULT_PEERS, load_encoders
from mejurix_st.evaluation.pictures import draw_distributions, draw_relations
from mejurix_st.evaluation.relations import evaluate_relations
from mejurix_st.evaluation.report import ModelReport, Report
from mejurix_st.evaluation.retrieval import PASSAGE_TOKENS, bm25_scores, embed_task, score_rankings
from mejurix_st.evaluation.speed import measure_speed
from mejurix_st.evaluation.triples import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

    from mejurix_st.evaluation.metrics import Matrix

PARTS: tuple[str, ...] = ("retrieval", "relations", "axes", "crosslingual", "geometry", "fusion", "speed")
"""What can be measured; geometry and fusion need retrieval for their costs on nDCG@10."""

_SPEED_TEXTS = 64


def evaluate(
    models: Sequence[str | SentenceTransformer],
    output: Path,
    *,
    peers: Sequence[str] = DEFAULT_PEERS,
    parts: Sequence[str] = PARTS,
    retrieval_sets: Sequence[str] | Sequence[RetrievalSet] = RETRIEVAL_SETS,
    languages: Sequence[str] = LANGUAGES,
    passage_tokens: int = PASSAGE_TOKENS,
    dtype: str = "float32",
) -> Report:
    """Measures models and peers, and writes evaluation.json, evaluation.md, relations.png, distributions.png.

    Each text is encoded once per model. Peers that cannot be loaded and data that is absent are named in the
    report with the reason; the rest is measured.

    Args:
        models: names ("default", folder, hub id) or loaded models.
        output: folder for the results; made if absent.
        peers: names of models to compare with; BM25 always stands beside them.
        parts: what to measure, of `PARTS`.
        retrieval_sets: names of development sets, or sets of one's own.
        languages: of relation types and axes.
        passage_tokens: most tokens of a passage in retrieval.
        dtype: of the encoders of models given by name, "float32" or "bfloat16".

    Raises:
        InputError: a part is unknown, or nothing could be loaded.
        MejurixError: a model named in `models` could not be loaded.
    """
    if unknown := sorted(set(parts) - set(PARTS)):
        raise InputError(f"evaluate got parts {', '.join(unknown)}; the parts are {', '.join(PARTS)}.")
    encoders, missing = _encoders(models, peers, dtype)
    tasks = _tasks(retrieval_sets, missing) if "retrieval" in parts else []
    bm25 = [bm25_scores(task) for task in tasks]
    reports = [ModelReport(encoder.name) for encoder in encoders]
    jobs = [(encoder, report) for encoder, report in zip(encoders, reports, strict=True)]
    for encoder, report in tqdm(jobs, desc="evaluate", unit="model", disable=not sys.stderr.isatty()):
        _measure(encoder, report, parts, tasks, bm25, languages, passage_tokens)
    if "speed" in parts:
        texts = _speed_texts(tasks)
        speeds = measure_speed(encoders, texts) if texts else []
        for report, speed in zip(reports, speeds, strict=False):
            report.speed = speed
    lexical = ModelReport("BM25")
    lexical.retrieval = [
        score_rankings("BM25", task, scores) for task, scores in zip(tasks, bm25, strict=True)
    ]
    report = Report([lexical, *reports] if tasks else reports, missing, _settings(passage_tokens, dtype))
    output.mkdir(parents=True, exist_ok=True)
    report.save(output)
    drawn = [item for item in reports if item.relations]
    if drawn:
        for language in languages:
            suffix = "" if language == "en" else f"_{language}"
            draw_relations(drawn, output / f"relations{suffix}.png", language)
        draw_distributions(drawn, output / "distributions.png")
    return report


def _encoders(
    models: Sequence[str | SentenceTransformer], peers: Sequence[str], dtype: str
) -> tuple[list[CachedEncoder], dict[str, str]]:
    names = [model for model in models if isinstance(model, str)]
    loaded, failed = load_encoders(names, dtype)
    if failed:
        raise MejurixError("; ".join(failed.values()))
    given = [model for model in models if not isinstance(model, str)]
    for number, model in enumerate(given, start=1):
        path = str(getattr(model.model_card_data, "base_model", "") or "")
        label = path.rsplit("/", 1)[-1] or "model"
        loaded.append(from_sentence_transformer(model, label if len(given) == 1 else f"{label} {number}"))
    others, missing = load_encoders([name for name in peers if name not in names], dtype)
    if not loaded and not others:
        raise InputError(
            "evaluate has no model to measure: " + ("; ".join(missing.values()) or "none was named.")
        )
    return _distinct([*loaded, *others]), missing


def _distinct(encoders: list[CachedEncoder]) -> list[CachedEncoder]:
    """Gives encoders of the same name (two folders called "final") a number."""
    seen: dict[str, int] = {}
    for encoder in encoders:
        seen[encoder.name] = seen.get(encoder.name, 0) + 1
        if seen[encoder.name] > 1:
            encoder.name = f"{encoder.name} ({seen[encoder.name]})"
    return encoders


def _tasks(sets: Sequence[str] | Sequence[RetrievalSet], missing: dict[str, str]) -> list[RetrievalSet]:
    tasks = [item for item in sets if isinstance(item, RetrievalSet)]
    try:
        return tasks + load_retrieval_sets([item for item in sets if isinstance(item, str)])
    except MejurixError as error:
        missing["retrieval"] = str(error)
        return tasks


def _measure(
    encoder: CachedEncoder,
    report: ModelReport,
    parts: Sequence[str],
    tasks: Sequence[RetrievalSet],
    bm25: Sequence[Matrix],
    languages: Sequence[str],
    passage_tokens: int,
) -> None:
    embedded = [embed_task(encoder, task, passage_tokens=passage_tokens) for task in tasks]
    dense = [item.scores() for item in embedded]
    report.retrieval = [score_rankings(encoder.name, t, s) for t, s in zip(tasks, dense, strict=True)]
    if "fusion" in parts and tasks:
        arms = [{"dense": d, "bm25": b} for d, b in zip(dense, bm25, strict=True)]
        report.fusion = fit_fusion(tasks, arms)
    if "relations" in parts:
        report.relations = evaluate_relations(encoder, languages)
    if "axes" in parts:
        report.axes = evaluate_axes(encoder, languages)
    if "crosslingual" in parts:
        report.crosslingual = evaluate_crosslingual(encoder)
    if "geometry" in parts and embedded:
        report.geometry = evaluate_geometry(np.concatenate([item.passages for item in embedded]), embedded)


def _speed_texts(tasks: Sequence[RetrievalSet]) -> list[str]:
    """Documents spread evenly over the sets."""
    documents = [text for task in tasks for text in task.corpus]
    return documents[:: max(1, len(documents) // _SPEED_TEXTS)][:_SPEED_TEXTS]


def _settings(passage_tokens: int, dtype: str) -> dict[str, Any]:
    import torch

    versions = {
        name: importlib.metadata.version(name) for name in ("mejurix-st", "sentence-transformers", "torch")
    }
    return {
        "passage_tokens": passage_tokens,
        "dtype": dtype,
        "torch_threads": torch.get_num_threads(),
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        **versions,
    }
