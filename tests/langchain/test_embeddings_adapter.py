"""What `MejurixEmbeddings` promises beyond LangChain's suites."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys

import pytest
from langchain_mejurix import MejurixEmbeddings

from mejurix_st.errors import InputError, ModelNotFoundError


def test_queries_and_documents_have_their_own_prompts(model):
    embeddings = MejurixEmbeddings(model)
    assert embeddings.embed_query("골절") != embeddings.embed_documents(["골절"])[0]
    assert [kind for kind, _ in model.batches] == ["query", "document"]


def test_vectors_are_python_floats(tiny_model):
    embeddings = MejurixEmbeddings(tiny_model)
    vectors = embeddings.embed_documents(["lumbar fracture", "요추 골절"])
    assert len(vectors) == 2
    assert {type(value) for vector in vectors for value in vector} == {float}
    assert len(vectors[0]) == embeddings.dimension == 256
    assert embeddings.embed_query("x") == pytest.approx(tiny_model.encode_query("x").tolist(), abs=1e-6)


def test_nothing_to_embed_loads_no_model():
    embeddings = MejurixEmbeddings("no/such-folder/at-all")
    assert embeddings.embed_documents([]) == []


def test_a_model_is_loaded_at_first_use_only():
    embeddings = MejurixEmbeddings("./no-such-folder")
    with pytest.raises(ModelNotFoundError, match="no-such-folder"):
        embeddings.embed_query("골절")


@pytest.mark.parametrize("text", [None, 3, ["골절"]])
def test_texts_are_strings(model, text):
    with pytest.raises(InputError, match="is a string"):
        MejurixEmbeddings(model).embed_documents([text])


@pytest.mark.parametrize("arguments", [{"batch_size": 0}, {"batch_size": True}, {"model": object()}])
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        MejurixEmbeddings(**arguments)


def test_a_named_model_is_pickled_without_its_weights():
    restored = pickle.loads(pickle.dumps(MejurixEmbeddings("org/name", batch_size=7)))  # noqa: S301
    assert (restored.model_name, restored.batch_size) == ("org/name", 7)


def test_a_given_model_is_pickled_with_it(model):
    embeddings = MejurixEmbeddings(model)
    restored = pickle.loads(pickle.dumps(embeddings))  # noqa: S301
    assert restored.embed_query("골절") == embeddings.embed_query("골절")


def test_async_gives_the_same(model):
    embeddings = MejurixEmbeddings(model)
    texts = ["lumbar fracture", "요추 골절"]
    assert asyncio.run(embeddings.aembed_documents(texts)) == embeddings.embed_documents(texts)
    assert asyncio.run(embeddings.aembed_query("골절")) == embeddings.embed_query("골절")


def test_an_index_knows_the_model_through_the_adapter(model, tmp_path):
    from qdrant_mejurix import open_index

    with open_index(tmp_path / "store", MejurixEmbeddings(model)) as index:
        index.matter("a").add_records(["lumbar fracture"])
    with open_index(tmp_path / "store", model) as index:
        assert index.matter("a").search("lumbar fracture")[0].chunk.text == "lumbar fracture"


def test_importing_the_package_and_its_names_loads_no_torch():
    code = (
        "import sys; import langchain_mejurix as package;"
        "[getattr(package, name) for name in package.__all__];"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.strip() == "[]"


def test_importing_the_package_alone_loads_no_langchain():
    code = (
        "import sys, langchain_mejurix; print(sorted({'langchain_core', 'qdrant_client'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.strip() == "[]"
