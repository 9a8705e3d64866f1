"""Run as a script and killed by test_crash_safety.py: adds, deletes, and says what has been acknowledged.

Arguments: store folder, folder of files, names to delete (comma separated).
"""

# ruff: noqa: T201 - the parent reads what is printed
from __future__ import annotations

import sys
from pathlib import Path

from hashing_encoder import HashingEncoder
from qdrant_mejurix import ingest, open_index


def run(store: str, files: str, doomed: str) -> None:
    ingest.SLAB, ingest.COMMIT_SECONDS = 8, 0.0  # many small steps, so that a kill finds each of them
    print("open", flush=True)
    with open_index(store, HashingEncoder()) as index:
        matter = index.matter("case")
        matter.add(sorted(Path(files).iterdir()), progress=False)
        print("added", flush=True)
        for name in doomed.split(","):
            matter.delete(name)
        print("deleted", flush=True)
        matter.add_records([f"note {i}" for i in range(40)], ids=[f"note-{i}" for i in range(40)])
        print("recorded", flush=True)
        index.delete_matter("closed")
        print("closed", flush=True)


if __name__ == "__main__":
    run(*sys.argv[1:4])
