"""Contrast triples: the right side near in meaning, the wrong side near in words."""

import difflib
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.errors import InputError
from mejurix_st.evaluation.triples.cues import TEST_CUES
from mejurix_st.evaluation.triples.held_out import held_out
from mejurix_st.training.contrast import AXES, DOMAINS, LANGUAGES, contrast_triples, frame_counts
from mejurix_st.training.contrast_perturb import natural_triples, paraphrase, perturb
from mejurix_st.training.glossary import read_table, seeded

TRAINED_AXES = [axis for axis in AXES if axis in TEST_CUES]


def words(text):
    return re.findall(r"[\w'%-]+", text.lower())


def changed(old, new):
    """The words in which two texts differ, with the ends of a text joined by blanks."""
    a, b = words(old), words(new)
    parts = []
    for tag, i, j, k, n in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            parts += [" ".join(a[i:j]), " ".join(b[k:n])]
    return parts


def test_frame_counts():
    assert min(frame_counts("en").values()) >= 80
    assert min(frame_counts("ko").values()) >= 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_triples_are_whole_and_balanced(language):
    triples = list(contrast_triples(0, language, limit=3000))
    assert len(triples) == 3000
    assert {(t.axis, t.domain) for t in triples} == set(itertools.product(AXES, DOMAINS))
    assert {t.form for t in triples} == {"sentence", "passage", "query"}
    for axis in AXES:
        assert sum(t.axis == axis for t in triples) > 350, axis
    for t in triples:
        texts = (t.anchor, t.positive, t.negative)
        assert len(set(texts)) == 3
        assert not re.search(r"[\[\]{}<>|]|  ", " ".join(texts)), t


@pytest.mark.parametrize("language", LANGUAGES)
def test_negative_is_nearer_in_words_than_the_positive(language):
    triples = [t for t in contrast_triples(1, language, limit=2000) if t.form == "sentence"]

    def near(a, b):
        return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()

    share = sum(near(t.anchor, t.negative) > near(t.anchor, t.positive) for t in triples) / len(triples)
    assert 0.75 < share < 0.97  # mostly, yet not always: nearness in words must not be the answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_directions_occur(language):
    flipped = {
        "en": re.compile(r"\b(no|not|without|denies|denied|none|cannot)\b", re.I),
        "ko": re.compile("없|않|아니"),
    }
    triples = list(contrast_triples(2, language, axes=("negation",), limit=1000))
    negated = sum(bool(flipped[language].search(t.anchor)) for t in triples)
    assert 300 < negated < 700


@pytest.mark.parametrize("axis", TRAINED_AXES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_test_cue_decides(language, axis):
    decisive = [
        part
        for row in read_table("contrast_frames.tsv")
        if (row["language"], row["axis"]) == (language, axis)
        for choice in re.findall(r"\[([^\]]*)\]", row["frame"])
        for part in choice.split("|")
    ]
    decisive += [
        part
        for t in contrast_triples(4, language, axes=(axis,), limit=600)
        if t.form == "sentence"
        for part in changed(t.anchor, t.negative)
        if len(part.split()) < 4
    ]
    assert len(decisive) > 80
    guard = held_out()
    assert [part for part in decisive if guard.conflicts(part, ("cue",), axis)] == []


def test_streams_depend_on_the_seed_alone():
    first, again, other = (list(contrast_triples(s, "ko", limit=100)) for s in (7, 7, 8))
    assert first == again != other


def test_excluded_text_never_comes_out():
    banned = re.compile("fracture|hearing")
    triples = list(contrast_triples(0, exclude=lambda t: bool(banned.search(t)), limit=800))
    assert len(triples) == 800
    assert not any(banned.search(t.anchor + t.positive + t.negative) for t in triples)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="use one of en, ko"):
        next(contrast_triples(0, "de"))
    with pytest.raises(InputError, match="use one or more of negation"):
        next(contrast_triples(0, axes=("mood",)))


@pytest.mark.parametrize(
    ("sentence", "flipped", "axis"),
    [
        ("There is no evidence of a tumour.", "There is a tumour.", "negation"),
        ("The disability is related to service.", "The disability is not related to service.", "negation"),
        ("The claim was not granted.", "The claim was granted.", "negation"),
        ("She denies any chest pain.", "She reports chest pain.", "negation"),
        ("The patient has a cough.", "The patient does not have a cough.", "negation"),
        ("Pain in the left knee.", "Pain in the right knee.", "laterality"),
        ("There was mild swelling.", "There was severe swelling.", "severity"),
        ("He filed before the deadline.", "He filed after the deadline.", "temporality"),
        ("환자는 좌측 무릎을 다쳤다.", "환자는 우측 무릎을 다쳤다.", "laterality"),
        ("원고에게 과실이 없다.", "원고에게 과실이 있다.", "negation"),
        ("법원은 청구를 인용하였다.", "법원은 청구를 인용하지 않았다.", "negation"),
    ],
)
def test_perturb_flips(sentence, flipped, axis):
    assert (flipped, axis) in perturb(sentence, seeded(0))


@pytest.mark.parametrize(
    "sentence",
    [
        "He testified before the Board.",
        "She left the hospital on Monday.",
        "The Veteran exercised the right to appeal.",
        "Major depressive disorder, recurrent.",
        "Too short.",
    ],
)
def test_perturb_leaves_other_meanings_alone(sentence):
    assert perturb(sentence, seeded(0)) == []


@given(st.text(max_size=200), st.integers(0, 5))
def test_perturb_and_paraphrase_take_any_text(text, seed):
    flips = perturb(text, seeded(seed))
    assert all(flipped != text and axis in AXES for flipped, axis in flips)
    assert len({flipped for flipped, _ in flips}) == len(flips)
    assert paraphrase(text, seeded(seed)) != text


def test_paraphrase_keeps_the_deciding_words():
    cues = re.compile(
        r"\b(no|not|without|denies|left|right|mild|severe|before|after|previous|current)\b|없|않|좌측|우측"
    )
    for triple in contrast_triples(9, limit=1500):
        other = paraphrase(triple.anchor, seeded(0))
        if other is not None:
            assert sorted(cues.findall(triple.anchor.lower())) == sorted(cues.findall(other.lower())), other


def test_natural_triples():
    sentences = [
        "The patient denies shortness of breath.",
        "The sky is blue today.",
        "환자는 요추 골절이 없다.",
    ]
    triples = list(natural_triples(sentences, 0, "medical"))
    assert [(t.axis, t.language) for t in triples] == [("negation", "en"), ("negation", "ko")]
    assert triples[0].anchor == sentences[0]
    assert "reports" in triples[0].negative
    assert "denies" in triples[0].positive
