"""Bad circumstances: a store that is open elsewhere, damaged, of another format, on a full disk, or closed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from qdrant_mejurix import open_index

from mejurix_st.errors import StoreError


def test_one_owner_at_a_time(tmp_path, encoder):
    with (
        open_index(tmp_path / "store", encoder),
        pytest.raises(StoreError, match=f"process {os.getpid()}.*close"),
    ):
        open_index(tmp_path / "store", encoder)
    open_index(tmp_path / "store", encoder).close()


def test_another_process_is_named(tmp_path, encoder):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from hashing_encoder import HashingEncoder\n"
        "from qdrant_mejurix import open_index\n"
        "index = open_index(sys.argv[1], HashingEncoder()); print('open', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "store"), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=f"process {other.pid}"):
            open_index(tmp_path / "store", encoder)
        other.kill()
    open_index(tmp_path / "store", encoder).close()


def _filled(folder, encoder):
    with open_index(folder, encoder) as index:
        index.matter("m").add_records([f"knee {i}" for i in range(50)])


def _cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


DAMAGES = {
    "manifest gone": lambda store: (store / "manifest.sqlite3").unlink(),
    "manifest garbage": lambda store: (store / "manifest.sqlite3").write_bytes(b"no database" * 500),
    "shard gone": lambda store: shutil.rmtree(store / "shard"),
    "segments gone": lambda store: shutil.rmtree(store / "shard" / "segments"),
    "config cut": lambda store: _cut(store / "shard" / "edge_config.json"),
    "segment state cut": lambda store: _cut(next(store.glob("shard/segments/*/segment.json"))),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folders_are_refused(tmp_path, encoder, damage):
    _filled(tmp_path / "store", encoder)
    DAMAGES[damage](tmp_path / "store")
    with pytest.raises(StoreError, match=r"damaged|cannot be used"):
        open_index(tmp_path / "store", encoder)


def test_lost_passages_are_noticed_at_opening_and_told_by_verify(tmp_path, encoder, case_files):
    from qdrant_mejurix.filters import models

    with open_index(tmp_path / "store", encoder) as index:
        index.matter("m").add(case_files, progress=False)
        index.store.delete(models.Filter())
    with pytest.raises(StoreError, match="damaged"):
        open_index(tmp_path / "store", encoder)
    with open_index(tmp_path / "store") as index:
        assert [d.kind for d in index.verify()] == ["passages missing"] * 3


def test_other_folders_are_refused(tmp_path, encoder):
    (tmp_path / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    with pytest.raises(StoreError, match="not a store"):
        open_index(tmp_path, encoder)
    with pytest.raises(StoreError, match=r"letter\.txt"):
        open_index(tmp_path / "letter.txt", encoder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letter.txt"]


def test_a_mistyped_folder_is_not_made(tmp_path, encoder):
    for arguments in ({"encoder": encoder, "create": False}, {}):
        with pytest.raises(StoreError, match="no index"):
            open_index(tmp_path / "typo", **arguments)
    assert not (tmp_path / "typo").exists()


def test_a_newer_format_is_refused(tmp_path, encoder):
    _filled(tmp_path / "store", encoder)
    with sqlite3.connect(tmp_path / "store" / "manifest.sqlite3") as connection:
        connection.execute("UPDATE settings SET value = json_set(value, '$.format', 9)")
    connection.close()
    with pytest.raises(StoreError, match="format 9"):
        open_index(tmp_path / "store", encoder)


def test_full_disk(tmp_path, encoder, case_files, monkeypatch):
    usage = namedtuple("usage", "total used free")
    with open_index(tmp_path / "store", encoder) as index:
        matter = index.matter("m")
        matter.add(case_files, progress=False)
        before = matter.scroll(limit=100)[0]
        case_files[0].write_text("Changed.", encoding="utf-8")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1 << 30, 1 << 30, 5 << 20))
        with pytest.raises(StoreError, match=r"5 MiB free.*free some space"):
            matter.add(case_files, progress=False)
        assert matter.scroll(limit=100)[0] == before
        assert {d.kind for d in index.verify()} == {"file changed"}
        monkeypatch.undo()
        assert matter.add(case_files, progress=False).replaced == [str(case_files[0])]
        assert index.verify() == []


def test_closed_index_says_so(tmp_path, encoder):
    index = open_index(tmp_path / "store", encoder)
    index.close()
    index.close()
    with pytest.raises(StoreError, match="closed"):
        index.matter("m").search("knee")
