"""The README's table of bad inputs: what each gets, word for word where the words are short."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("bad_files", Path(__file__).with_name("bad_files.py"))
bad_files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(bad_files)

MESSAGES = {
    "empty.txt": "error: empty.txt: the file is empty.",
    "binary.txt": "error: binary.txt: named as text, but it is a program.",
    "locked.pdf": "error: locked.pdf: encrypted PDF; remove the password and add it again.",
    "scan.pdf": (
        "error: scan.pdf: PDF without a text layer (pages 1-2); it is a scan or empty. Run OCR on it first."
    ),
    "broken.docx": "error: broken.docx: broken DOCX, it could not be opened (BadZipFile).",
    "broken.pdf": "error: broken.pdf: broken PDF, it could not be opened",
    "old.hwp": "error: old.hwp: a Hangul file; save it as PDF or .docx.",
}


def _index(cli, path, store, model, matter="smith"):
    return cli("index", path, "--matter", matter, "--store", store, "--model", model)


def test_unreadable_files_are_named_and_the_others_indexed(cli, files, tmp_path, tiny_folder):
    for name, write in bad_files.WRITERS.items():
        if name.endswith(".pdf") and importlib.util.find_spec("reportlab") is None and name != "broken.pdf":
            continue
        write(files / name)
    names = [path.name for path in files.iterdir() if path.name in MESSAGES]
    outcome = cli(
        "index",
        *sorted(files.iterdir()),
        "--matter",
        "smith",
        "--store",
        tmp_path / "s",
        "--model",
        tiny_folder,
    )
    assert outcome.code == 1
    lines = outcome.err.splitlines()
    assert len(lines) == len(names) >= 5
    for name in names:
        assert any(line.startswith(MESSAGES[name]) for line in lines), (name, lines)
    assert "2 added" in outcome.out
    assert f"{len(names)} failed" in outcome.out
    listed = json.loads(cli("documents", "--matter", "smith", "--store", tmp_path / "s", "--json").out)
    assert [item["name"] for item in listed] == ["records.txt", "진단서.txt"]


def test_a_legacy_encoding_is_read_and_the_guess_is_said(cli, tmp_path, tiny_folder):
    path = tmp_path / "korean.txt"
    path.write_bytes("환자는 요추 골절로 진단받았다. 수술은 필요하지 않다.\n".encode("cp949"))
    outcome = _index(cli, path, tmp_path / "s", tiny_folder)
    assert outcome.code == 0
    assert outcome.error_line == ("warning: korean.txt: decoded as CP949 (EUC-KR), a guess; it is not UTF-8")
    found = json.loads(
        cli("search", "요추 골절", "-m", "smith", "-s", tmp_path / "s", "--model", tiny_folder, "--json").out
    )
    assert "요추 골절로 진단받았다" in found[0]["text"]


def test_missing_path_and_directory(cli, files, tmp_path, tiny_folder):
    missing = _index(cli, tmp_path / "none.pdf", tmp_path / "s", tiny_folder)
    assert (missing.code, missing.error_line) == (
        2,
        f"error: No such file or directory: {tmp_path / 'none.pdf'}.",
    )
    assert not (tmp_path / "s").exists()
    empty = tmp_path / "nothing"
    empty.mkdir()
    nothing = _index(cli, empty, tmp_path / "s", tiny_folder)
    assert nothing.code == 1
    assert nothing.error_line.startswith(f"error: no file that can be read in {empty}")
    refused = cli("embed", files, "--output", tmp_path / "o.npy", "--model", tiny_folder)
    assert (refused.code, refused.error_line) == (2, f"error: {files}: this is a directory; give a file.")


def test_odd_matter_names(cli, files, tmp_path, tiny_folder):
    odd = "../../etc/Smith & Söhne; 김 대 이 ⚖"
    store = tmp_path / "s"
    assert _index(cli, files, store, tiny_folder, odd).code == 0
    assert cli("matters", "--store", store).out == odd + "\n"
    assert {path.name for path in tmp_path.iterdir()} == {"files", "s"}
    for name, message in (
        (" ", "error: The matter name is empty; give 1 to 200 printable characters."),
        ("a\u200bb", "error: The matter name 'a\\u200bb' holds U+200B at position 1"),
        ("x" * 201, "error: The matter name has 201 characters; give at most 200."),
    ):
        outcome = _index(cli, files, store, tiny_folder, name)
        assert outcome.code == 2
        assert outcome.error_line.startswith(message)


def test_another_model_is_refused_before_anything_is_written(cli, files, indexed, other_folder, tiny_folder):
    before = cli("documents", "--matter", "smith", "--store", indexed, "--json").out
    (files / "new.txt").write_text("A new record.", encoding="utf-8")
    for outcome in (
        _index(cli, files, indexed, other_folder),
        cli("search", "fracture", "-m", "smith", "-s", indexed, "--model", other_folder),
    ):
        assert outcome.code == 2
        assert outcome.error_line.startswith(f"error: The store {indexed} was made with ")
        assert outcome.error_line.endswith(
            "Open it with the model it was made with, or index the files into a new store."
        )
    assert cli("documents", "--matter", "smith", "--store", indexed, "--json").out == before


def test_a_store_that_is_open_elsewhere(cli, indexed, tiny_folder):
    code = (
        "import sys, mejurix_st; from qdrant_mejurix import open_index\n"
        f"index = open_index({str(indexed)!r}, create=False); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout.readline() == "open\n"
        outcome = cli("search", "fracture", "-m", "smith", "-s", indexed, "--model", tiny_folder)
        owner.stdin.close()
        owner.wait(60)
    assert outcome.code == 2
    assert f"{indexed} is open in process {owner.pid}" in outcome.error_line
    assert "a store has one owner at a time" in outcome.error_line
    assert cli("search", "fracture", "-m", "smith", "-s", indexed, "--model", tiny_folder).code == 0


def test_a_full_disk_while_indexing_keeps_what_was_there(cli, files, indexed, tiny_folder, monkeypatch):
    from qdrant_mejurix import edge_store

    (files / "more.txt").write_text("A further record of the injury.", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(edge_store, "_RESERVE", 1 << 62)  # more than any disk has free
        outcome = _index(cli, files, indexed, tiny_folder)
    assert outcome.code == 2
    assert "disk" in outcome.error_line or "space" in outcome.error_line
    assert cli("verify", "--store", indexed).code == 0
    assert _index(cli, files, indexed, tiny_folder).code == 0


def test_a_full_disk_while_writing_vectors_leaves_the_old_file(cli, tmp_path, tiny_folder, monkeypatch):
    texts, output = tmp_path / "texts.txt", tmp_path / "out.npy"
    texts.write_text("one\n", encoding="utf-8")
    output.write_bytes(b"old")

    def full(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        outcome = cli("embed", texts, "--output", output, "--model", tiny_folder)
    assert (outcome.code, outcome.error_line) == (
        2,
        f"error: {output}: no space left on the device; free some and run the same command again.",
    )
    assert output.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"texts.txt", "out.npy"}


def test_a_missing_extra_is_named(cli, files, tmp_path, tiny_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    (files / "report.pdf").write_bytes(b"%PDF-1.4 any")
    outcome = _index(cli, files / "report.pdf", tmp_path / "s", tiny_folder)
    assert outcome.code == 1
    assert (
        'Reading PDF files needs an optional dependency: pip install "mejurix-st[documents]"' in outcome.err
    )
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_cache_by_permission(cli, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    monkeypatch.setenv("HF_HOME", str(cache))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    _refused_cache(cli("install"), cache)


def test_a_cache_that_cannot_be_written(cli, tmp_path, monkeypatch):
    def read_only(self, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", read_only)
        outcome = cli("install")
    _refused_cache(outcome, tmp_path / "cache")


def _refused_cache(outcome, cache):
    assert outcome.code == 2
    assert outcome.error_line == (
        f"error: The model cache {cache / 'hub'} cannot be written (Permission denied). Set HF_HOME to a "
        "folder that can, or build the model elsewhere: mejurix-st install --output FOLDER, and load it by "
        "path."
    )


def test_no_store_no_model_no_command(cli, indexed, tmp_path, tiny_folder):
    nothing = cli("search", "x", "-m", "smith", "-s", tmp_path / "none", "--model", tiny_folder)
    assert nothing.error_line == (
        f"error: There is no index at {tmp_path / 'none'}; make one by adding files, or check the path."
    )
    assert not (tmp_path / "none").exists()
    model = cli("search", "x", "-m", "smith", "-s", indexed, "--model", "/no/such/model")
    assert model.error_line.startswith("error: There is no model folder /no/such/model;")
    unknown = cli("frobnicate")
    assert unknown.error_line == "error: No such command 'frobnicate'. See mejurix-st --help."
    missing = cli("search", "x")
    assert "'--matter'" in missing.error_line
    memory = cli("index", tmp_path, "-m", "smith", "-s", ":memory:")
    assert memory.error_line.startswith("error: A store in memory is gone when the command ends;")
    assert {o.code for o in (nothing, model, unknown, missing, memory)} == {2}
