"""Searches while documents change: each sees the one version or the other, never both, never neither."""

from __future__ import annotations

import threading
import time

import pytest
from qdrant_mejurix import open_index
from qdrant_mejurix.locking import ReadWriteLock


def _version(number):
    return "\n\n".join(
        f"Section {i}\n\nMarker{number} knee finding {i}. " + "Long text. " * 60 for i in range(8)
    )


@pytest.mark.parametrize("back_end", ["edge", "memory"])
def test_replacement_is_atomic_for_searches(back_end, tmp_path, hashing_class):
    path = tmp_path / "records.txt"
    path.write_text(_version(0), encoding="utf-8")
    seen, wrong, done = set(), [], threading.Event()
    with open_index(":memory:" if back_end == "memory" else tmp_path / "store", hashing_class()) as index:
        matter = index.matter("m")
        matter.add(path, progress=False)
        passages = matter.count()

        def search():
            while not done.is_set():
                hits = matter.search("knee finding", limit=50)
                versions = {hit.payload["version"] for hit in hits}
                seen.update(versions)
                if len(versions) != 1 or len(hits) != passages:
                    wrong.append((len(hits), versions))
                if (count := matter.count()) != passages:
                    wrong.append(count)

        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, 9):
                path.write_text(_version(number), encoding="utf-8")
                assert matter.add(path, progress=False).replaced
                version = index.store.manifest.get("m", "records.txt").version
                until = time.monotonic() + 20
                while version not in seen and time.monotonic() < until:
                    time.sleep(0.001)  # every version is searched, however busy the machine
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert wrong == []
        assert len(seen) == 9
        assert index.verify() == []


def test_threads_may_add_at_the_same_time(tmp_path, hashing_class):
    with open_index(tmp_path / "store", hashing_class()) as index:

        def add(number):
            path = tmp_path / f"d{number}.txt"
            path.write_text(_version(number), encoding="utf-8")
            index.matter(f"m{number % 2}").add(path, progress=False)
            index.matter("records").add_records([f"note {number}"])

        threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(index.matter(m).documents()) for m in ("m0", "m1")] == [3, 3]
        assert index.matter("records").count() == 6
        assert index.verify() == []


def test_a_waiting_writer_goes_before_new_readers():
    lock, order = ReadWriteLock(), []
    reading, release = threading.Event(), threading.Event()

    def first():
        with lock.reading():
            reading.set()
            release.wait()
            order.append("first reader")

    def writer():
        with lock.writing():
            order.append("writer")

    def late():
        with lock.reading():
            order.append("late reader")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    reading.wait()
    threads.append(threading.Thread(target=writer))
    threads[1].start()
    while not lock._waiting:
        pass
    threads.append(threading.Thread(target=late))
    threads[2].start()
    release.set()
    for thread in threads:
        thread.join()
    assert order == ["first reader", "writer", "late reader"]
