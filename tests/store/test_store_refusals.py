"""Bad inputs: what each gets, and that nothing stored before suffers."""

from __future__ import annotations

import numpy as np
import pytest
from qdrant_mejurix import FusionWeights, open_index, open_store
from qdrant_mejurix.names import check_matter_name

from mejurix_st.errors import InputError, MejurixError, StoreError

MATTER_NAMES = [
    # given, stored as (None: refused)
    ("smith-v-jones", "smith-v-jones"),
    ("  smith v. jones  ", "smith v. jones"),
    ("2019/가합/123", "2019/가합/123"),
    ("김철수 대 이영희", "김철수 대 이영희"),
    ("\u1100\u1161", "가"),  # two jamo are the one syllable
    ("case 🦴", "case 🦴"),
    ("👩‍⚕️ v. clinic", "👩‍⚕️ v. clinic"),
    ("../../etc/passwd", "../../etc/passwd"),
    ("x" * 200, "x" * 200),
    ("", None),
    ("   ", None),
    ("x" * 201, None),
    ("x" * 300, None),
    ("a\nb", None),
    ("a\x00b", None),
    ("smi\u200bth", None),  # zero-width space
    ("smi\u200dth", None),  # joiner within letters
    ("\u202ehtims", None),  # right-to-left override
    ("\ud800", None),
    (None, None),
    (7, None),
]


@pytest.mark.parametrize(("given", "stored"), MATTER_NAMES)
def test_matter_names(given, stored):
    if stored is None:
        with pytest.raises(InputError, match="matter name"):
            check_matter_name(given)
    else:
        assert check_matter_name(given) == stored


def test_odd_names_keep_their_matters_apart(index):
    names = [stored for _, stored in MATTER_NAMES if stored]
    for name in set(names):
        index.matter(name).add_records([f"note of {name}"])
    assert index.matters() == sorted(set(names))
    for name in set(names):
        assert [r.chunk.text for r in index.matter(name).scroll()[0]] == [f"note of {name}"]


def test_bad_files_fail_alone(index, tmp_path, case_files):
    folder = tmp_path / "bad"
    (folder / "sub").mkdir(parents=True)
    (folder / "empty.txt").touch()
    (folder / "blank.txt").write_text(" \n\t\n", encoding="utf-8")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 no")
    bad = [
        folder / name for name in ("empty.txt", "blank.txt", "binary.txt", "broken.docx", "gone.txt", "sub")
    ]
    matter = index.matter("m")
    report = matter.add([*bad, *case_files], progress=False)
    assert [path for path, _ in report.failed] == [str(path) for path in bad]
    assert all(reason.strip() for _, reason in report.failed)
    assert report.added == [str(path) for path in case_files]
    assert len(matter.documents()) == 3
    assert index.verify() == []


def test_two_files_of_one_name_do_not_take_each_others_place(index, tmp_path):
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / "records.txt")
        paths[-1].write_text(f"Records of folder {name}.", encoding="utf-8")
    matter = index.matter("m")
    report = matter.add(paths, progress=False)
    assert report.added == [str(paths[0])]
    assert "rename" in report.failed[0][1]
    assert "rename" in matter.add(paths[1], progress=False).failed[0][1]
    assert index.matter("n").add(paths, progress=False, root=tmp_path).failed == []
    assert [d.name for d in index.matter("n").documents()] == ["a/records.txt", "b/records.txt"]
    again = index.matter("o").add(
        [paths[0], str(paths[0]), paths[0].parent / ".." / "a" / "records.txt"], progress=False
    )
    assert (len(again.added), len(again.skipped)) == (1, 1)
    assert index.matter("o").count() == 1


def test_files_are_named_below_a_root_and_only_below(index, tmp_path):
    (tmp_path / "case" / "sub").mkdir(parents=True)
    inside, outside = tmp_path / "case" / "sub" / "in.txt", tmp_path / "out.txt"
    round_about = tmp_path / "case" / ".." / "out.txt"
    for path in (inside, outside):
        path.write_text(f"Text of {path.name}.", encoding="utf-8")
    matter = index.matter("m")
    report = matter.add([outside, round_about, inside], progress=False, root=tmp_path / "case")
    assert [path for path, _ in report.failed] == [str(outside), str(round_about)]
    assert all("not below root" in reason and "leave root out" in reason for _, reason in report.failed)
    assert [document.name for document in matter.documents()] == ["sub/in.txt"]


