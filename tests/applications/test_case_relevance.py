"""Ranking of prior cases, and search without a store."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.applications import case_relevance, embed_passages, retrieve
from mejurix_st.applications.relevance import statement_parts
from mejurix_st.errors import InputError


def test_the_case_on_the_same_facts_comes_first(encoder, knee_record, spine_record):
    statement = "Lumbar disc herniation with nerve root compression. A microdiscectomy was performed."
    ranked = case_relevance(statement, {"knee": knee_record, "spine": [spine_record]}, encoder)
    assert [case.name for case in ranked] == ["spine", "knee"]
    assert [case.rank for case in ranked] == [1, 2]
    assert ranked[0].score > ranked[1].score


def test_every_sentence_has_its_passage(encoder, knee_record):
    statement = "Arthritis of the right knee.  No left ankle disability."
    (case,) = case_relevance(statement, {"knee": knee_record}, encoder)
    assert [item.part for item in case.support] == [
        "Arthritis of the right knee.",
        "No left ankle disability.",
    ]
    for item in case.support:
        assert statement[item.start : item.end] == item.part
        assert knee_record.text[item.chunk.start : item.chunk.end] == item.chunk.text


def test_limit_and_refusals(encoder, knee_record):
    assert len(case_relevance("knee", {"a": knee_record, "b": "ankle"}, encoder, limit=1)) == 1
    for statement, cases, limit, match in [
        (" ", {"a": knee_record}, None, "statement is empty"),
        ("knee", {}, None, "no cases"),
        ("knee", {"a": knee_record}, 0, "limit is 0"),
        ("knee", {"a": ""}, None, "no text"),
    ]:
        with pytest.raises(InputError, match=match):
            case_relevance(statement, cases, encoder, limit=limit)


@given(
    st.lists(
        st.sampled_from(["The knee hurts. ", "Yes. ", "골절 소견 없음. ", "\n\n", "He fell on ice.\n"]),
        max_size=8,
    )
)
def test_parts_are_slices_in_order(pieces):
    statement = "".join(pieces)
    parts = statement_parts(statement)
    assert all(statement[a:b] == statement[a:b].strip() != "" for a, b in parts)
    assert all(first[1] <= second[0] for first, second in pairwise(parts))
    covered = "".join(statement[a:b] for a, b in parts)
    assert "".join(covered.split()) == "".join(statement.split())


def test_retrieve_gives_page_and_cosine(encoder, knee_record, spine_record):
    hits = retrieve("dural tear during microdiscectomy", [knee_record, spine_record], encoder, limit=5)
    assert hits[0].chunk.document == "spine.txt"
    assert "dural tear" in hits[0].chunk.text
    assert hits[0].chunk.page_end == 2
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(hit.arms == {"dense": hit.score} and -1.0001 <= hit.score <= 1.0001 for hit in hits)


def test_passages_are_encoded_once(encoder, knee_record, spine_record):
    passages = embed_passages([knee_record, spine_record], encoder)
    before = encoder.encoded["document"]
    retrieve("arthritis", passages, encoder)
    retrieve("herniation", passages.of("spine.txt"), encoder)
    assert encoder.encoded["document"] == before
    with pytest.raises(InputError, match="no passages of ghost"):
        passages.of("ghost")


@pytest.mark.parametrize(("query", "limit", "match"), [("", 3, "empty"), ("knee", 0, "limit is 0")])
def test_retrieve_refuses(encoder, knee_record, query, limit, match):
    with pytest.raises(InputError, match=match):
        retrieve(query, knee_record, encoder, limit=limit)
