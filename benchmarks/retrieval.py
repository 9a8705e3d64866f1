"""nDCG@10 and recall@10 on the development retrieval sets: BM25, peers, the default model, and their fusion.

    python -m benchmarks.retrieval [MODEL ...] [--fuse MODEL] [--passages best|first] [--json FILE]

MODEL is a peer's name (see `mejurix_st.evaluation.peers`), a folder, or a hub id.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from mejurix_st.errors import MejurixError
from mejurix_st.evaluation.data import RETRIEVAL_SETS, load_retrieval_sets
from mejurix_st.evaluation.peers import DEFAULT_PEERS, load_peers
from mejurix_st.evaluation.retrieval import (
    PASSAGE_TOKENS,
    RetrievalResult,
    bm25_scores,
    dense_scores,
    score_rankings,
)


def table(results: list[RetrievalResult]) -> str:
    """Markdown: a row for each model, nDCG@10 with interval and recall@10 for each set."""
    tasks = list(dict.fromkeys(result.task for result in results))
    lines = [
        "| model | " + " | ".join(f"{task} nDCG@10 | recall@10" for task in tasks) + " |",
        "|---" * (1 + 2 * len(tasks)) + "|",
    ]
    for model in dict.fromkeys(result.model for result in results):
        found = {result.task: result.estimates() for result in results if result.model == model}
        cells = [f"{found[task]['ndcg@10']} | {found[task]['recall@10'].mean:.3f}" for task in tasks]
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Runs the benchmark and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=list(DEFAULT_PEERS))
    parser.add_argument("--sets", nargs="+", default=list(RETRIEVAL_SETS))
    parser.add_argument("--passages", choices=["best", "first"], default="best")
    parser.add_argument("--passage-tokens", type=int, default=PASSAGE_TOKENS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    try:
        tasks = load_retrieval_sets(arguments.sets)
        results = [score_rankings("BM25", task, bm25_scores(task)) for task in tasks]
    except MejurixError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    encoders, missing = load_peers(tuple(arguments.models))
    for encoder in encoders:
        for task in tasks:
            start = time.perf_counter()
            scores = dense_scores(encoder, task, arguments.passages, arguments.passage_tokens)
            results.append(score_rankings(encoder.name, task, scores))
            sys.stderr.write(
                f"{encoder.name} {task.name}: {results[-1].ndcg.mean():.4f}, "
                f"{time.perf_counter() - start:.0f} s\n"
            )
    print(table(results))
    for name, reason in missing.items():
        print(f"\nnot loaded: {name}: {reason}")
    if arguments.json:
        arguments.json.write_text(json.dumps([result.to_dict() for result in results], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
