"""`MejurixVectorStore`, its filters and the conversion of documents, as users meet them."""

from __future__ import annotations

import asyncio
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_mejurix import MejurixVectorStore, document_to_hit, hit_to_document
from langchain_mejurix.conditions import as_filter
from qdrant_client import models

from mejurix_st.errors import InputError, StoreError
from mejurix_st.types import Chunk, Hit

TEXTS = ["lumbar fracture after the fall", "cervical strain", "lumbar fracture is excluded", "요추 골절 진단"]
METADATAS = [
    {"document": "a.pdf", "year": 2019, "tags": ["x"]},
    {"document": "b.pdf", "year": 2021, "score": 0.5},
    {"document": "a.pdf", "year": 2023, "seen": "2023-04-02"},
    {"document": "진단서.pdf", "year": 2020},
]


@pytest.fixture
def store(matter):
    store = MejurixVectorStore(matter)
    store.add_texts(TEXTS, METADATAS, ids=["1", "two/2", "셋", "🦴"])
    return store


def test_scores_are_cosines(store):
    found = store.similarity_search_with_score("lumbar fracture", k=4)
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(-1.0001 <= score <= 1.0001 for score in scores)
    assert found[0][0].page_content.startswith("lumbar fracture")


def test_relevance_scores_stay_in_their_range(store):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = store.similarity_search_with_relevance_scores("lumbar fracture after the fall", k=4)
    assert all(0 <= score <= 1 for _, score in found)


def test_fused_scores_are_no_relevance(matter, store):
    hybrid = MejurixVectorStore(matter, mode="hybrid")
    assert hybrid.similarity_search_with_score("cervical strain", k=1)[0][0].id == "two/2"
    with pytest.raises(InputError, match="no relevance"):
        hybrid.similarity_search_with_relevance_scores("cervical strain")
    with pytest.raises(InputError, match="cosines"):
        store.similarity_search_with_relevance_scores("cervical strain", mode="bm25")


def test_ids_of_any_form_come_back_in_order(store):
    assert [d.id for d in store.get_by_ids(["🦴", "missing", "1", "셋"])] == ["🦴", "1", "셋"]
    store.delete(["1", "missing"])
    assert [d.id for d in store.get_by_ids(["🦴", "1"])] == ["🦴"]
    with pytest.raises(InputError, match="give ids"):
        store.delete()


def test_documents_come_back_unchanged(store):
    assert store.get_by_ids(["two/2"]) == [Document(page_content=TEXTS[1], metadata=METADATAS[1], id="two/2")]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"document": "a.pdf"}, {"1", "셋"}),
        ({"year": 2021}, {"two/2"}),
        ({"year": {"gte": 2020, "lt": 2023}}, {"two/2", "🦴"}),
        ({"year": [2019, 2020]}, {"1", "🦴"}),
        ({"document": ["a.pdf", "진단서.pdf"], "year": {"gt": 2019}}, {"셋", "🦴"}),
        ({"score": 0.5}, {"two/2"}),
        ({"tags": "x"}, {"1"}),
        ({"seen": {"gte": "2023-01-01"}}, {"셋"}),
        ({"metadata.year": 2019}, {"1"}),
        ({"payload.kind": "document"}, set()),
        (
            models.Filter(
                must=[models.FieldCondition(key="metadata.year", match=models.MatchValue(value=2019))]
            ),
            {"1"},
        ),
        ({}, {"1", "two/2", "셋", "🦴"}),
    ],
)
def test_filters(store, condition, wanted):
    assert {d.id for d in store.similarity_search("lumbar", k=10, filter=condition)} == wanted
    vector = store.embeddings.embed_query("lumbar")
    assert {d.id for d in store.similarity_search_by_vector(vector, k=10, filter=condition)} == wanted


@pytest.mark.parametrize(
    "condition", ["a.pdf", {"year": object()}, {"year": {"above": 3}}, {"": 1}, {"seen": {"gte": "soon"}}]
)
def test_filters_that_mean_nothing_are_refused(condition):
    with pytest.raises(InputError, match="filter"):
        as_filter(condition)


