"""An index that stores entities: payload, filters, the third arm, and what is refused."""

import pytest
from qdrant_client import models
from qdrant_mejurix import FusionWeights, entity_filter, open_index

from mejurix_st.errors import InputError, StoreError

FILE = """Radiology report of 12 March 2018. Date of birth: 4 July 1970.

CT of the lumbar spine: no acute fracture is seen.

Follow-up

On 2019-06-03 an MRI showed a compression fracture of the lumbar spine and a severe sprain of the left knee.
환자는 우측 슬관절 염좌는 없었다.
"""


@pytest.fixture
def matter(open_case, tmp_path):
    file = tmp_path / "report.txt"
    file.write_text(FILE, encoding="utf-8")
    matter = open_case(entities=True).matter("m")
    report = matter.add([file])
    assert report.added
    assert not report.failed
    return matter


def stored(matter):
    points, _ = matter.scroll(limit=100)
    return [(point, entity) for point in points for entity in point.payload["entities"]]


def test_entities_are_stored_with_offsets_into_the_document(matter):
    text = FILE.strip("\n")
    assert text in FILE
    found = stored(matter)
    assert found
    for point, entity in found:
        inside = entity["start"] - point.chunk.start
        assert point.chunk.text[inside : inside + len(entity["text"])] == entity["text"]
        assert entity["end"] - entity["start"] == len(entity["text"])
        assert entity["page"] == 1
    said = {(name, e["status"]) for _, e in found for name in e["names"]}
    assert ("fracture", "absent") in said
    assert ("compression fracture", "present") in said


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ({"normalized": "fracture", "status": "absent"}, 1),
        ({"normalized": "골절", "status": "absent", "site": "요추"}, 1),
        ({"normalized": "fracture", "status": "absent", "site": "spine", "before": "2019-05-01"}, 1),
        ({"normalized": "fracture", "status": "absent", "after": "2019-05-01"}, 0),
        ({"normalized": "fracture", "status": "present", "before": "2019-05-01"}, 0),
        ({"normalized": "fracture", "status": "present", "after": "2019-05-01"}, 1),
        ({"normalized": "fracture", "status": "possible"}, 0),
        ({"normalized": "sprain", "laterality": "left", "severity": "severe"}, 1),
        ({"normalized": "sprain", "laterality": "left", "status": "absent"}, 0),
        ({"normalized": "sprain", "laterality": "unilateral"}, 1),
        ({"normalized": "sprain", "laterality": "bilateral"}, 0),
        ({"normalized": "sprain", "site": "knee", "severity": (0, 1)}, 0),
        ({"type": ["MEDICATION", "COMPENSATION"]}, 0),
        ({"type": "DISEASE", "experiencer": "family"}, 0),
        ({"before": "1980-01-01"}, 0),
    ],
)
def test_conditions_hold_of_one_and_the_same_entity(matter, conditions, count):
    assert bool(matter.count(entity_filter(**conditions))) == bool(count)


def test_a_filter_narrows_a_search_and_never_leaves_the_matter(matter):
    where = entity_filter("fracture", status="absent")
    hits = matter.search("fracture", filter=where)
    assert hits
    assert all("no acute fracture" in hit.chunk.text for hit in hits)
    assert matter.index.matter("other").search("fracture", filter=where) == []


def test_the_arm_ranks_what_is_said_above_its_opposite(open_case):
    matter = open_case(entities=True).matter("m")
    matter.add_records(["CT shows a hip fracture.", "CT shows no hip fracture."], ids=["yes", "no"])
    assert matter.search("no hip fracture", mode="assertions")[0].payload["id"] == "no"
    assert matter.search("hip fracture is present", mode="assertions")[0].payload["id"] == "yes"
    fused = matter.search("no hip fracture", weights=FusionWeights(0.0, 0.0, 1.0))
    assert fused[0].payload["id"] == "no"
    assert matter.search("what did the judge eat", mode="assertions") == []


def test_the_choice_is_kept_and_mixing_is_refused(tmp_path, encoder):
    open_index(tmp_path / "with", encoder, entities=True).close()
    open_index(tmp_path / "without", encoder).close()
    with open_index(tmp_path / "with", encoder) as index:
        assert index.entities
    with pytest.raises(StoreError, match="made with entities"):
        open_index(tmp_path / "with", encoder, entities=False)
    with open_index(tmp_path / "without", encoder) as index:
        assert not index.entities
    with pytest.raises(StoreError, match="made without entities"):
        open_index(tmp_path / "without", encoder, entities=True)
    with pytest.raises(InputError, match="leave assertion_indexer out"):
        open_index(tmp_path / "with", encoder, assertion_indexer=lambda text: ([1], [1.0]))


