"""The main job on real input: index all development documents by the command, then search them.

    python -m benchmarks.indexing [--limit N] [--dtype bfloat16] [--output FILE.json]

Prints documents, chunks, tokens, seconds, tokens per second, peak memory and disk of one `mejurix-st index` run
over the 50 decisions and 1,088 clinical notes, checks every chunk against its source, and times 200 searches,
each with the embedding of its query.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mejurix_st.evaluation.data import data_folder

MATTER = "benchmark"


def write_documents(data: Path, folder: Path, limit: int | None) -> int:
    """Decisions as they are, notes one file each; returns how many."""
    paths = sorted((data / "text" / "bva").glob("*.txt"))
    with gzip.open(data / "text" / "clinical_notes" / "notes.jsonl.gz", "rt", encoding="utf-8") as file:
        notes = [json.loads(line) for line in file]
    for path in paths[: limit and limit // 10]:
        shutil.copy(path, folder / path.name)
    for note in notes[:limit]:
        (folder / f"note-{note['id']:04d}.txt").write_text(note["text"], encoding="utf-8")
    return len(list(folder.iterdir()))


def index(folder: Path, store: Path, dtype: str = "float32") -> dict[str, float]:
    """One run of the command in a process of its own."""
    command = [sys.executable, "-m", "mejurix_cli.main", "index", str(folder), "--matter", MATTER]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--store", str(store), "--quiet", "--dtype", dtype],
        check=False,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"index failed with {done.returncode}: {done.stderr[-2000:]}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = sum(p.stat().st_blocks * 512 for p in store.rglob("*") if p.is_file())  # engine files are sparse
    return {"seconds": seconds, "peak_memory_mb": usage.ru_maxrss / 1024, "disk_mb": size / 1e6}


def check_and_search(store: Path, folder: Path, data: Path, searches: int) -> dict[str, float]:
    """Offsets of every chunk against the source, token counts, and the time of searches one after another."""
    from qdrant_mejurix import open_index

    from mejurix_st import load
    from mejurix_st.text import read_document

    with gzip.open(data / "retrieval" / "bva_rule_to_rule.json.gz", "rt", encoding="utf-8") as file:
        queries = json.load(file)["queries"][:searches]
    with open_index(store, encoder=load()) as opened:
        matter = opened.matter(MATTER)
        records, after = matter.scroll(limit=1000)
        while after is not None:
            page, after = matter.scroll(limit=1000, offset=after)
            records += page
        texts = {path.name: read_document(path).text for path in folder.iterdir()}
        wrong = sum(texts[r.chunk.document][r.chunk.start : r.chunk.end] != r.chunk.text for r in records)
        matter.search(queries[0])
        times = []
        for query in queries:
            began = time.perf_counter()
            matter.search(query, limit=10)
            times.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    tokens = sum(r.chunk.tokens for r in records)
    return {
        "chunks": len(records),
        "tokens": tokens,
        "chunks_wrong_by_offset": wrong,
        "searches": len(times),
        "search_p50_ms": p50,
        "search_p95_ms": p95,
    }


def main() -> None:
    """Runs both parts and prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="only so many notes, and a tenth as many decisions")
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="while indexing")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    data = data_folder()
    with tempfile.TemporaryDirectory() as work:
        folder, store = Path(work) / "documents", Path(work) / "store"
        folder.mkdir()
        result: dict[str, float] = {"documents": write_documents(data, folder, arguments.limit)}
        result |= index(folder, store, arguments.dtype)
        result |= check_and_search(store, folder, data, arguments.searches)
    result["tokens_per_second"] = result["tokens"] / result["seconds"]
    result["processors"] = os.cpu_count() or 0
    result = {name: round(value, 1) for name, value in result.items()}
    print(json.dumps(result, indent=2))
    if arguments.output:
        arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
