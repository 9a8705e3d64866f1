"""The development triples: enough of them, well formed, hard by their words, and kept apart from training."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest

from mejurix_st.errors import InputError
from mejurix_st.evaluation.triples import (
    AXES,
    LANGUAGES,
    PLAIN,
    RELATIONS,
    TEST_CUES,
    TRAIN_CUES,
    TripleSet,
    held_out,
    load_crosslingual,
    load_terms,
    load_triples,
    triple_sets,
)

SETS = triple_sets()
AXIS_SETS = [s for s in SETS if s.kind == "axis"]
ENOUGH = {"en": 60, "ko": 30}
HANGUL = re.compile(r"[가-힣]")


def label(value):
    return f"{value.name}.{value.language}"


def words(text):
    return re.findall(r"\w+(?:[-'’]\w+)*", text.lower())


def overlap(one, other):
    first, second = set(words(one)), set(words(other))
    return len(first & second) / len(first | second)


def texts_of(triple):
    return triple.anchor, triple.positive, triple.negative


def has_cue(text, cue, language):
    if language == "en":
        return re.search(rf"(?<![\w-]){re.escape(cue)}(?![\w-])", text.lower()) is not None
    return re.search(rf"(?<!\w){re.escape(cue)}", text) is not None


def training_cue_in(text, axis, language):
    """Korean endings join the word before them, so a training stem is looked for anywhere in the text."""
    if language == "en":
        return [c for c in TRAIN_CUES[axis]["en"] if has_cue(text, c, "en")]
    return [c for c in TRAIN_CUES[axis]["ko"] if c in text.replace("극심", "")]


def test_sets_cover_all_relations_axes_and_languages():
    assert [
        TripleSet(name, language, "relation" if name in RELATIONS else "axis")
        for language in LANGUAGES
        for name in (*RELATIONS, *AXES)
    ] == SETS
    assert len(RELATIONS) == 10


@pytest.mark.parametrize("which", SETS, ids=label)
def test_set_is_large_enough_and_well_formed(which):
    triples = which.load()
    assert len(triples) >= ENOUGH[which.language]
    for number, triple in enumerate(triples, 1):
        assert triple.id == f"{which.name}.{which.language}.{number:03d}"
        assert triple.domain in {"medical", "legal", "medical-legal"}
        assert len(set(texts_of(triple))) == 3
        assert triple.entities
        together = " ".join(texts_of(triple)).lower()
        assert [e for e in triple.entities if e not in together or e != e.lower()] == []
        for text in texts_of(triple):
            assert text == text.strip()
            assert bool(HANGUL.search(text)) == (which.language == "ko")
            assert (5 if which.language == "en" else 2) <= len(text.split()) <= 40


@pytest.mark.parametrize("which", SETS, ids=label)
def test_wording_is_varied_rather_than_one_template(which):
    openings = Counter(tuple(words(t.anchor)[:2]) for t in which.load())
    assert openings.most_common(1)[0][1] <= len(which.load()) / 10


def test_no_text_occurs_twice_in_any_set():
    triples = [*itertools.chain.from_iterable(s.load() for s in SETS), *load_crosslingual()]
    counts = Counter(" ".join(words(text)) for t in triples for text in texts_of(t))
    assert [text for text, count in counts.items() if count > 1] == []
    assert len({t.id for t in triples}) == len(triples)


@pytest.mark.parametrize("which", AXIS_SETS, ids=label)
def test_negative_of_an_axis_shares_more_words_with_the_anchor_than_the_positive_does(which):
    triples = which.load()
    closer = [overlap(t.anchor, t.negative) > overlap(t.anchor, t.positive) for t in triples]
    assert sum(closer) >= 0.9 * len(triples)


@pytest.mark.parametrize("which", AXIS_SETS, ids=label)
def test_cue_decides_and_is_of_the_test_side(which):
    known = TEST_CUES[which.name][which.language]
    for triple in which.load():
        cue = triple.cue.lower()
        in_anchor, in_negative = (
            has_cue(t, cue, which.language) for t in (triple.anchor.lower(), triple.negative.lower())
        )
        assert in_anchor != in_negative, f"{triple.id}: {cue!r} does not part anchor and negative"
        assert cue not in TRAIN_CUES[which.name][which.language]
        assert any(cue == k if which.language == "en" else cue.startswith(k) for k in known), triple.id


@pytest.mark.parametrize("which", AXIS_SETS, ids=label)
def test_no_training_cue_occurs_on_the_axis_it_would_decide(which):
    found = {
        t.id: cues
        for t in which.load()
        if (cues := [c for text in texts_of(t) for c in training_cue_in(text, which.name, which.language)])
    }
    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("axis", AXES)
def test_cue_lists_of_the_two_sides_are_disjoint(axis, language):
    for test, train in itertools.product(TEST_CUES[axis][language], TRAIN_CUES[axis][language]):
        assert test != train
        assert language == "en" or not (test.startswith(train) or train.startswith(test))


@pytest.mark.parametrize("axis", AXES)
def test_axis_speaks_of_medicine_and_of_law(axis):
    for language in LANGUAGES:
        domains = Counter(t.domain for t in load_triples(axis, language))
        assert domains["medical"] >= 10
        assert domains["legal"] + domains["medical-legal"] >= 10


def test_crosslingual_asks_in_korean_and_answers_in_english():
    triples = load_crosslingual()
    assert len(triples) >= 120
    for triple in triples:
        assert HANGUL.search(triple.anchor)
        assert not HANGUL.search(triple.positive + triple.negative)
        assert triple.positive != triple.negative
        assert any(HANGUL.search(e) for e in triple.entities)


def test_terms_are_one_to_one():
    terms = load_terms()
    assert len(terms) >= 200
    assert len({t.ko for t in terms}) == len({t.en for t in terms}) == len(terms)
    for term in terms:
        assert HANGUL.search(term.ko)
        assert term.en.isascii()


def test_names_are_read_in_any_case_and_unknown_ones_refused():
    assert load_triples("DISEASE_MEDICATION", "en") == load_triples("disease_medication", "en")
    with pytest.raises(InputError, match="negation"):
        load_triples("sentiment", "en")
    with pytest.raises(InputError, match="en, ko"):
        load_triples("negation", "de")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The scan ruled out a fracture.", ["cue: ruled out"]),
        ("The ruling outlined a fracture.", []),
        ("A low-grade fever", ["cue: low-grade"]),
        ("A grade low fever", []),
        ("원고는 통증을 부인하였다고 한다.", ["cue: 부인하"]),
        ("그 부부는 부인과 진료를 받았다.", []),
        ("myocardial infarction", ["term: myocardial infarction"]),
        ("The patient has no fever and is not in pain.", []),
    ],
)
def test_guard_matches_whole_phrases(text, found):
    assert [c for c in held_out().conflicts(text) if c.startswith(("cue", "term"))] == found


def test_guard_knows_every_test_text_and_its_near_duplicates():
    guard = held_out()
    for triple in (t for s in SETS for t in s.load()):
        for role, text in zip(("anchor", "positive", "negative"), texts_of(triple), strict=True):
            assert f"sentence: {triple.id} {role}" in guard.conflicts(text, kinds=("sentence",))
    changed = "It was noted that the employer never warned the crew about asbestos dust at all."
    assert "sentence: negation.en.016 negative" in guard.conflicts(changed, kinds=("sentence",))


def test_guard_finds_key_terms_and_whole_pairs():
    text = "Hypothyroidism. Start levothyroxine 50 mcg."
    assert held_out().conflicts(text, kinds=("entity",)) == [
        "entity: hypothyroidism",
        "entity: levothyroxine",
    ]
    assert held_out().conflicts(text, kinds=("pair",)) == ["pair: disease_medication.en.001"]
    assert held_out().conflicts("Hypothyroidism. Start rest.", kinds=("pair",)) == []
    assert held_out().conflicts("Right-sided pain", kinds=("cue",), axis="negation") == []


def test_guard_refuses_unknown_questions():
    with pytest.raises(InputError, match="sentence"):
        held_out().conflicts("text", kinds=("typo",))
    with pytest.raises(InputError, match="laterality"):
        held_out().conflicts("text", axis="side")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_generated_training_triple_is_decided_by_a_test_cue(language):
    contrast = pytest.importorskip("mejurix_st.training.contrast")
    guard = held_out()
    made = list(contrast.contrast_triples(0, language, exclude=guard.excludes, limit=3000))
    assert len(made) > 1000
    assert {t.axis for t in made} >= set(AXES)
    for triple in made:
        assert [
            c for text in (triple.anchor, triple.positive, triple.negative) for c in guard.conflicts(text)
        ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_sets_are_whole_and_kept_out_of_training(language):
    for name in PLAIN:
        rows = load_triples(name, language)
        assert len(rows) >= (35 if language == "en" else 15)
        assert [t.id for t in rows] == [f"{name}.{language}.{i:03}" for i in range(1, len(rows) + 1)]
        assert len({t.anchor for t in rows}) == len(rows)
        for triple in rows:
            assert len(set(texts_of(triple))) == 3
            for text in texts_of(triple):
                assert held_out().conflicts(text, kinds=("sentence",))
                assert bool(re.search("[가-힣]", text)) == (language == "ko")
