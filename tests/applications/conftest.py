"""A deterministic encoder without weights, and the documents of one small matter."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import numpy as np
import pytest

from mejurix_st.types import Document, Page


class WordEncoder:
    """Signed feature hashing of words and Korean syllable pairs, with a tokenizer; counts what it encodes."""

    def __init__(self, dimension: int = 512) -> None:
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.pre_tokenizers import Whitespace

        self.tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        self.tokenizer.pre_tokenizer = Whitespace()
        self.prompts = {"query": "query: ", "document": "passage: "}
        self.max_seq_length = 512
        self.dimension = dimension
        self.encoded = {"query": 0, "document": 0}

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        words = re.findall(r"[a-z0-9]+", text.lower())
        pairs = [p for run in re.findall(r"[가-힣]+", text) for p in map("".join, pairwise(run))]
        for word in [w[:6] for w in words if len(w) > 2] + pairs:
            code = zlib.crc32(word.encode())
            vector[code % self.dimension] += 1.0 if code & 0x10000 else -1.0
        return 3 * vector  # not of unit norm: the applications must not rely on it

    def encode_query(self, texts):
        self.encoded["query"] += len(texts)
        return np.stack([self._vector(text) for text in texts])

    def encode_document(self, texts):
        self.encoded["document"] += len(texts)
        return np.stack([self._vector(text) for text in texts])


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


def paged(name: str, *pages: str) -> Document:
    """A document of the given pages."""
    text, marks = "", []
    for number, page in enumerate(pages, start=1):
        start = len(text)
        text += page + "\n"
        marks.append(Page(number, start, len(text)))
    return Document(name, text, tuple(marks))


@pytest.fixture
def knee_record() -> Document:
    return paged(
        "knee.txt",
        "On examination the physician diagnosed arthritis of the right knee. "
        "X-ray of 11/15/2016 showed no fracture. Mother has osteoarthritis of both knees.",
        "It is at least as likely as not that the arthritis of the right knee was caused by "
        "the injury in service. "
        "The examiner found no left ankle disability.",
    )


@pytest.fixture
def spine_record() -> Document:
    return paged(
        "spine.txt",
        "Lumbar MRI showed a disc herniation with compression of the right L5 nerve root.",
        "Microdiscectomy was performed. The disc herniation was removed without a dural tear.",
    )


@pytest.fixture
def rules() -> Document:
    return paged(
        "rules.txt",
        "Service connection requires (1) a present disability, (2) an injury or disease in service, "
        "and (3) a link between the two.",
    )
