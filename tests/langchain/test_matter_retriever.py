"""`MejurixRetriever`: metadata, conditions on entities and assertions, files with pages."""

from __future__ import annotations

import pytest
from langchain_mejurix import MejurixRetriever, document_to_hit
from pydantic import ValidationError

from mejurix_st.errors import InputError

RECORDS = {
    "ct.txt": "CT LUMBAR SPINE\n\nNo lumbar fracture is seen. The discs are of normal height.\n",
    "er.txt": "EMERGENCY RECORD\n\nThe patient has a lumbar fracture of L3 after a fall. Given: ibuprofen.\n",
    "family.txt": "FAMILY HISTORY\n\nMother: osteoporosis.\n",
    "소견서.txt": "소견서\n\n환자는 우측 슬관절 통증을 호소한다. 골절 소견 없음.\n",
}


@pytest.fixture
def retriever(matter, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in RECORDS.items():
        (folder / name).write_text(text, encoding="utf-8")
    matter.add(sorted(folder.iterdir()), progress=False)
    return MejurixRetriever(matter=matter)


def names(documents):
    return {document.metadata["document"] for document in documents}


def test_documents_say_where_they_come_from(retriever):
    documents = retriever.invoke("lumbar fracture")
    for document in documents:
        place = document.metadata
        source = RECORDS[place["document"]]
        assert source[place["start"] : place["end"]] == document.page_content
        assert place["page_start"] == place["page_end"] == 1
        assert place["matter"] == "smith-v-jones"
        assert set(place["arms"]) <= {"dense", "bm25", "assertions"}
        assert place["arms"]
        assert retriever.matter.get([document.id])[0].chunk.text == document.page_content
    assert [d.metadata["rank"] for d in documents] == list(range(1, len(documents) + 1))
    hits = [document_to_hit(document) for document in documents]
    found = retriever.search("lumbar fracture")
    assert [(hit.rank, hit.chunk, hit.payload) for hit in hits] == [
        (f.rank, f.chunk, f.payload) for f in found
    ]
    assert [hit.score for hit in hits] == pytest.approx([f.score for f in found])


def test_filters_by_field(retriever):
    assert names(retriever.invoke("fracture", filter={"document": "er.txt"})) == {"er.txt"}
    assert names(retriever.invoke("fracture", filter={"page_start": {"gt": 1}})) == set()


def test_entities_in_either_language(retriever):
    assert names(retriever.invoke("골절 소견", entities=["골절"])) == {"ct.txt", "er.txt", "소견서.txt"}
    assert names(retriever.invoke("what was given", entity_types=["MEDICATION"])) == {"er.txt"}


def test_assertions_part_fracture_from_no_fracture(retriever):
    assert names(retriever.invoke("fracture", assertions={"fracture": "absent"})) == {"ct.txt", "소견서.txt"}
    assert names(retriever.invoke("fracture", assertions={"fracture": "present"})) == {"er.txt"}
    family = {"osteoporosis": {"experiencer": "family"}}
    assert names(retriever.invoke("osteoporosis", assertions=family)) == {"family.txt"}


def test_k_counts_what_is_left_after_conditions(retriever):
    assert len(retriever.invoke("fracture", k=1, assertions={"fracture": "absent"})) == 1


async def test_async_gives_the_same(retriever):
    found = await retriever.ainvoke("lumbar fracture", k=2)
    assert [d.id for d in found] == [d.id for d in retriever.invoke("lumbar fracture", k=2)]


@pytest.mark.parametrize(
    "options",
    [
        {"entity_types": ["ILLNESS"]},
        {"assertions": {"fracture": {"state": "absent"}}},
        {"entities": [""]},
        {"depth": 3},
        {"k": 0},
        {"mode": "sparse"},
    ],
)
def test_unusable_options_are_refused(retriever, options):
    with pytest.raises(InputError):
        retriever.invoke("fracture", **options)


def test_a_name_is_no_matter():
    with pytest.raises((InputError, ValidationError), match=r"index\.matter"):
        MejurixRetriever(matter="smith-v-jones")
