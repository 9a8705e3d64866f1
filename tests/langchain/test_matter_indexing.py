"""`index()` and `aindex()` on matters."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager
from langchain_mejurix import MejurixVectorStore, aindex, index, key_encoder

from mejurix_st.errors import InputError


@pytest.fixture
def store(matter):
    return MejurixVectorStore(matter)


@pytest.fixture
def manager():
    manager = InMemoryRecordManager(namespace="smith-v-jones")
    manager.create_schema()
    return manager


def documents(*pairs):
    return [Document(page_content=text, metadata={"source": source}) for text, source in pairs]


def texts(store):
    records, _ = store.matter.scroll(limit=100)
    return sorted(record.chunk.text for record in records)


def counts(result):
    return tuple(result[f"num_{name}"] for name in ("added", "updated", "skipped", "deleted"))


FIRST = (("lumbar fracture", "a"), ("cervical strain", "a"), ("요추 골절", "b"))


@pytest.mark.parametrize("encoder", [key_encoder, "sha256", "blake2b"])
@pytest.mark.parametrize("cleanup", [None, "incremental", "full", "scoped_full"])
def test_every_clean_up_mode(store, manager, cleanup, encoder):
    options = {"cleanup": cleanup, "source_id_key": "source", "key_encoder": encoder}
    assert counts(index(documents(*FIRST), manager, store, **options)) == (3, 0, 0, 0)
    assert counts(index(documents(*FIRST), manager, store, **options)) == (0, 0, 3, 0)
    changed = documents(("lumbar fracture of L3", "a"), ("cervical strain", "a"))
    result = counts(index(changed, manager, store, **options))
    gone = {None: 0, "incremental": 1, "full": 2, "scoped_full": 1}[cleanup]
    assert result == (1, 0, 1, gone)
    left = {"cervical strain", "lumbar fracture of L3"}
    if cleanup != "full":
        left.add("요추 골절")
    if cleanup is None:
        left.add("lumbar fracture")
    assert set(texts(store)) == left


def test_an_emptied_store_is_noticed(store, manager, caplog):
    index(documents(*FIRST), manager, store)
    store.matter.index.delete_matter(store.matter.name)
    with caplog.at_level(logging.WARNING, logger="langchain_mejurix.indexing"):
        assert counts(index(documents(*FIRST), manager, store)) == (3, 0, 0, 0)
    assert "3 of them are not in the store" in caplog.text
    assert len(texts(store)) == 3


async def test_async(store, manager):
    options = {"cleanup": "full", "source_id_key": "source"}
    assert counts(await aindex(documents(*FIRST), manager, store, **options)) == (3, 0, 0, 0)
    assert counts(await aindex(documents(*FIRST[:1]), manager, store, **options)) == (0, 0, 1, 2)
    store.matter.index.delete_matter(store.matter.name)
    assert counts(await aindex(documents(*FIRST[:1]), manager, store, **options)) == (1, 0, 0, 0)


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
def test_keys_tell_documents_apart(first, second, metadata):
    one, other = (Document(page_content=text, metadata=metadata) for text in (first, second))
    assert (key_encoder(one) == key_encoder(other)) == (first == second)


def test_metadata_that_is_not_json_is_refused():
    with pytest.raises(InputError, match="not JSON"):
        key_encoder(Document(page_content="x", metadata={"a": object()}))
