"""Lessons: which texts there are, whose place they take, and how batches are filled."""

from __future__ import annotations

import pytest

from mejurix_st.training.lessons import Lesson, LessonBatches, lesson_rows, readings, tokens
from mejurix_st.training.mixture import Cycle
from mejurix_st.training.sources import Pair
from mejurix_st.training.teachers import bare, has_hangul
from mejurix_st.training.written import translated_triples, written_translations, written_triples


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Lesson]]:
    health = [
        Pair("what is gout", "word " * 80),
        Pair("무엇", "Gout is a disease."),
        Pair("what is gout", " "),
    ]
    built = {"answers": health, "us_code": [Pair("a heading of law", "whosoever shall")]}
    return lesson_rows(
        built, facts=lambda text: "warfarin" in text, parallels=lambda text: "fracture" in text
    )


def test_english_texts_of_health_take_their_own_place(rows):
    assert rows["long"] == [Lesson("passage: " + "word " * 80, "passage: " + "word " * 80)]
    short = [row.text for row in rows["short"]]
    assert short[:2] == ["query: what is gout", "passage: Gout is a disease."]
    assert all(row.text == row.reading and bare(row.text).strip() for row in rows["short"])
    assert len(set(short)) == len(short)
    assert not any("whosoever" in text or "heading of law" in text for text in short)


def test_korean_texts_take_the_place_of_their_translation(rows):
    for text, reading in rows["korean"]:
        assert has_hangul(text)
        assert not has_hangul(reading)
        assert text.partition(": ")[0] == reading.partition(": ")[0]  # the same prompt
    pairs = {(bare(text), bare(reading)) for text, reading in rows["korean"]}
    contrasts = {text for row in written_triples("contrast_en", part="all") for text in row}
    translated = set(written_translations())
    assert pairs & translated
    assert len({english for _, english in pairs & translated} & contrasts) < 5  # what is a term as well


def test_what_a_guard_refuses_is_no_lesson(rows):
    assert not any("fracture" in row.reading for row in rows["korean"])
    assert not any("warfarin" in row.text for row in rows["short"])
    assert any("fracture" in row.text for row in rows["short"])  # each guard is for its own kind


def test_readings_are_english_without_prompts_and_each_once(rows):
    texts = readings(rows)
    assert len(set(texts)) == len(texts)
    assert not any(text.startswith(("query: ", "passage: ")) or has_hangul(text) for text in texts)
    assert {bare(row.reading) for kind in ("long", "short", "korean") for row in rows[kind]} == set(texts)


def test_law_is_spread_over_its_sources_each_text_once(monkeypatch):
    monkeypatch.setattr("mejurix_st.training.lessons.LAW_PAIRS", 4)
    pairs = [Pair("one heading", f"section {i}") for i in range(10)]
    rows = lesson_rows({"us_code": pairs})["law"]
    assert [bare(row.text) for row in rows] == ["one heading", *(f"section {i}" for i in (0, 3, 6, 9))]


def test_law_is_read_with_its_prompts_and_not_by_the_second_teacher(rows):
    assert rows["law"] == [
        Lesson(text, text) for text in ("query: a heading of law", "passage: whosoever shall")
    ]
    assert not {"a heading of law", "whosoever shall"} & set(readings(rows))


def make_batches() -> LessonBatches:
    kinds = {"long": "a" * 420, "short": "a" * 42, "korean": "가" * 20}
    return LessonBatches({k: Cycle([Lesson(v, v)] * 5, k) for k, v in kinds.items()}, seed=3)


def test_a_batch_is_of_one_kind_and_about_as_long_as_asked():
    assert tokens("a" * 42) == pytest.approx(tokens("가" * 20), abs=0.1)
    sizes = set()
    for step in range(30):
        rows = make_batches().take(step, 300)
        assert len(set(rows)) == 1
        sizes.add((rows[0].text[:1], len(rows[0].text), len(rows)))
    assert sizes == {("a", 420, 3), ("a", 42, 30), ("가", 20, 30)}
    assert len(make_batches().take(0, 1)) == 2


def test_batches_depend_on_the_step_and_on_where_the_cycles_stand():
    one, other = make_batches(), make_batches()
    assert [one.take(step, 200) for step in range(5)] == [other.take(step, 200) for step in range(5)]
    assert {k: c.at for k, c in one.cycles.items()} == {k: c.at for k, c in other.cycles.items()}


@pytest.mark.parametrize("name", ["relations_en", "contrast_en"])
def test_translated_triples_are_those_of_the_english_table(name: str):
    found = translated_triples(name)
    english = dict(written_translations())
    assert found
    sources = set(written_triples(name))
    for triple in found[::50]:
        assert len(set(triple)) == 3
        assert tuple(english[text] for text in triple) in sources or len(english) < len(
            written_translations()
        )
    refused = translated_triples(name, lambda text: "다" in text)
    assert len(refused) < len(found)
    assert not any("다" in text for triple in refused for text in triple)
