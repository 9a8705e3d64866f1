"""Whether the arm "assertions" finds what a record says, and what it costs.

    python -m benchmarks.assertions [--model MODEL] [--json FILE]
    python -m benchmarks.assertions --without-encoder [--json FILE]

1. Twins: a query, a passage that meets it and a near copy that does not (negated, older, milder, of the other
   side or another person). Counted is how often the right one comes before its twin, and how often it comes
   first of all. Four sets: the sample twins; held twins; entries of generated files; and development triples,
   hard on purpose: the query is a statement in the wrong passage's words, the right one says it in others.
   The sample twins are the development set of the arm; the held twins are its untouched measure.
2. Ordinary questions: nDCG@10 of the sample matters' answerable questions, a passage being right when it
   holds a quoted answer.
3. Speed of recognition and assertion against encoding, processor time, one core.

All searches are the store's own (an embedded one, in a temporary folder). The arm's weight is chosen on one
half of the queries (by a hash of their ids): the most twins in order, among those weights that lose at most
0.5 points of nDCG@10 there. The other half is reported.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdrant_mejurix import FusionWeights, open_index
from qdrant_mejurix.entities import EntityReader
from qdrant_mejurix.filters import in_matter
from qdrant_mejurix.fusion import fuse
from qdrant_mejurix.search import over_fetch
from qdrant_mejurix.store import ArmQuery

from benchmarks.assertion_arm import NoEncoder, arm_report
from benchmarks.assertion_twins import Twin, digest, twins
from mejurix_st.evaluation.metrics import bootstrap, ndcg
from mejurix_st.evaluation.report import markdown_table
from mejurix_st.hub import load
from mejurix_st.samples import sample_matters, sample_questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qdrant_mejurix import Index

WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
MOST_LOST = 0.005


@dataclass
class Question:
    """A question, the ids of the passages that answer it, and each arm's scores by id."""

    id: str
    relevant: set[str]
    found: dict[str, dict[str, float]]


def half(identifier: str) -> int:
    """0 (choice) or 1 (report)."""
    return digest(identifier)[0] % 2


def arms_of(index: Index, matter: str, query: str) -> dict[str, dict[str, float]]:
    """Each arm's scores by public id, best first, as deep as a search for ten hits reads."""
    queries = [ArmQuery("dense", index.encoder.encode_query(query))]
    queries += [ArmQuery("bm25", words)] if (words := index.lexical_query(query)) else []
    queries += [ArmQuery("assertions", said)] if (said := index.assertion_query(query)) else []
    where = in_matter(matter)
    results = index.store.search(queries, where, where, over_fetch(10))
    points, _ = index.store.scroll(where, 10_000)  # an arm's points carry no public ids
    public = {point.id: str(point.payload["id"]) for point in points}
    return {
        query.arm: {
            public[point.id]: point.score for point in points if query.arm != "assertions" or point.score > 0
        }
        for query, points in zip(queries, results, strict=True)
    }


def ask_twins(index: Index, rows: Sequence[Twin]) -> None:
    """Indexes each set as one matter and fills in what the arms find."""
    for name in dict.fromkeys(row.set for row in rows):
        texts = {
            f"{row.id} {side}": getattr(row, side)
            for row in rows
            if row.set == name
            for side in ("right", "wrong")
        }
        index.matter(name).add_records(list(texts.values()), ids=list(texts))
        for row in rows:
            if row.set == name:
                row.found = arms_of(index, name, row.query)


def ask_questions(index: Index) -> list[Question]:
    """Indexes the sample matters and asks their answerable questions."""
    questions = []
    for name, folder in sample_matters().items():
        matter = index.matter(name)
        matter.add(sorted(folder.iterdir()), progress=False)
        passages, _ = matter.scroll(limit=10_000)
        for question in sample_questions():
            if question.matter != name or not question.answerable:
                continue
            relevant = {
                passage.id
                for passage in passages
                for quote in question.answers
                if quote.document == passage.chunk.document
                and " ".join(quote.quote.split()) in " ".join(passage.chunk.text.split())
            }
            questions.append(Question(question.id, relevant, arms_of(index, name, question.question)))
    return [question for question in questions if question.relevant]


def ranked(found: Mapping[str, Mapping[str, float]], weights: FusionWeights) -> dict[str, float]:
    """Fused scores by id, best first."""
    return dict(fuse(found, weights))


def before_twin(row: Twin, weights: FusionWeights) -> float:
    """1 when the right passage scores above its twin."""
    scores = ranked(row.found, weights)
    return float(scores.get(f"{row.id} right", 0.0) > scores.get(f"{row.id} wrong", 0.0))


def first_of_all(row: Twin, weights: FusionWeights) -> float:
    """1 when the right passage comes first."""
    return float(next(iter(ranked(row.found, weights)), "") == f"{row.id} right")


def ndcg_of(question: Question, weights: FusionWeights) -> float:
    """nDCG@10."""
    order = list(ranked(question.found, weights))
    return ndcg([hash(i) for i in order], {hash(i) for i in question.relevant})


def mean(values: Iterable[float]) -> float:
    """Arithmetic mean; 0 of nothing."""
    found = list(values)
    return sum(found) / max(len(found), 1)


