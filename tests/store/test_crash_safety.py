"""SIGKILL at random moments: nothing acknowledged is lost, doubled or stale, and a second run completes."""

from __future__ import annotations

import importlib.util
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from qdrant_mejurix import ingest, open_index

KILLS = 10
DOCUMENTS = 30
DOOMED = ["d00.txt", "d07.txt", "d29.txt"]
WORKER = Path(__file__).with_name("crash_worker.py")


def _text(number, version):
    lines = [
        f"Finding {i} of document {number} in version {version}: the {'left' if i % 2 else 'right'} knee."
        for i in range(6 + number % 5)
    ]
    return "\n\n".join(f"Section {version}{i}\n\n{line * 6}" for i, line in enumerate(lines))


def _write(folder, version_of):
    folder.mkdir(exist_ok=True)
    for number in range(DOCUMENTS):
        (folder / f"d{number:02}.txt").write_text(_text(number, version_of(number)), encoding="utf-8")


def _state(matter):
    """Texts by document, and the ids of records."""
    documents, records, offset = {}, set(), None
    while True:
        page, offset = matter.scroll(limit=500, offset=offset)
        for record in page:
            if record.payload["kind"] == "record":
                records.add(record.id)
            else:
                documents.setdefault(record.chunk.document, []).append(
                    (record.chunk.start, record.chunk.text)
                )
        if offset is None:
            return {name: sorted(texts) for name, texts in documents.items()}, records


def _command(store, files):
    return [sys.executable, str(WORKER), str(store), str(files), ",".join(DOOMED)]


@pytest.fixture(scope="module")
def worker():
    """The worker's own code, to run the same command again without the cost of a process."""
    sys.path.insert(0, str(WORKER.parent))
    try:
        spec = importlib.util.spec_from_file_location("crash_worker", WORKER)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(WORKER.parent))
    slab, seconds = ingest.SLAB, ingest.COMMIT_SECONDS
    yield module
    ingest.SLAB, ingest.COMMIT_SECONDS = slab, seconds


@pytest.fixture(scope="module")
def scene(tmp_path_factory, hashing_class):
    """A store with version A of all files; the files, two thirds now in version B; the passages of both."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = tmp_path_factory.mktemp("crash")
    if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30:
        folder = memory / f"mejurix-crash-{folder.parent.name}-{folder.name}"
        folder.mkdir()
    files = folder / "files"
    states = {}
    for version, chosen in (("A", lambda n: "A"), ("B", lambda n: "B" if n % 3 else "A")):
        _write(files, chosen)
        with open_index(folder / f"clean-{version}", hashing_class()) as index:
            index.matter("case").add(sorted(files.iterdir()), progress=False)
            if version == "A":
                index.matter("closed").add_records(["old case"] * 200)
            states[version] = _state(index.matter("case"))[0]
    yield folder, files, states
    if folder.parent == memory:
        shutil.rmtree(folder)


def _check_killed(index, states, said):
    matter = index.matter("case")
    documents, records = _state(matter)
    for name in states["A"]:
        found = documents.get(name, [])
        allowed = [states["A"][name], states["B"][name]]
        if "added" in said:
            allowed = [states["B"][name]]
            if name in DOOMED:
                allowed = [[]] if "deleted" in said else [*allowed, []]
        assert found in allowed, f"{name} is neither one whole version nor another, after {said}"
    if "recorded" in said:
        assert records == {f"note-{i}" for i in range(40)}
    assert len(documents) <= DOCUMENTS
    closed = index.matter("closed").count()
    assert closed in ((0,) if "closed" in said else (0, 200))
    # Files of which the store still holds the older version are told; nothing else may differ.
    assert {d.kind for d in index.verify()} <= {"file changed"}


def _check_done(index, states):
    documents, records = _state(index.matter("case"))
    assert documents == {name: texts for name, texts in states["B"].items() if name not in DOOMED}
    assert records == {f"note-{i}" for i in range(40)}
    assert index.matters() == ["case"]
    assert index.verify() == []


def test_killed_at_any_moment(scene, hashing_class, worker):
    folder, files, states = scene
    chance = random.Random(20261122)  # noqa: S311
    span, killed, moments, trial = None, 0, set(), 0
    while killed < KILLS:
        trial += 1
        assert trial < 5 * KILLS
        store = folder / f"trial-{trial}"
        shutil.copytree(folder / "clean-A", store)
        process = subprocess.Popen(_command(store, files), stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert process.stdout.readline() == "open\n"
        began = time.monotonic()
        timer = None
        if span is not None:  # the first run is left alone: it says how long one takes
            timer = threading.Timer(chance.uniform(0.05, 0.95) * span, process.send_signal, [signal.SIGKILL])
            timer.start()
        said = process.stdout.read().split()
        if process.wait() == -signal.SIGKILL:
            killed += 1
            with open_index(store, hashing_class()) as index:
                moments.add((len(said), bool(index.recovered)))
                _check_killed(index, states, said)
            worker.run(str(store), str(files), ",".join(DOOMED))
        else:  # done before its time: the machine has become faster
            assert process.returncode == 0
            span = time.monotonic() - began
        if timer is not None:
            timer.cancel()
        with open_index(store, hashing_class()) as index:
            _check_done_again(index, states, files)
        shutil.rmtree(store)
    assert len(moments) > 1


def _check_done_again(index, states, files):
    # The doomed files are still on disk, so a second run added them again and deleted them again.
    _check_done(index, states)
    report = index.matter("case").add(
        [p for p in sorted(files.iterdir()) if p.name not in DOOMED], progress=False
    )
    assert not report.added
    assert not report.failed


def test_killed_while_the_store_is_made(tmp_path, hashing_class):
    """Creation interrupted: the next opening starts anew."""
    store = tmp_path / "store"
    open_index(store, hashing_class()).close()
    shutil.rmtree(store / "shard" / "segments")  # half a shard ...
    (store / "manifest.sqlite3").unlink()
    (store / "creating").touch()  # ... and the mark that creation was not done
    with open_index(store, hashing_class()) as index:
        index.matter("m").add_records(["knee"])
        assert index.verify() == []


def test_interrupt_keeps_whole_documents_and_leaves_nothing_behind(
    tmp_path, hashing_class, case_files, monkeypatch
):
    monkeypatch.setattr(ingest, "SLAB", 1)
    encoder = hashing_class()
    with open_index(tmp_path / "store", encoder) as index:
        matter = index.matter("m")
        original, calls = encoder.encode_document, []

        def interrupted(texts, **options):
            calls.append(texts)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return original(texts, **options)

        index.encoder._encoder.encode_document = interrupted
        with pytest.raises(KeyboardInterrupt):
            matter.add(case_files, progress=False)
        complete = [d.name for d in matter.documents()]
        assert complete == [
            "records.txt"
        ]  # two passages, both embedded; the third call was the next document's
        assert index.verify() == []
        del index.encoder._encoder.encode_document
        report = matter.add(case_files, progress=False)
        assert len(report.skipped) == len(complete)
        assert len(report.added) == 3 - len(complete)
        assert index.verify() == []
