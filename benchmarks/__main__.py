"""All benchmarks, one after another: `make bench`, or `python -m benchmarks NAME …` for some of them.

Those that need the development data (`MEJURIX_DATA`) say so and end; the others go on.
"""

from __future__ import annotations

import subprocess
import sys

COMMANDS = {
    "retrieval": ["-m", "benchmarks.retrieval"],
    "indexing": ["-m", "benchmarks.indexing"],
    "entities": ["benchmarks/entities.py"],
    "assertions": ["benchmarks/assertions.py"],
    "answers": ["-m", "benchmarks.answers"],
    "attacks": ["-m", "benchmarks.attacks"],
}


def main() -> int:
    """Runs the named benchmarks, or all; returns the number that failed."""
    names = sys.argv[1:] or list(COMMANDS)
    if unknown := [name for name in names if name not in COMMANDS]:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names:
        print(f"== {name}", flush=True)
        failed += bool(subprocess.run([sys.executable, *COMMANDS[name]], check=False).returncode)
    return failed


if __name__ == "__main__":
    sys.exit(main())