def choose(rows: Sequence[Twin], questions: Sequence[Question], base: FusionWeights) -> float:
    """The arm's weight; 0 when every one costs too much or none puts more twins in order."""

    def with_arm(weight: float) -> FusionWeights:
        return FusionWeights(base.dense, base.bm25, weight, base.k, base.method)

    best, most = 0.0, mean(before_twin(row, with_arm(0.0)) for row in rows)
    floor = mean(ndcg_of(q, with_arm(0.0)) for q in questions) - MOST_LOST
    for weight in WEIGHTS:
        gain = mean(before_twin(row, with_arm(weight)) for row in rows)
        if gain > most and mean(ndcg_of(q, with_arm(weight)) for q in questions) >= floor:
            best, most = weight, gain
    return best


def speed(index: Index) -> dict[str, float]:
    """Passages a second of processor time, reading entities and encoding."""
    texts = [p.chunk.text for name in sample_matters() for p in index.matter(name).scroll(limit=1000)[0]]
    reader = EntityReader()
    reader.read(texts[0])
    begin = time.process_time()
    for text in texts:
        reader.read(text)
    read = time.process_time() - begin
    some = texts[:: max(1, len(texts) // 16)]
    begin = time.process_time()
    index.encoder.encode_documents(some)
    encode = time.process_time() - begin
    return {"entities": len(texts) / read, "encoder": len(some) / encode, "passages": len(texts)}


def twin_table(rows: Sequence[Twin], settings: Mapping[str, FusionWeights]) -> list[str]:
    """A row for each group of twins, a column for each setting: right before twin, in percent."""
    groups = {"all": rows}
    for key in ("set", "language", "axis"):
        for value in dict.fromkeys(getattr(row, key) for row in rows):
            groups[value] = [row for row in rows if getattr(row, key) == value]
    body = []
    for name, group in groups.items():
        cells = [f"{100 * mean(before_twin(row, w) for row in group):.0f}" for w in settings.values()]
        body.append([name, str(len(group)), *cells])
    cells = [f"{100 * mean(first_of_all(row, w) for row in rows):.0f}" for w in settings.values()]
    body.append(["first of all", str(len(rows)), *cells])
    return markdown_table(["right before its twin, %", "queries", *settings], body)


def report(
    rows: list[Twin], questions: list[Question], base: FusionWeights
) -> tuple[list[str], dict[str, Any]]:
    """The tables, and their figures."""
    weight = choose([r for r in rows if not half(r.id)], [q for q in questions if not half(q.id)], base)
    plain = FusionWeights(base.dense, base.bm25, 0.0, base.k, base.method)
    settings = {
        "dense": FusionWeights(1.0, 0.0, 0.0),
        "assertions": FusionWeights(0.0, 0.0, 1.0),
        "dense + bm25": plain,
    }
    for shown in sorted({*WEIGHTS[1::2], FusionWeights().assertions, *([weight] if weight else [])}):
        name = f"+ {shown:g}" + (" (chosen)" if shown == weight else "")
        settings[name] = FusionWeights(base.dense, base.bm25, shown, base.k, base.method)
    held, asked = [r for r in rows if half(r.id)], [q for q in questions if half(q.id)]
    lines = [f"Weights before the arm: {plain}. Chosen weight of the arm: {weight:g}.", ""]
    lines += twin_table(held, settings)
    costs = {}
    body = []
    for name, weights in settings.items():
        if name == "assertions":
            continue
        values = [ndcg_of(q, weights) for q in asked]
        change = bootstrap([100 * (v - ndcg_of(q, plain)) for v, q in zip(values, asked, strict=True)])
        costs[name] = {
            "ndcg@10": mean(values),
            "change": mean(v - ndcg_of(q, plain) for v, q in zip(values, asked, strict=True)),
        }
        body.append([name, f"{mean(values):.3f}", str(change)])
    lines += ["", *markdown_table([f"ordinary questions ({len(asked)})", "nDCG@10", "change, points"], body)]
    figures = {
        "weight": weight,
        "twins": {name: mean(before_twin(r, w) for r in held) for name, w in settings.items()},
        "questions": costs,
    }
    return lines, figures


def main() -> int:
    """Runs the benchmark and prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="folder or hub id; the default model if not given")
    parser.add_argument("--without-encoder", action="store_true", help="the arm alone and with BM25; seconds")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = twins()
    encoder = NoEncoder() if arguments.without_encoder else load(arguments.model)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_index(folder, encoder, entities=True) as index,
    ):
        ask_twins(index, rows)
        questions = ask_questions(index)
        if arguments.without_encoder:
            lines, figures = arm_report(rows, questions, before_twin, ndcg_of)
        else:
            lines, figures = report(rows, questions, index.weights)
        rate = speed(index)
    encoding = "no encoder" if arguments.without_encoder else f"the encoder: {rate['encoder']:.1f}"
    lines += [
        "",
        f"Entities and assertions: {rate['entities']:.0f} passages a second of processor time; "
        f"{encoding} ({rate['passages']:.0f} passages of the sample matters).",
    ]
    print("\n".join(lines))
    if arguments.json:
        content = {
            **figures,
            "speed": rate,
            "twins found": {r.id: r.found for r in rows},
            "questions found": [[q.id, sorted(q.relevant), q.found] for q in questions],
        }
        arguments.json.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
