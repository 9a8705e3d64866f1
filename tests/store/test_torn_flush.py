"""A flush killed between two of the engine's files: each state that can be left, put together and opened.

The engine writes a segment's files in one order: which points there are, field indexes, payloads, versions
of points. A kill at random hardly ever falls between them, so here the folder is kept before and after each
flush, and files of the two are mixed.
"""

from __future__ import annotations

import random
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qdrant_mejurix import open_index
from qdrant_mejurix.edge_store import EdgeStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from qdrant_mejurix import Index

ORDER = ["mappings", "vector", "payload_index", "payload_storage", "versions", "segment.json"]


def _text(version: str) -> str:
    return "\n\n".join(f"Finding {i} in version {version}: the left knee. " * 12 for i in range(8))


def _found(index, matter: str) -> str:
    """Versions of the texts found, as letters."""
    texts = [record.chunk.text for record in index.matter(matter).scroll(limit=99)[0]]
    return "".join(sorted({text.split(":")[0][-1] for text in texts}))


@contextmanager
def _kept_flushes(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Path, Path]]]:
    """Folders (before, after) of each flush within it."""
    kept: list[tuple[Path, Path]] = []
    flush = EdgeStore.flush

    def keeping(self: EdgeStore) -> None:
        before, after = (store.with_name(f"{when}-{len(kept)}") for when in ("before", "after"))
        shutil.copytree(store, before)
        flush(self)
        shutil.copytree(store, after)
        kept.append((before, after))

    with monkeypatch.context() as patch:
        patch.setattr(EdgeStore, "flush", keeping)
        yield kept


def _written(before: Path, after: Path) -> list[list[Path]]:
    """What the flush changed in segments: files that belong together, in the order they are written."""
    groups: dict[tuple[int, str], list[Path]] = {}
    for path in sorted(after.glob("shard/segments/**/*")):
        name = path.relative_to(after)
        old = before / name
        if path.is_file() and not (old.exists() and old.read_bytes() == path.read_bytes()):
            step = next(i for i, part in enumerate(ORDER) if part in str(name))
            groups.setdefault((step, name.parts[4] if ORDER[step] == "payload_index" else ""), []).append(
                name
            )
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


def _each_tear(before: Path, after: Path, hashing_class: type) -> Iterator[Index]:
    """Indexes opened on the folder before a flush with some of the files from after it."""
    torn = before.with_name("torn")
    for tear in _tears(_written(before, after), random.Random(20261123)):  # noqa: S311
        shutil.copytree(before, torn)
        for name in (name for group in tear for name in group):
            (torn / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(after / name, torn / name)
        with open_index(torn, hashing_class()) as index:
            yield index
        shutil.rmtree(torn)


def test_a_change_of_version_killed_in_a_flush(tmp_path, hashing_class, monkeypatch):
    store, file = tmp_path / "store", tmp_path / "letter.txt"
    file.write_text(_text("A"), encoding="utf-8")
    with open_index(store, hashing_class()) as index:
        index.matter("case").add([file], progress=False)
    file.write_text(_text("B"), encoding="utf-8")
    with open_index(store, hashing_class()) as index, _kept_flushes(store, monkeypatch) as flushes:
        index.matter("case").add([file], progress=False)
        index.matter("case").delete("letter.txt")
    assert len(flushes) == 3  # staged, switched, deleted
    for (before, after), expected in zip(flushes, ["A", "B", ""], strict=True):
        for index in _each_tear(before, after, hashing_class):
            assert _found(index, "case") == expected
            # What is not finished is taken back, and the file is then newer than what the store holds.
            kinds = [difference.kind for difference in index.verify()]
            assert kinds == (["file changed"] if expected == "A" else [])


def test_records_replaced_and_a_matter_deleted_killed_in_a_flush(tmp_path, hashing_class, monkeypatch):
    store, ids = tmp_path / "store", [f"note-{i}" for i in range(12)]
    with open_index(store, hashing_class()) as index:
        index.matter("case").add_records(["Version A: the left knee."] * 12, ids=ids)
        index.matter("closed").add_records(["Version C: the right knee."] * 12)
    with open_index(store, hashing_class()) as index, _kept_flushes(store, monkeypatch) as flushes:
        index.matter("case").add_records(["Version B: the left knee."] * 12, ids=ids)
        index.delete_matter("closed")
    assert len(flushes) == 2
    for (before, after), closed in zip(flushes, ["C", ""], strict=True):
        for index in _each_tear(before, after, hashing_class):
            assert (_found(index, "case"), index.matter("case").count()) == ("B", 12)
            assert _found(index, "closed") == closed
            assert index.verify() == []
