"""What a user sees: add, search, fetch, delete, list, verify; on every back end alike."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from qdrant_mejurix import FusionWeights
from qdrant_mejurix.filters import models

from mejurix_st.errors import InputError


def test_add_then_search_cites_document_and_offsets(index, case_files):
    matter = index.matter("smith-v-jones")
    report = matter.add(case_files, progress=False)
    assert report.added == [str(path) for path in case_files]
    assert not report.skipped
    assert not report.failed
    assert report.chunks == matter.count() > 0
    best = matter.search("compression fracture of the lumbar spine", limit=5)[0]
    source = case_files[0].read_text(encoding="utf-8")
    assert best.chunk.document == "records.txt"
    assert source[best.chunk.start : best.chunk.end] == best.chunk.text
    assert best.chunk.matter == "smith-v-jones"
    assert best.rank == 1
    assert set(best.arms) == {"dense", "bm25"}


def test_hits_carry_each_arms_own_score(index, encoder, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    query = "surgery recommended"
    for hit in matter.search(query, limit=10):
        text = f"{hit.chunk.header}\n{hit.chunk.text}" if hit.chunk.header else hit.chunk.text
        assert hit.arms["dense"] == pytest.approx(
            float(encoder._vector(text) @ encoder._vector(query)), abs=1e-4
        )
    dense = {h.payload["id"]: h.score for h in matter.search(query, mode="dense")}
    bm25 = {h.payload["id"]: h.score for h in matter.search(query, mode="bm25")}
    for hit in matter.search(query):
        assert hit.arms["dense"] == pytest.approx(dense[hit.payload["id"]])
        assert hit.arms.get("bm25") == pytest.approx(bm25.get(hit.payload["id"]))


def test_fused_score_is_the_weighted_reciprocal_rank(index, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    weights = FusionWeights(dense=0.3, bm25=2.0, k=10)
    ranks = {
        arm: {h.payload["id"]: h.rank for h in matter.search("lumbar fracture", mode=arm)}
        for arm in ("dense", "bm25")
    }
    hits = matter.search("lumbar fracture", weights=weights)
    for hit in hits:
        identifier = hit.payload["id"]
        expected = 0.3 / (10 + ranks["dense"][identifier])
        if identifier in ranks["bm25"]:
            expected += 2.0 / (10 + ranks["bm25"][identifier])
        assert hit.score == pytest.approx(expected)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_adding_again_changes_nothing_and_embeds_nothing(index, encoder, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    before, calls = matter.scroll(limit=1000)[0], encoder.calls
    report = matter.add(case_files, progress=False)
    assert report.skipped == [str(path) for path in case_files]
    assert not report.added
    assert encoder.calls == calls
    assert matter.scroll(limit=1000)[0] == before


def test_changed_file_replaces_its_passages(index, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    case_files[0].write_text("Addendum\n\nThe fracture has healed. Zymurgy is excluded.\n", encoding="utf-8")
    report = matter.add(case_files, progress=False)
    assert report.replaced == report.added == [str(case_files[0])]
    texts = [r.chunk.text for r in matter.scroll(limit=1000)[0] if r.chunk.document == "records.txt"]
    assert any("Zymurgy" in text for text in texts)
    assert not any("ladder" in text for text in texts)
    assert index.verify() == []


def test_delete_document_and_matter(index, case_files):
    one, two = index.matter("one"), index.matter("two")
    one.add(case_files, progress=False)
    two.add(case_files, progress=False)
    assert one.delete("records.txt") is True
    assert one.delete("records.txt") is False
    assert "records.txt" not in {h.chunk.document for h in one.search("fracture lumbar ladder", limit=50)}
    assert [d.name for d in one.documents()] == ["decision.txt", "진단서.txt"]
    count = two.count()
    assert index.matters() == ["one", "two"]
    assert index.delete_matter("one") is True
    assert index.delete_matter("one") is False
    assert (one.count(), two.count(), index.matters()) == (0, count, ["two"])
    assert index.verify() == []


def test_records_round_trip(index):
    matter = index.matter("m")
    ids = matter.add_records(
        ["knee pain", "어깨 통증"], [{"page": 3, "who": {"role": "expert"}}, None], ids=["1", None]
    )
    assert ids[0] == "1"
    first, second = matter.get(ids)
    assert (first.id, first.chunk.text, first.payload["metadata"]) == (
        "1",
        "knee pain",
        {"page": 3, "who": {"role": "expert"}},
    )
    assert (second.id, second.chunk.text) == (ids[1], "어깨 통증")
    assert [r.id for r in matter.get([ids[1], "unknown", "1", "1"])] == [ids[1], "1"]
    matter.add_records(["hip pain"], ids=["1"])
    assert (matter.count(), matter.get(["1"])[0].chunk.text) == (2, "hip pain")
    assert matter.delete_records(["1", "unknown"]) == 1
    assert matter.count() == 1


def test_vectors_are_given_and_returned(index, encoder):
    matter = index.matter("m")
    vectors = np.eye(64, dtype=np.float32)[:3]
    matter.add_records(["a", "b", "c"], ids=["a", "b", "c"], vectors=vectors)
    assert matter.search_by_vector(vectors[1], limit=1)[0].chunk.text == "b"
    got = matter.get(["c", "a"], with_vectors=True)
    assert np.allclose(np.stack([r.vector for r in got]), vectors[[2, 0]])
    with pytest.raises(InputError, match=r"\(1, 3\)"):
        matter.search_by_vector([1.0, 2.0, 3.0])


def test_passages_are_fetched_by_the_id_that_hits_show(index, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    hit = matter.search("fracture")[0]
    assert matter.get([hit.payload["id"]])[0].chunk == hit.chunk
    with pytest.raises(InputError, match="passage of a document"):
        matter.delete_records([hit.payload["id"]])


def test_scroll_pages_through_everything_once(index):
    matter = index.matter("m")
    ids = matter.add_records([f"text {i}" for i in range(25)])
    seen, offset = [], None
    while True:
        page, offset = matter.scroll(limit=7, offset=offset)
        seen += [record.id for record in page]
        if offset is None:
            break
    assert sorted(seen) == sorted(ids)


def test_user_filter_on_metadata(index):
    matter = index.matter("m")
    matter.add_records(["knee", "knee"], [{"year": 2019}, {"year": 2021}])
    late = models.Filter(must=[models.FieldCondition(key="metadata.year", range=models.Range(gte=2020))])
    assert [h.payload["metadata"]["year"] for h in matter.search("knee", filter=late)] == [2021]
    assert matter.count(late) == 1


def test_filter_index_on_a_users_field(index):
    matter = index.matter("m")
    matter.add_records(["knee", "hip"], [{"year": 2019, "ok": True}, {"year": 2021, "ok": False}])
    late = models.Filter(must=[models.FieldCondition(key="metadata.year", range=models.Range(gte=2020))])
    fine = models.Filter(must=[models.FieldCondition(key="metadata.ok", match=models.MatchValue(value=True))])
    before = (matter.count(late), matter.count(fine))
    for _ in range(2):
        index.create_filter_index("metadata.year", "integer")
        index.create_filter_index("metadata.ok", "bool")
    assert (matter.count(late), matter.count(fine)) == before == (1, 1)
    with pytest.raises(InputError, match="valid: keyword"):
        index.create_filter_index("metadata.year", "number")


def test_progress_is_told_to_a_callback(index, case_files):
    steps = []
    report = index.matter("m").add([*case_files, "missing.txt"], progress=steps.append)
    assert (steps[-1].files, steps[-1].total) == (4, 4)
    assert (steps[-1].chunks, steps[-1].tokens) == (report.chunks, report.tokens)
    assert [s.files for s in steps] == sorted(s.files for s in steps)


def test_bar_only_where_asked_for(index, case_files, capsys):
    matter = index.matter("m")
    matter.add(case_files[:1])  # standard error is no terminal here
    assert capsys.readouterr() == ("", "")
    matter.add(case_files, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err


def test_annotator_and_assertion_arm(open_case):
    index = open_case(
        annotator=lambda text: {"entity_types": ["DISEASE"] if "fracture" in text else []},
        assertion_indexer=lambda text: ([1 if "no " in text else 2], [1.0]),
    )
    matter = index.matter("m")
    matter.add_records(["no fracture", "a fracture"], ids=["absent", "present"])
    assert [h.payload["id"] for h in matter.search("no break", mode="assertions")] == ["absent"]
    disease = models.Filter(
        must=[models.FieldCondition(key="entity_types", match=models.MatchValue(value="DISEASE"))]
    )
    assert matter.count(disease) == 2


def test_searching_an_unknown_matter_finds_nothing(index):
    assert index.matter("nobody").search("anything") == []
    assert index.matter("nobody").documents() == []


def test_langchain_embeddings_open_what_the_model_made(tmp_path, encoder, hashing_module):
    from qdrant_mejurix import open_index

    with open_index(tmp_path / "store", encoder) as index:
        index.matter("m").add_records(["knee pain"])
    with open_index(tmp_path / "store", hashing_module.ListEmbeddings(encoder)) as index:
        assert index.matter("m").search("knee")[0].chunk.text == "knee pain"


def test_without_encoder_one_can_verify_and_delete_but_not_search(tmp_path, encoder):
    from qdrant_mejurix import open_index

    with open_index(tmp_path / "store", encoder) as index:
        index.matter("m").add_records(["knee pain"], ids=["1"])
    with open_index(tmp_path / "store") as index:
        assert index.verify() == []
        assert index.matter("m").count() == 1
        with pytest.raises(InputError, match="without an encoder"):
            index.matter("m").search("knee")
        assert index.delete_matter("m")


def test_import_is_light():
    code = (
        "import qdrant_mejurix, sys\n"
        "heavy = {'torch', 'qdrant_client', 'qdrant_edge'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "from qdrant_mejurix import open_index; print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.split() == ["[]", "False"]