def test_a_relative_file_below_an_absolute_root(index, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "in.txt").write_text("The knee.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    matter = index.matter("m")
    assert matter.add("sub/in.txt", progress=False, root=tmp_path).failed == []
    assert [document.name for document in matter.documents()] == ["sub/in.txt"]


def test_moved_file_is_the_same_document(index, tmp_path):
    path, moved = tmp_path / "records.txt", tmp_path / "new" / "records.txt"
    path.write_text("The knee.", encoding="utf-8")
    matter = index.matter("m")
    matter.add(path, progress=False)
    moved.parent.mkdir()
    path.rename(moved)
    moved.write_text("The hip.", encoding="utf-8")
    assert matter.add(moved, progress=False).replaced == [str(moved)]
    assert index.verify() == []


BAD_SEARCHES = [
    ({"query": ""}, "query is empty"),
    ({"query": "  "}, "query is empty"),
    ({"query": None}, "query is empty"),
    ({"query": "x", "limit": 0}, "limit"),
    ({"query": "x", "limit": -1}, "limit"),
    ({"query": "x", "limit": True}, "limit"),
    ({"query": "x", "limit": 10_001}, "limit"),
    ({"query": "x", "mode": "fuzzy"}, "valid: hybrid"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_SEARCHES)
def test_bad_searches(index, arguments, message):
    with pytest.raises(InputError, match=message):
        index.matter("m").search(**arguments)


BAD_RECORDS = [
    (["x"], {"ids": ["a", "b"]}, "one for each"),
    (["x"], {"ids": [""]}, "record id"),
    (["x"], {"metadatas": [{"a": {1, 2}}]}, "not JSON"),
    (["x"], {"metadatas": [{"a": float("nan")}]}, "not JSON"),
    (["x"], {"metadatas": ["note"]}, "dictionary"),
    ([7], {}, "string"),
    (["\ud800"], {}, "Unicode"),
    (["x"], {"vectors": [[1.0, 2.0]]}, "shape"),
    (["x"], {"vectors": [[float("nan")] * 64]}, "not finite"),
]


@pytest.mark.parametrize(("texts", "arguments", "message"), BAD_RECORDS)
def test_bad_records_write_nothing(index, texts, arguments, message):
    with pytest.raises(InputError, match=message):
        index.matter("m").add_records(texts, **arguments)
    assert index.matters() == []


@pytest.mark.parametrize(
    "weights", [{"dense": -1}, {"dense": float("nan")}, {"dense": 0, "bm25": 0, "assertions": 0}, {"k": 0}]
)
def test_bad_weights(weights):
    with pytest.raises(InputError, match="FusionWeights"):
        FusionWeights(**weights)


def test_fusion_weights_of_a_model_folder(tmp_path, encoder):
    FusionWeights(dense=0.7, bm25=1.4).save(tmp_path)
    encoder.name_or_path = str(tmp_path)
    with open_index(":memory:", encoder) as index:
        assert index.weights == FusionWeights(dense=0.7, bm25=1.4)
    (tmp_path / "fusion.json").write_text('{"dense": "much"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"fusion\.json"):
        open_index(":memory:", encoder)


@pytest.mark.parametrize("location", ["", "  ", "ftp://host", "a\0b"])
def test_bad_locations(location):
    with pytest.raises(InputError, match="location"):
        open_store(location)


@pytest.mark.parametrize("encoder", [object(), "model-name", np.zeros(3)])
def test_things_that_are_no_encoder(encoder):
    with pytest.raises(InputError, match="encode_document"):
        open_index(":memory:", encoder)


def test_another_model_is_refused_before_the_first_write(tmp_path, hashing_module):
    make = hashing_module.HashingEncoder
    with open_index(tmp_path / "store", make()) as index:
        index.matter("m").add_records(["knee"])
    for other in (make(32), make(64, "other"), hashing_module.ListEmbeddings(make(64, "third"))):
        with pytest.raises(StoreError, match=r"made with hashing-64 .*this encoder is hashing-") as caught:
            open_index(tmp_path / "store", other)
        assert "new store" in str(caught.value)
    with open_index(tmp_path / "store", make()) as index:
        assert index.matter("m").count() == 1


def test_an_encoder_that_returns_nonsense_is_refused(encoder, hashing_class):
    with open_index(":memory:", encoder) as index:
        index.encoder._encoder = type(
            "Broken", (), {"encode_document": lambda *a, **k: np.full((1, 64), np.nan)}
        )()
        with pytest.raises(InputError, match="not finite"):
            index.matter("m").add_records(["x"])
        index.encoder._encoder = type("Broken", (), {"encode_document": lambda *a, **k: np.zeros((2, 64))})()
        with pytest.raises(InputError, match="shape"):
            index.matter("m").add_records(["x"])
        assert index.matter("m").count() == 0


def test_unreachable_server_is_one_clear_error(encoder):
    with pytest.raises(MejurixError, match="server"):
        open_index("http://127.0.0.1:9", encoder, timeout=2)


def test_annotator_may_not_overwrite_the_stores_fields(encoder):
    with (
        open_index(":memory:", encoder, annotator=lambda text: {"matter": "other"}) as index,
        pytest.raises(InputError, match="matter"),
    ):
        index.matter("m").add_records(["x"])
