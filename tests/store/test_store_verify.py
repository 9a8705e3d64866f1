"""`verify` says what differs between files, manifest and store: each difference is made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qdrant_mejurix.filters import document_in, equals, having_ids, models
from qdrant_mejurix.manifest import State


@pytest.fixture
def matter(index, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    assert index.verify() == []
    return matter


def _told(index):
    return [(d.kind, d.matter, d.document) for d in index.verify()]


def test_missing_and_changed_files(index, matter, case_files):
    case_files[0].unlink()
    case_files[1].write_text("Amended.", encoding="utf-8")
    assert _told(index) == [("file changed", "m", "decision.txt"), ("file missing", "m", "records.txt")]


def test_lost_and_stray_passages(index, matter):
    found, _ = index.store.scroll(document_in("m", "records.txt"), 10)
    index.store.delete(having_ids([found[0].id]))
    assert _told(index) == [("passages missing", "m", "records.txt")]
    index.store.manifest.remove("m", "decision.txt")
    assert ("passages stray", "m", "decision.txt") in _told(index)


def test_stale_passages(index, matter):
    entry = index.store.manifest.get("m", "records.txt")
    index.store.manifest.put([replace(entry, version="0" * 64)])
    assert {kind for kind, *_ in _told(index)} == {"passages missing", "passages stale"}


def test_unfinished_work_is_told_then_recovered(index, matter):
    entry = index.store.manifest.get("m", "records.txt")
    index.store.manifest.put([replace(entry, staged="1" * 64)])
    assert _told(index) == [("unfinished", "m", "records.txt")]
    index.store.manifest.put([replace(entry, state=State.SWITCHING)])
    assert _told(index) == [("unfinished", "m", "records.txt")]
    assert len(index.recover()) == 1
    assert _told(index) == []


def test_unknown_matter_and_wrong_offsets(index, matter):
    index.store.set_payload(models.Filter(must=[equals("document", "records.txt")]), {"end": 1})
    assert _told(index) == [("offsets", "m", "records.txt")]
    index.store.set_payload(models.Filter(must=[equals("document", "decision.txt")]), {"matter": "elsewhere"})
    assert {("matter unknown", "elsewhere", ""), ("passages stray", "elsewhere", "decision.txt")} <= set(
        _told(index)
    )
    assert all(str(difference) for difference in index.verify())
