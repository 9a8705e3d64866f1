"""Collections in langchain-qdrant's layout, adopted in place or refused with the reason."""

from __future__ import annotations

import uuid

import pytest
from langchain_mejurix import adopt_collection
from qdrant_client import QdrantClient, models

from mejurix_st.errors import InputError, StoreError

TEXTS = ["lumbar fracture after the fall", "cervical strain", "요추 골절 진단"]
IDS = [7, str(uuid.UUID(int=5)), 9]


@pytest.fixture
def client():
    client = QdrantClient(":memory:")
    yield client
    client.close()


@pytest.fixture(params=["", "dense-vector"])
def collection(request, client, model):
    """What `QdrantVectorStore.from_texts` leaves behind."""
    size = models.VectorParams(size=model.dimension, distance=models.Distance.COSINE)
    client.create_collection("old", vectors_config={request.param: size} if request.param else size)
    vectors = model.encode_document(TEXTS)
    points = [
        models.PointStruct(
            id=identifier,
            vector={request.param: vector.tolist()} if request.param else vector.tolist(),
            payload={"page_content": text, "metadata": {"source": "a.pdf", "page": n, "year": 2019 + n}},
        )
        for n, (identifier, text, vector) in enumerate(zip(IDS, TEXTS, vectors, strict=True))
    ]
    client.upsert("old", points)
    return request.param


@pytest.fixture
def store(client, collection, model):
    return adopt_collection(client, "old", "smith-v-jones", model, vector_name=collection)


def test_nothing_is_embedded_again(client, collection, model):
    before = len(model.batches)
    adopt_collection(client, "old", "smith-v-jones", model, vector_name=collection, sample=2)
    documents = sum(count for kind, count in model.batches[before:] if kind == "document")
    assert documents <= 2 + 2  # the sample, and the index's probe texts
    assert client.count("old").count == 3


def test_an_adopted_matter_answers(store):
    found = store.similarity_search("cervical strain", k=1)[0]
    assert (found.id, found.page_content) == (IDS[1], TEXTS[1])
    assert found.metadata == {"source": "a.pdf", "page": 1, "year": 2020}
    assert store.similarity_search("골절", k=3, mode="bm25")[0].id == "9"
    hit = store.matter.search("lumbar fracture", filter=None)[0]
    assert (hit.chunk.document, hit.chunk.page_start, set(hit.arms)) == ("a.pdf", 1, {"dense", "bm25"})
    assert [d.id for d in store.similarity_search("fracture", k=3, filter={"year": 2021})] == ["9"]


def test_points_keep_their_ids_and_stay_readable_for_the_old_application(client, store):
    records, _ = client.scroll("old", limit=10)
    assert {record.id for record in records} == set(IDS)
    assert {record.payload["page_content"] for record in records} == set(TEXTS)


def test_records_are_read_replaced_and_deleted_by_id(client, store):
    assert [d.id for d in store.get_by_ids(["9", "7", "missing"])] == ["9", "7"]
    store.add_texts(["lumbar fracture excluded"], ids=["7"])
    store.add_texts(["a new note"], [{"year": 2024}], ids=["new/1"])
    assert store.get_by_ids(["7"])[0].page_content == "lumbar fracture excluded"
    assert client.count("old").count == 4
    store.delete(["7", "new/1"])
    assert [d.id for d in store.get_by_ids(["7", "9", "new/1"])] == ["9"]
    assert client.count("old").count == 2
    assert len(store.max_marginal_relevance_search("fracture", k=2)) == 2


def test_doing_it_again_changes_nothing(client, store, collection, model):
    records, _ = client.scroll("old", limit=10, with_vectors=True)
    again = adopt_collection(client, "old", "smith-v-jones", model, vector_name=collection)
    assert client.scroll("old", limit=10, with_vectors=True)[0] == records
    assert again.matter.count() == 3


def refused(client, error, match, **changes):
    before = client.scroll("old", limit=10, with_vectors=True)[0] if client.collection_exists("old") else None
    arguments = {"collection_name": "old", "matter": "smith-v-jones", **changes}
    with pytest.raises(error, match=match):
        adopt_collection(client, **arguments)
    if before is not None:
        assert client.scroll("old", limit=10, with_vectors=True)[0] == before


def test_refusals_name_the_reason(client, collection, model, model_class):
    class Other(model_class):
        def _vector(self, text, prompt):
            return super()._vector(text[::-1], prompt)

    given = {"vector_name": collection}
    refused(client, StoreError, "size 128, and .* gives 64", embedding=model_class(64), **given)
    refused(client, StoreError, "least cosine", embedding=Other(), **given)
    refused(client, InputError, "no collection 'older'", embedding=model, collection_name="older")
    refused(client, InputError, "has no vector 'other'", embedding=model, vector_name="other")
    refused(client, InputError, "no text under 'text'", embedding=model, content_payload_key="text", **given)
    refused(client, InputError, "matter name", embedding=model, matter="", **given)


def test_another_matter_cannot_take_it(client, store, collection, model):
    refused(client, StoreError, "another matter", embedding=model, matter="other", vector_name=collection)


def test_another_distance_is_refused(client, model):
    size = models.VectorParams(size=model.dimension, distance=models.Distance.EUCLID)
    client.create_collection("old", vectors_config=size)
    refused(client, StoreError, "compares by", embedding=model)