def test_mmr_prefers_variety(store):
    near = store.max_marginal_relevance_search("lumbar fracture", k=2, fetch_k=4, lambda_mult=1.0)
    varied = store.max_marginal_relevance_search("lumbar fracture", k=2, fetch_k=4, lambda_mult=0.0)
    assert {d.id for d in near} == {"1", "셋"}
    assert {d.id for d in varied} != {"1", "셋"}
    with pytest.raises(InputError, match="lambda_mult"):
        store.max_marginal_relevance_search("lumbar", lambda_mult=2)


def test_another_matter_cannot_be_reached(index, store):
    other = MejurixVectorStore(index.matter("another-client"))
    everything = models.Filter(
        should=[models.FieldCondition(key="matter", match=models.MatchValue(value="smith-v-jones"))]
    )
    assert other.similarity_search("lumbar fracture", k=10) == []
    assert other.similarity_search("lumbar fracture", k=10, filter=everything) == []
    assert other.get_by_ids(["1"]) == []
    other.delete(["1"])
    assert store.get_by_ids(["1"])


def test_retriever_of_the_store(store):
    retriever = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.5, "k": 3}
    )
    assert retriever.invoke("lumbar fracture after the fall")[0].id == "1"
    assert len(store.as_retriever(search_type="mmr", search_kwargs={"k": 2}).invoke("lumbar")) == 2


def test_from_texts_wants_a_matter(model, location):
    with pytest.raises(InputError, match="matter="):
        MejurixVectorStore.from_texts(TEXTS, model)
    with MejurixVectorStore.from_texts(TEXTS, model, METADATAS, matter="m", location=location) as store:
        assert store.matter.name == "m"
        assert store.similarity_search("cervical strain", k=1)[0].metadata == METADATAS[1]


def test_from_documents_async(model):
    documents = [Document(page_content=text, id=str(n)) for n, text in enumerate(TEXTS)]
    with asyncio.run(MejurixVectorStore.afrom_documents(documents, model, matter="m")) as store:
        assert [d.id for d in store.similarity_search("cervical strain", k=1)] == ["1"]


def test_another_model_is_refused(matter, model_class):
    class Other(model_class):
        def _vector(self, text, prompt):
            return super()._vector(text[::-1], prompt)

    from langchain_mejurix import MejurixEmbeddings

    with pytest.raises(StoreError, match="was made with"):
        MejurixVectorStore(matter, MejurixEmbeddings(Other()))


def test_unknown_options_are_refused(store):
    with pytest.raises(InputError, match="Unknown option: fetch"):
        store.similarity_search("lumbar", fetch=3)
    with pytest.raises(InputError, match="mode"):
        store.similarity_search("lumbar", mode="sparse")


names = st.text(min_size=1, max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)


@given(
    text=st.text(max_size=60),
    start=st.integers(0, 10**6),
    pages=st.tuples(st.integers(1, 999), st.integers(1, 999)),
    strings=st.tuples(names, names, names),
    score=st.floats(0, 1),
    arms=st.dictionaries(st.sampled_from(["dense", "bm25", "assertions"]), st.floats(-1, 99)),
    payload=st.dictionaries(names, values, max_size=4),
    user=st.dictionaries(names, values, max_size=4),
)
def test_hits_survive_the_way_to_documents_and_back(text, start, pages, strings, score, arms, payload, user):
    chunk = Chunk(strings[0], start, start + len(text), text, *pages, strings[1], 7, strings[2])
    hit = Hit(3, score, arms, chunk, {**payload, "id": "x", "metadata": user})
    document = hit_to_document(hit)
    assert document.id == "x"
    assert document.metadata["start"] == start
    assert document_to_hit(document) == hit
    assert document_to_hit(Document.model_validate(document.model_dump())) == hit


def test_other_documents_are_no_hits():
    with pytest.raises(InputError, match="lacks document"):
        document_to_hit(Document(page_content="x"))
