from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from mejurix_st.errors import InputError
from mejurix_st.evaluation.data import (
    RETRIEVAL_SETS,
    DataNotFoundError,
    RetrievalSet,
    data_folder,
    load_retrieval_set,
    load_retrieval_sets,
    statute_heading,
)
from mejurix_st.evaluation.encoders import CachedEncoder
from mejurix_st.evaluation.passages import split_corpus
from mejurix_st.evaluation.retrieval import best_passage, bm25_scores, embed_task, score_rankings


def hashing_vectors(texts, role="document", dimension=512):
    """Bags of words, hashed without Python's salt: similar where words are shared."""
    rows = np.zeros((len(texts), dimension), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            row[sum(ord(c) * 31**i for i, c in enumerate(word)) % dimension] += 1
    return rows


def make_task(documents, queries, relevant, headers=None):
    return RetrievalSet(
        "small",
        tuple(queries),
        tuple(documents),
        tuple(frozenset(found) for found in relevant),
        tuple(frozenset() for _ in queries),
        tuple(headers or [""] * len(documents)),
    )


FILLER = "The hearing was held and the parties were heard on the record. " * 40


def test_best_passage_takes_the_maximum_of_each_document():
    scores = np.array([[0.1, 0.9, 0.3, 0.2, 0.4]])
    np.testing.assert_allclose(best_passage(scores, [0, 0, 1, 2, 2], 3), [[0.9, 0.3, 0.4]])


def test_a_long_document_is_found_by_its_last_passage():
    documents = [FILLER + "Spinal fusion caused foot drop.", FILLER, "Dental records were lost."]
    task = make_task(documents, ["foot drop after spinal fusion"], [{0}])
    encoder = CachedEncoder("hash", hashing_vectors, max_tokens=64)
    whole = score_rankings("w", task, embed_task(encoder, task, "first").scores())
    best = score_rankings("b", task, embed_task(encoder, task, "best", 64).scores())
    embedded = embed_task(encoder, task, "best", 64)
    assert len(embedded.passages) > 6
    assert best.ndcg.tolist() == [1.0]
    assert embedded.scores()[0, 0] > 3 * embed_task(encoder, task, "first").scores()[0, 0]
    assert whole.ndcg.tolist() != [0.0]


def test_passages_fit_the_model_carry_the_heading_and_lose_no_word():
    task = make_task([FILLER, "Short."], ["q"], [{0}], ["Hearings", ""])
    encoder = CachedEncoder("hash", hashing_vectors, max_tokens=48, document_prompt="passage: ")
    texts, owners = split_corpus(task, encoder, 256)
    assert owners == sorted(owners)
    assert set(owners) == {0, 1}
    assert all(text.startswith("Hearings\n") for text, owner in zip(texts, owners, strict=True) if owner == 0)
    assert texts[-1] == "Short."
    assert all(len(encoder.token_offsets("passage: " + text)) + 2 <= 48 for text in texts)
    joined = " ".join(texts)
    assert all(word in joined for word in set(FILLER.split()))


def test_each_text_is_encoded_once_per_role():
    calls: list[tuple[str, int]] = []

    def encode(texts, role):
        calls.append((role, len(texts)))
        return hashing_vectors(texts)

    encoder = CachedEncoder("hash", encode, query_prompt="query: ", document_prompt="passage: ")
    first = encoder.encode(["a", "b", "a"], "query")
    second = encoder.encode(["b", "c"], "query")
    encoder.encode(["a"], "document")
    assert calls == [("query", 2), ("query", 1), ("document", 1)]
    np.testing.assert_array_equal(first[1], second[0])
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-6)
    calls.clear()
    alike = CachedEncoder("hash", encode)
    alike.encode(["a"], "query")
    alike.encode(["a"], "document")
    assert len(calls) == 1


def test_excluded_documents_are_no_candidates():
    task = make_task(["same words", "same words here"], ["same words"], [{1}])
    blocked = RetrievalSet(
        task.name, task.queries, task.corpus, task.relevant, (frozenset({0}),), task.headers
    )
    scores = np.array([[0.9, 0.5]])
    assert score_rankings("m", task, scores).ndcg[0] == pytest.approx(1 / np.log2(3))
    assert score_rankings("m", blocked, scores).ndcg[0] == 1


def test_bm25_ranks_by_words_and_survives_queries_it_does_not_know():
    pytest.importorskip("bm25s", reason="the train extra is not installed")
    task = make_task(
        ["lumbar fracture of the spine", "dental claim", "요추 골절 진단서"],
        ["fractured lumbar spine", "zzz", "요추 골절"],
        [{0}, {1}, {2}],
    )
    scores = bm25_scores(task)
    assert scores.shape == (3, 3)
    assert scores[0].argmax() == 0
    assert not scores[1].any()
    assert scores[2].argmax() == 2


def test_statute_headings():
    assert statute_heading("§ 106. Certain service deemed active (b) Any person").endswith("deemed active")
    assert statute_heading("The Board finds that § 106 applies.") == ""


def test_a_set_is_read_from_its_file(tmp_path):
    folder = tmp_path / "retrieval"
    folder.mkdir()
    content = {"queries": ["q"], "documents": ["a", "b"], "relevant": [[1]], "exclude": [[0]]}
    with gzip.open(folder / "bva_rule_to_rule.json.gz", "wt", encoding="utf-8") as file:
        json.dump(content, file)
    task = load_retrieval_set("bva_rule_to_rule", tmp_path)
    assert (task.queries, task.corpus) == (("q",), ("a", "b"))
    assert task.relevant == (frozenset({1}),)
    assert task.exclude == (frozenset({0}),)


def test_errors_say_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("MEJURIX_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataNotFoundError, match=r"MEJURIX_DATA names .*nowhere"):
        data_folder()
    monkeypatch.setenv("MEJURIX_DATA", str(tmp_path))
    with pytest.raises(DataNotFoundError, match="medquad_cancer_heart"):
        load_retrieval_set("medquad_cancer_heart")
    with pytest.raises(InputError, match="bva_rule_to_statute, bva_rule_to_rule, medquad_cancer_heart"):
        load_retrieval_set("trec")
    with pytest.raises(InputError, match="relevant documents"):
        make_task(["a"], ["q"], [{3}])


@pytest.mark.shared_data
def test_bm25_figures_on_the_development_sets():
    pytest.importorskip("bm25s", reason="the train extra is not installed")
    try:
        tasks = load_retrieval_sets()
    except DataNotFoundError as error:
        pytest.skip(str(error))
    found = {task.name: score_rankings("BM25", task, bm25_scores(task)).ndcg.mean() for task in tasks}
    expected = dict(zip(RETRIEVAL_SETS, (0.700, 0.521, 0.529), strict=True))
    assert found == pytest.approx(expected, abs=0.001)