def test_asking_for_entities_that_nothing_has_is_an_error_not_an_empty_answer(open_case):
    matter = open_case().matter("m")
    matter.add_records(["no fracture"])
    nested = models.Filter(should=[entity_filter("fracture")], must_not=[])
    for call in (lambda f: matter.search("x", filter=f), matter.count, lambda f: matter.scroll(filter=f)):
        with pytest.raises(InputError, match="entities=True"):
            call(nested)


def test_another_vocabulary_is_said_and_the_files_are_read_anew(tmp_path, encoder, monkeypatch):
    from qdrant_mejurix.entities import EntityReader

    file = tmp_path / "report.txt"
    file.write_text(FILE, encoding="utf-8")
    with open_index(tmp_path / "store", encoder, entities=True) as index:
        index.matter("m").add([file])
        assert index.matter("m").add([file]).skipped
    with monkeypatch.context() as patch:
        patch.setattr(EntityReader, "fingerprint", "another")
        with pytest.warns(UserWarning, match="another vocabulary"):
            index = open_index(tmp_path / "store", encoder)
        with index:
            assert index.matter("m").add([file]).replaced
            assert index.verify() == []


def test_an_annotator_may_add_fields_and_not_take_those_of_entities(encoder):
    with open_index(":memory:", encoder, entities=True, annotator=lambda text: {"words": 2}) as index:
        index.matter("m").add_records(["hip fracture"])
        assert index.matter("m").search("hip")[0].payload["words"] == 2
    with (
        open_index(":memory:", encoder, entities=True, annotator=lambda text: {"date": []}) as index,
        pytest.raises(InputError, match="date"),
    ):
        index.matter("m").add_records(["hip fracture"])


def test_langchain_conditions_are_decided_by_the_store(matter):
    pytest.importorskip("langchain_core")
    from langchain_mejurix import MejurixRetriever

    retriever = MejurixRetriever(matter=matter)
    found = retriever.invoke("what does the imaging show?", assertions={"골절": "absent"})
    assert found
    assert all("no acute fracture" in document.page_content for document in found)
    assert retriever.invoke("imaging", assertions={"fracture": {"status": "possible"}}) == []
    assert retriever.invoke("imaging", entity_types=["COMPENSATION"]) == []
    assert retriever.invoke("imaging", entities=["knee sprain"], entity_types=["DISEASE"])


def test_a_query_asks_for_what_its_words_say(open_case):
    matter = open_case(entities=True).matter("m")
    texts = {
        "yes": "CT shows a hip fracture.",
        "no": "CT: no hip fracture.",
        "her": "She had breast cancer.",
        "aunt": "Her aunt had breast cancer.",
    }
    matter.add_records(list(texts.values()), ids=list(texts))

    def first(query):
        return matter.search(query, mode="assertions")[0].payload["id"]

    assert first("Was a hip fracture excluded?") == "no"
    assert first("breast cancer of a sister") == "aunt"
    assert first("Was there a hip fracture?") == "yes"


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "no condition"),
        ({"normalized": " "}, "word or phrase"),
        ({"status": "gone"}, "present, absent"),
        ({"status": []}, "present, absent"),
        ({"severity": 7}, "0 to 4"),
        ({"severity": "awful"}, "0 to 4"),
        ({"site": "chair"}, "lumbar spine"),
        ({"before": "May 2019"}, "2019-05-01"),
        ({"type": "ILLNESS"}, "DISEASE"),
        ({"laterality": "up"}, "left, right"),
    ],
)
def test_conditions_that_cannot_be_are_refused(conditions, message):
    with pytest.raises(InputError, match=message):
        entity_filter(**conditions)


def test_weights_of_a_model_folder(tmp_path):
    from mejurix_st.evaluation.fusion import FusionWeights as Learned

    Learned({"dense": 0.6, "bm25": 0.4}, "score").save(tmp_path / "fusion.json", measured={"ndcg@10": 0.5})
    loaded = FusionWeights.load(tmp_path)
    assert loaded == FusionWeights(0.6, 0.4, 0.0, method="score")
    loaded.save(tmp_path)
    assert FusionWeights.load(tmp_path) == loaded


def test_scores_can_be_fused_as_scores():
    from qdrant_mejurix.fusion import fuse

    found = {"dense": {"a": 0.9, "b": 0.8, "c": 0.1}, "bm25": {"b": 12.0, "a": 2.0}}
    weights = FusionWeights(1.0, 1.0, 0.0, method="score")
    assert [name for name, _ in fuse(found, weights)] == ["b", "a", "c"]
    with pytest.raises(InputError, match="rrf, score"):
        FusionWeights(method="sum")
