"""nDCG@10 and recall@10 on the development retrieval sets: BM25, models, and each model fused with BM25.

    python -m benchmarks.retrieval [MODEL ...] [--passages best|first] [--json FILE]

MODEL is "default", a peer's name (see `mejurix_st.evaluation.peers`), a folder, or a hub id. Without any:
the default model, its base with mean pooling, and all-MiniLM-L6-v2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from mejurix_st.errors import MejurixError
from mejurix_st.evaluation.data import RETRIEVAL_SETS, load_retrieval_sets
from mejurix_st.evaluation.fusion import fit_fusion
from mejurix_st.evaluation.peers import DEFAULT, DEFAULT_PEERS, load_encoders
from mejurix_st.evaluation.report import markdown_table
from mejurix_st.evaluation.retrieval import (
    PASSAGE_TOKENS,
    RetrievalResult,
    bm25_scores,
    embed_task,
    score_rankings,
)


def table(results: list[RetrievalResult]) -> str:
    """Markdown: a row for each model, nDCG@10 with interval and recall@10 for each set."""
    tasks = list(dict.fromkeys(result.task for result in results))
    head = ["model", *(f"{task} {measure}" for task in tasks for measure in ("nDCG@10", "recall@10"))]
    body = []
    for model in dict.fromkeys(result.model for result in results):
        found = {result.task: result.estimates() for result in results if result.model == model}
        cells = [(str(found[task]["ndcg@10"]), f"{found[task]['recall@10'].mean:.3f}") for task in tasks]
        body.append([model, *(cell for pair in cells for cell in pair)])
    return "\n".join(markdown_table(head, body))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=[DEFAULT, *DEFAULT_PEERS])
    parser.add_argument("--sets", nargs="+", choices=RETRIEVAL_SETS, default=list(RETRIEVAL_SETS))
    parser.add_argument("--passages", choices=["best", "first"], default="best")
    parser.add_argument("--passage-tokens", type=int, default=PASSAGE_TOKENS)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Runs the benchmark and prints the table."""
    arguments = parse()
    try:
        tasks = load_retrieval_sets(arguments.sets)
        bm25 = [bm25_scores(task) for task in tasks]
    except MejurixError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    results = [score_rankings("BM25", task, scores) for task, scores in zip(tasks, bm25, strict=True)]
    weights = {}
    encoders, missing = load_encoders(arguments.models)
    for encoder in encoders:
        dense = []
        for task in tasks:
            start = time.perf_counter()
            embedded = embed_task(encoder, task, arguments.passages, arguments.passage_tokens)
            dense.append(embedded.scores())
            results.append(score_rankings(encoder.name, task, dense[-1]))
            seconds = time.perf_counter() - start
            sys.stderr.write(
                f"{encoder.name} {task.name}: nDCG@10 {results[-1].ndcg.mean():.4f}, "
                f"{len(embedded.passages)} passages, {seconds:.0f} s\n"
            )
        fit = fit_fusion(tasks, [{"dense": d, "bm25": b} for d, b in zip(dense, bm25, strict=True)])
        name = f"{encoder.name} + BM25"
        weights[name] = fit.weights.to_dict()
        results += [RetrievalResult(name, r.task, r.ndcg, r.recall) for r in fit.held_out.values()]
    print(table(results))
    print(
        f"\nPassages: {arguments.passages}, at most {arguments.passage_tokens} tokens. Fused rows: held out"
    )
    print("(5-fold cross-validation over queries); weights over all queries:")
    for name, found in weights.items():
        print(f"- {name}: {found}")
    for name, reason in missing.items():
        print(f"- not measured: {name}: {reason}")
    if arguments.json:
        content = {
            "results": [result.to_dict() for result in results],
            "weights": weights,
            "missing": missing,
        }
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
