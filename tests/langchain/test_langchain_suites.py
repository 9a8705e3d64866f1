"""LangChain's own test suites, inherited whole, on both embedded stores."""

from __future__ import annotations

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_mejurix import MejurixEmbeddings, MejurixRetriever, MejurixVectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests
from qdrant_mejurix import open_index


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return MejurixEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {"batch_size": 4}


class TestEmbeddingsIntegration(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _model(self, tiny_model):
        type(self).tiny = tiny_model

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return MejurixEmbeddings

    @property
    def embedding_model_params(self) -> dict:
        return {"model": self.tiny}


class _VectorStoreSuite(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path):
        with open_index(self.place(tmp_path), self.get_embeddings()) as index:
            yield MejurixVectorStore(index.matter("smith-v-jones"))


class TestVectorStoreInMemory(_VectorStoreSuite):
    def place(self, folder):
        return ":memory:"


class TestVectorStoreOnEdge(_VectorStoreSuite):
    def place(self, folder):
        return folder / "case-files"


class TestVectorStoreWithItsOwnEmbedding(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self):
        with open_index(":memory:", self.get_embeddings()) as index:
            yield MejurixVectorStore(index.matter("smith-v-jones"), self.get_embeddings(), mode="dense")


class _RetrieverSuite(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _matter(self, tmp_path, model):
        with open_index(self.place(tmp_path), model) as index:
            type(self).matter = index.matter("smith-v-jones")
            texts = [
                f"Visit {number}: the patient reports lumbar pain of grade {number}." for number in range(6)
            ]
            self.matter.add_records(texts)
            yield

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MejurixRetriever

    @property
    def retriever_constructor_params(self) -> dict:
        return {"matter": self.matter}

    @property
    def retriever_query_example(self) -> str:
        return "lumbar pain"


class TestRetrieverInMemory(_RetrieverSuite):
    def place(self, folder):
        return ":memory:"


class TestRetrieverOnEdge(_RetrieverSuite):
    def place(self, folder):
        return folder / "case-files"
