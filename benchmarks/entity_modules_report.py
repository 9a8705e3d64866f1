"""Tables of `benchmarks.entity_modules`: figures, differences with their intervals, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.evaluation.metrics import Estimate, bootstrap
from mejurix_st.evaluation.pairs import TripleScores, mean_of
from mejurix_st.evaluation.report import markdown_table
from mejurix_st.evaluation.triples import LANGUAGES
from mejurix_st.modules import explain_entities

if TYPE_CHECKING:
    import argparse

    from sentence_transformers import SentenceTransformer

    from mejurix_st.evaluation.crosslingual import CrosslingualResult
    from mejurix_st.evaluation.metrics import Floats
    from mejurix_st.evaluation.retrieval import RetrievalResult
    from mejurix_st.training.entity_states import Key, StateBank

OFF, TYPE, ATTENTION = "off", "(a) type term", "(b) entity attention"
SHORT = {"bva_rule_to_statute": "statute", "bva_rule_to_rule": "rule", "medquad_cancer_heart": "medquad"}
LOSS = 0.005  # most that a retrieval set may lose
SHOWN = (
    "MRI showed no herniation at L4-5; a mild lumbar sprain was diagnosed after the accident.",
    "추간판탈출증은 확인되지 않았고 경미한 요추 염좌로 진단되었다.",
)


@dataclass
class Measured:
    """One variant on every axis; what a try-out leaves out is absent."""

    relations: list[TripleScores]
    axes: list[TripleScores]
    crosslingual: CrosslingualResult | None
    retrieval: list[RetrievalResult]


def figures(found: Measured) -> dict[str, float]:
    """The main table's figures."""
    row = {f"nDCG@10 {SHORT[r.task]}": float(r.ndcg.mean()) for r in found.retrieval}
    for language in LANGUAGES:
        some = [s for s in found.relations if s.language == language]
        row[f"relations AUC {language}"] = mean_of(some, "auc_random")
        row[f"relations hard AUC {language}"] = mean_of(some, "auc_hard")
        row[f"axes accuracy {language}"] = mean_of(
            [s for s in found.axes if s.language == language], "accuracy"
        )
    if found.crosslingual:
        row["Korean question, hard negative"] = found.crosslingual.questions.accuracy
        row["Korean question → passage @1"] = found.crosslingual.passage_accuracy
        row["term ko → en @1"] = found.crosslingual.korean_to_english
        row["term en → ko @1"] = found.crosslingual.english_to_korean
    return row


def samples(found: Measured) -> dict[str, Floats]:
    """Per-item results, for intervals of differences."""
    row = {f"nDCG@10 {SHORT[r.task]}": r.ndcg for r in found.retrieval}
    for name, scores in (("relations accuracy", found.relations), ("axes accuracy", found.axes)):
        for language in LANGUAGES:
            rights = [s.positive > s.negative for s in scores if s.language == language]
            if rights:
                row[f"{name} {language}"] = np.concatenate(rights).astype(np.float64)
    if found.crosslingual:
        scores = found.crosslingual.questions
        row["Korean question, hard negative"] = (scores.positive > scores.negative).astype(np.float64)
    return row


def verdict(name: str, differences: dict[str, Estimate]) -> str:
    """What the rule makes of a variant."""
    better = [k for k, d in differences.items() if d.low > 0]
    worse = [k for k, d in differences.items() if d.high < 0 or ("nDCG" in k and d.mean < -LOSS)]
    helps = bool(better) and not worse
    parts = [f"**{name}: {'helps' if helps else 'does not help; off by default'}.**"]
    parts.append(f"Better beyond chance: {', '.join(better) or 'nothing'}.")
    parts.append(f"Worse: {', '.join(worse) or 'nothing'}.")
    return " ".join(parts)


def head(arguments: argparse.Namespace, model: SentenceTransformer, texts: int, states: str) -> list[str]:
    """What the report is about."""
    cut = "cut at 256 tokens" if arguments.passages == "first" else "in passages of 256 tokens"
    stack = " → ".join(type(m).__name__ for m in model)
    asked = "default" if arguments.model is None else "given"
    return [
        "# Entities in the model", "",
        "`python -m benchmarks.entity_modules --work FOLDER`"
        + (f", a try-out with `--limit {arguments.limit}`: **not a result**" if arguments.limit else ""), "",
        f"Off: the {asked} model ({stack}). (a): `EntityConditioning`, the original's formula, a vector for the "
        "type of a text's first entity (severities come last) added before normalising. (b): `EntityAttention`, "
        "gated cross-attention from the pooled vector over entity tokens, each with its type, status, severity "
        "and side. Encoder, pooling and head are frozen; both modules start as the stock stack and learn from "
        f"the same {texts:,} texts (contrast and relation triples, parallel sentences, real pairs) with the "
        f"losses of the default recipe. Encoder in bfloat16, fingerprint {states}. Documents are {cut}.", "",
        "The assertion rules that (b) reads know the development triples' cues as well as others; what (b) gains "
        "on the axes is what the rules know, not cues learnt from training texts.", "",
    ]  # fmt: skip


def tables(found: dict[str, Measured], asked: dict[str, list[Key]], bank: StateBank) -> list[str]:
    """All tables and the verdicts."""
    rows = {name: figures(measured) for name, measured in found.items()}
    plain = rows[OFF]
    body = [[k, *(f"{rows[n][k]:.3f}" for n in found)] for k in plain if not np.isnan(plain[k])]
    lines = ["## Every axis", "", *markdown_table(["measure", *found], body), ""]
    items = {name: samples(measured) for name, measured in found.items()}
    gains = {
        name: {k: bootstrap(items[name][k] - items[OFF][k]) for k in items[OFF]} for name in (TYPE, ATTENTION)
    }
    body = [
        [
            k,
            *(
                f"{d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
                for d in (gains[n][k] for n in (TYPE, ATTENTION))
            ),
        ]
        for k in items[OFF]
    ]
    lines += ["## Difference from off", "", *markdown_table(["measure", TYPE, ATTENTION], body), ""]
    lines += [
        "Mean over items [95 % bootstrap interval]. A variant helps when some measure here is better beyond "
        f"chance, none is worse beyond chance, and no retrieval set loses more than {LOSS * 100:.1f} points.", "",
    ]  # fmt: skip
    lines += [f"- {verdict(name, gains[name])}" for name in (TYPE, ATTENTION)]
    body = [
        [f"{s.name} {s.language}", *(f"{m.axes[i].accuracy:.3f}" for m in found.values())]
        for i, s in enumerate(found[OFF].axes)
    ]
    lines += ["", "## Axes, accuracy", "", *markdown_table(["axis", *found], body), ""]
    body = []
    for name, keys in asked.items():
        some, said = bank.coverage(list(dict.fromkeys(keys)))
        body.append([name, str(len(set(keys))), f"{some:.0%}", f"{said:.0%}"])
    title = ["texts", "number", "with an entity", "with one not plainly present"]
    return [*lines, "## How many texts have entities", "", *markdown_table(title, body), ""]


def shown_weights(model: SentenceTransformer) -> list[str]:
    """The attention of two sentences, read out."""
    lines = ["## Weights, read out", ""]
    for text, weights in zip(SHOWN, explain_entities(model, SHOWN), strict=True):
        said = (f"{w.span.text} ({w.span.type.value}, {w.assertion.status}) {w.weight:.2f}" for w in weights)
        lines.append(f"- {text} — {'; '.join(said) or 'no entities'}")
    return lines
