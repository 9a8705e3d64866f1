"""LangChain over case files: embeddings, a vector store, a retriever, and answers with checked citations.

    from langchain_mejurix import MejurixRetriever, MejurixVectorStore, answer
    store = MejurixVectorStore(matter)
    retriever = MejurixRetriever(matter=matter, k=8)
    print(answer("Was the lumbar fracture related to service?", matter).text)

Importing this package loads neither torch nor LangChain nor Qdrant; the first use of a name loads what it
needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_mejurix.adoption import adopt_collection
    from langchain_mejurix.answer_types import Answer, AnswerSentence, Citation
    from langchain_mejurix.answers import aanswer, answer, astream, stream
    from langchain_mejurix.convert import document_to_hit, hit_to_document, record_to_document
    from langchain_mejurix.embeddings import MejurixEmbeddings
    from langchain_mejurix.indexing import aindex, index, key_encoder
    from langchain_mejurix.retriever import MejurixRetriever
    from langchain_mejurix.runnable import AnswerRunnable
    from langchain_mejurix.vectorstore import MejurixVectorStore

_HOMES = {
    "Answer": "answer_types",
    "AnswerRunnable": "runnable",
    "AnswerSentence": "answer_types",
    "Citation": "answer_types",
    "MejurixEmbeddings": "embeddings",
    "MejurixRetriever": "retriever",
    "MejurixVectorStore": "vectorstore",
    "aanswer": "answers",
    "adopt_collection": "adoption",
    "aindex": "indexing",
    "answer": "answers",
    "astream": "answers",
    "document_to_hit": "convert",
    "hit_to_document": "convert",
    "index": "indexing",
    "key_encoder": "indexing",
    "record_to_document": "convert",
    "stream": "answers",
}
__all__ = [
    "Answer",
    "AnswerRunnable",
    "AnswerSentence",
    "Citation",
    "MejurixEmbeddings",
    "MejurixRetriever",
    "MejurixVectorStore",
    "aanswer",
    "adopt_collection",
    "aindex",
    "answer",
    "astream",
    "document_to_hit",
    "hit_to_document",
    "index",
    "key_encoder",
    "record_to_document",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
