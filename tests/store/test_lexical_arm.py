"""Keyword vectors: Korean endings, citations, and words that must not meet."""

from __future__ import annotations

import pytest
from qdrant_mejurix.lexical import LexicalEncoder, citation_words, syllable_pairs

CITATIONS = [
    # text, words that it must yield
    ("38 U.S.C. § 1154(b)", {"38usc1154", "38usc1154b"}),
    ("38 USC 1154(b)", {"38usc1154", "38usc1154b"}),
    ("38 U.S.C.A. §§ 1110, 1131", {"38usca1110"}),
    ("38 C.F.R. § 3.303(a)(1)", {"38cfr3p303", "38cfr3p303a", "38cfr3p303a1"}),
    ("410 U.S. 113", {"410us113"}),
    ("Barr v. Nicholson, 21 Vet. App. 303", {"21vetapp303"}),
    ("section 1154(b) of title 38", {"section1154", "section1154b"}),
    ("산업재해보상보험법 제37조 제1항", {"제37조", "제1항"}),
    ("민법 제750조의2", {"제750조의2"}),
    ("대법원 2009다12345 판결", {"2009다12345"}),
]


@pytest.mark.parametrize(("text", "words"), CITATIONS)
def test_citations_become_words(text, words):
    assert words <= set(citation_words(text))


@pytest.mark.parametrize("text", ["The patient is 38 years old.", "no citation", "MRI on 3 March 2019", ""])
def test_plain_text_has_no_citation(text):
    assert citation_words(text) == []


@pytest.fixture(scope="module")
def lexical():
    return LexicalEncoder()


def _share(lexical, query, document):
    return set(lexical.encode_query(query).indices) & set(lexical.encode_document(document).indices)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("골절은", "요추 골절이 확인되었다"),
        ("압박골절", "제3요추 압박골절의 소견"),
        ("업무상재해", "업무상 재해로 인정된다"),
        ("수술이 필요한가", "수술은 필요하지 않다"),
        ("surgeries", "surgery was planned"),
        ("38 USC 1154(b)", "under 38 U.S.C. § 1154(b) the claim"),
    ],
)
def test_inflected_words_meet(lexical, query, document):
    assert _share(lexical, query, document)


@pytest.mark.parametrize(("query", "document"), [("골절은", "어깨 통증"), ("knee", "hip")])
def test_unrelated_words_do_not_meet(lexical, query, document):
    assert not _share(lexical, query, document)


def test_stop_words_alone_are_an_empty_query(lexical, index):
    assert not lexical.encode_query("the of and")
    matter = index.matter("m")
    matter.add_records(["the knee"])
    assert matter.search("the of and", mode="bm25") == []
    assert set(matter.search("the of and")[0].arms) == {"dense"}


def test_short_runs_are_left_alone():
    assert syllable_pairs("골절 및 a") == []
    assert syllable_pairs("골절이") == ["골절", "절이"]


def test_a_citation_finds_its_own_section_first(index):
    matter = index.matter("m")
    matter.add_records(
        ["See 38 U.S.C. § 1154(a).", "See 38 U.S.C. § 1154(b).", "See 38 U.S.C. § 1110(b) and 1154."]
    )
    assert "1154(b)" in matter.search("38 USC 1154(b)", mode="bm25")[0].chunk.text
