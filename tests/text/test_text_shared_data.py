"""The shared decisions and notes: no wrong offset, nothing left out."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from mejurix_st.config import ChunkingConfig
from mejurix_st.text import (
    chunk_document,
    find_documents,
    read_document,
    read_document_bytes,
    token_offsets_from,
)

DATA = Path(os.environ.get("MEJURIX_DATA") or Path(__file__).parents[3] / "shared" / "data")
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not (DATA / "text").is_dir(), reason=f"development data not found at {DATA}"),
]


def _documents():
    decisions = [read_document(path) for path in find_documents(DATA / "text" / "bva")]
    with gzip.open(DATA / "text" / "clinical_notes" / "notes.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return decisions, [read_document_bytes(r["text"].encode(), name=f"note {r['id']}.txt") for r in rows]


def test_every_decision_and_note(make_wordpiece, record_property):
    decisions, notes = _documents()
    assert (len(decisions), len(notes)) == (50, 1088)
    words = Counter(word.lower() for d in decisions + notes for word in re.findall(r"[A-Za-z]+", d.text))
    token_offsets = token_offsets_from(make_wordpiece([word for word, _ in words.most_common(20_000)]))
    config = ChunkingConfig()
    chunks_made = tokens = wrong = 0
    begun = time.perf_counter()
    made = [
        (d, chunk_document(d, token_offsets, config, document_prompt="passage: ")) for d in decisions + notes
    ]
    seconds = time.perf_counter() - begun
    for document, chunks in made:
        position = 0
        for chunk in chunks:
            wrong += document.text[chunk.start : chunk.end] != chunk.text
            assert chunk.tokens <= config.max_tokens
            assert not document.text[position : chunk.start].strip()
            position = max(position, chunk.end)
        assert not document.text[position:].strip()
        chunks_made += len(chunks)
        tokens += sum(c.tokens for c in chunks)
    assert wrong == 0
    assert sum(any(">" in c.header for c in chunks) for _, chunks in made[:50]) == 50
    record_property("chunks", chunks_made)
    record_property("tokens_per_second", round(tokens / seconds))
