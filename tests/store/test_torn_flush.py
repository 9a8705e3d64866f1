"""A flush killed between two of the engine's files: each state that can be left, put together and opened.

The engine writes a segment's files in one order: which points there are, field indexes, payloads, versions
of points. A kill at random hardly ever falls between them, so here the folder is kept before and after each
flush, and files of the two are mixed.
"""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest
from qdrant_mejurix import open_index
from qdrant_mejurix.edge_store import EdgeStore

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ["mappings", "vector", "payload_index", "payload_storage", "versions", "segment.json"]


def _text(version: str) -> str:
    return "\n\n".join(f"Finding {i} in version {version}: the left knee. " * 12 for i in range(8))


def _texts(index) -> str:
    """Versions of the texts found, as letters."""
    return "".join(sorted({r.chunk.text.split(":")[0][-1] for r in index.matter("case").scroll(limit=99)[0]}))


@pytest.fixture
def flushes(tmp_path, hashing_class, monkeypatch):
    """Folders (before, after) of each flush while a document changes from A to B and is deleted."""
    store, file = tmp_path / "store", tmp_path / "letter.txt"
    file.write_text(_text("A"), encoding="utf-8")
    with open_index(store, hashing_class()) as index:
        index.matter("case").add([file], progress=False)
    kept: list[tuple[Path, Path]] = []  # while the new version is staged, switched, and deleted
    flush = EdgeStore.flush

    def keeping(self) -> None:
        before, after = tmp_path / f"before-{len(kept)}", tmp_path / f"after-{len(kept)}"
        shutil.copytree(store, before)
        flush(self)
        shutil.copytree(store, after)
        kept.append((before, after))

    monkeypatch.setattr(EdgeStore, "flush", keeping)
    file.write_text(_text("B"), encoding="utf-8")
    with open_index(store, hashing_class()) as index:
        index.matter("case").add([file], progress=False)
        index.matter("case").delete("letter.txt")
    monkeypatch.undo()
    return kept


def _written(before: Path, after: Path) -> list[list[Path]]:
    """What the flush changed in segments: files that belong together, in the order they are written."""
    groups: dict[tuple[int, str], list[Path]] = {}
    for path in sorted(after.glob("shard/segments/**/*")):
        name = path.relative_to(after)
        old = before / name
        if path.is_file() and not (old.exists() and old.read_bytes() == path.read_bytes()):
            step = next(i for i, part in enumerate(ORDER) if part in str(name))
            groups.setdefault((step, name.parts[4] if ORDER[step] == "payload_index" else ""), []).append(name)
    return [groups[key] for key in sorted(groups)]


def _tears(groups: list[list[Path]], chance: random.Random) -> list[list[list[Path]]]:
    """Sets of groups that can have been written when the process was killed."""
    first = next(i for i, group in enumerate(groups) if "payload_index" in str(group[0]))
    indexes = [group for group in groups if "payload_index" in str(group[0])]
    tears = [groups[:count] for count in range(0, len(groups) + 1, 3)]
    for _ in range(4):  # the engine gives no order among the indexes of fields
        chance.shuffle(indexes)
        tears.append(groups[:first] + indexes[: chance.randint(1, len(indexes))])
    return tears


def test_a_flush_killed_halfway_loses_nothing(flushes, tmp_path, hashing_class):
    chance, torn = random.Random(20261123), tmp_path / "torn"  # noqa: S311
    assert len(flushes) == 3
    for (before, after), expected in zip(flushes, ["A", "B", ""], strict=True):
        for tear in _tears(_written(before, after), chance):
            shutil.copytree(before, torn)
            for name in (name for group in tear for name in group):
                (torn / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(after / name, torn / name)
            with open_index(torn, hashing_class()) as index:
                assert _texts(index) == expected, tear
                # What is not finished is taken back, and the file is then newer than what the store holds.
                kinds = [difference.kind for difference in index.verify()]
                assert kinds == (["file changed"] if expected == "A" else [])
            shutil.rmtree(torn)
