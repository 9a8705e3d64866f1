"""The glossary, Korean particles, and the parallel text made of both."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.errors import InputError
from mejurix_st.training.glossary import (
    PARTICLES,
    attach_particle,
    fill_frame,
    load_glossary,
    parallel_sentences,
    query_pairs,
    read_table,
    slots_of,
    term_pairs,
)

HANGUL = re.compile(r"[가-힣]")
KINDS = {
    "disease", "symptom", "medication", "treatment", "test", "anatomy",
    "outcome", "severity", "legal", "compensation", "document", "profession",
}  # fmt: skip


def test_glossary_is_large_and_whole():
    terms = load_glossary()
    assert len(terms) >= 1800
    assert {term.kind for term in terms} == KINDS
    for term in terms:
        assert HANGUL.search(term.ko), term
        assert not HANGUL.search(term.en), term
        assert term.ko not in term.ko_synonyms, term
        assert term.en not in term.en_synonyms, term
        assert all(text == text.strip() for text in (term.en, term.ko, *term.ko_synonyms, *term.en_synonyms))
    assert len({(term.en, term.kind) for term in terms}) == len(terms)


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("골절", "을", "골절을"),
        ("치매", "을", "치매를"),
        ("과실", "이", "과실이"),
        ("의사", "이", "의사가"),
        ("법원", "은", "법원은"),
        ("원고", "은", "원고는"),
        ("두통", "과", "두통과"),
        ("기침", "으로", "기침으로"),
        ("과실", "으로", "과실로"),  # ㄹ takes 로
        ("치매", "으로", "치매로"),
        ("골절", "이었다", "골절이었다"),
        ("치매", "이었다", "치매였다"),
        ("MRI", "을", "MRI를"),
        ("MRI", "이", "MRI가"),
        ("PTSD", "은", "PTSD는"),
        ("EMR", "으로", "EMR로"),
        ("코로나바이러스감염증-19", "이", "코로나바이러스감염증-19가"),
        ("골절(좌측)", "이", "골절(좌측)이"),
    ],
)
def test_particle_follows_the_last_sound(word, particle, expected):
    assert attach_particle(word, particle) == expected


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=6))
def test_particle_of_any_hangul_word(word):
    closed = (ord(word[-1]) - 0xAC00) % 28 != 0
    assert attach_particle(word, "을") == word + ("을" if closed else "를")
    assert attach_particle(word, "이") == word + ("이" if closed else "가")


def test_unknown_particle_is_refused():
    with pytest.raises(InputError, match="use one of 을"):
        attach_particle("골절", "를")


def test_frames_are_aligned_and_many():
    frames = read_table("glossary_frames.tsv")
    assert len(frames) >= 150
    for row in frames:
        assert sorted(slots_of(row["en"])) == sorted(slots_of(row["ko"])), row
        for particle in re.findall(r":([가-힣]+)\}", row["ko"]):
            assert particle in PARTICLES
    for row in read_table("glossary_questions.tsv"):
        assert sorted(slots_of(row["ko_question"])) == sorted(slots_of(row["en_question"])), row
        assert sorted(slots_of(row["en_answer"])) == sorted(slots_of(row["ko_answer"])), row


def test_fill_frame_writes_article_particle_and_capital():
    assert fill_frame("a(n) {disease} was seen", {"disease": "ulcer"}) == "An ulcer was seen"
    assert fill_frame("{disease:이} 있다", {"disease": "치매"}) == "치매가 있다"


@pytest.mark.parametrize("make", [parallel_sentences, query_pairs])
def test_pairs_are_bilingual_whole_and_distinct(make):
    pairs = list(make(3, per_frame=10))
    assert len(pairs) == len(set(pairs)) > 350
    for pair in pairs:
        assert sum(bool(HANGUL.search(text)) for text in pair) == 1, pair
        assert not any(re.search(r"[{}]", text) for text in pair), pair


def test_parallel_sentences_are_enough_for_training():
    assert sum(1 for _ in parallel_sentences(0)) > 12_000
    assert sum(1 for _ in term_pairs(0)) > 3_000


def test_query_pairs_go_both_ways():
    korean_first = [bool(HANGUL.search(query)) for query, _ in query_pairs(0, per_frame=20)]
    assert 0.4 < sum(korean_first) / len(korean_first) < 0.6


@pytest.mark.parametrize("make", [parallel_sentences, query_pairs, term_pairs])
def test_streams_depend_on_the_seed_alone(make):
    first, again, other = (list(itertools.islice(make(seed), 200)) for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("make", [parallel_sentences, query_pairs, term_pairs])
def test_excluded_text_never_comes_out(make):
    banned = re.compile("골절|fracture")
    seen = [text for pair in make(1, exclude=lambda t: bool(banned.search(t))) for text in pair]
    assert len(seen) > 1000
    assert not any(banned.search(text) for text in seen)
