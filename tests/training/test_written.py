"""The hand-written tables are whole, without repeats, and clear of the development triples."""

from collections import Counter

import pytest

from mejurix_st.evaluation.triples import held_out
from mejurix_st.training import written
from mejurix_st.training.relations import RELATIONS
from mejurix_st.training.run import GENERATED_GUARDS

AXES = {"negation", "severity", "temporality", "laterality", "experiencer", "certainty"}
TABLES = {
    "contrast_en": (6000, AXES, "cue"),
    "contrast_ko": (4800, AXES, "cue"),
    "relations_en": (5100, set(RELATIONS), "pair"),
    "relations_ko": (4300, set(RELATIONS), "pair"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_hold_every_kind_and_pass_the_guard(name: str):
    least, kinds, guard = TABLES[name]
    rows = written.read_table(f"written_{name}.tsv")
    assert len(rows) >= least
    assert {row["kind"] for row in rows} == kinds
    triples = written.written_triples(name, part="all")
    assert len(triples) == len(rows)
    for triple in triples:
        assert all(text and text == text.strip() for text in triple)
        assert len(set(triple)) == 3, triple
        for text in triple:
            assert not held_out().conflicts(text, kinds=(guard, "sentence")), text


@pytest.mark.parametrize("name", ["relations_en", "relations_ko"])
def test_facts_of_the_test_side_are_refused_where_anchor_and_positive_hold_them_together(name: str):
    guard = GENERATED_GUARDS["relations"]
    kept = written.written_triples(name, exclude=guard)
    assert 0.9 < len(kept) / len(written.written_triples(name)) < 1
    for anchor, positive, _ in kept:
        assert not held_out().conflicts(f"{anchor} {positive}", kinds=("pair",))


def test_questions_are_korean_and_answers_english():
    rows = written.written_triples("crosslingual", part="all")
    assert len(rows) >= 2350
    for korean, english, negative in rows:
        assert any("가" <= c <= "힣" for c in korean), korean
        assert not any("가" <= c <= "힣" for c in english + negative)
        assert english != negative
        assert not held_out().conflicts(korean, kinds=("sentence",))


def test_terms_are_pairs_and_clear_of_the_test_terms():
    terms = written.written_terms(part="all")
    assert len(terms) >= 9000
    for korean, english in terms:
        assert any("가" <= c <= "힣" for c in korean)
        assert not held_out().conflicts(korean, kinds=("term",))
        assert not held_out().conflicts(english, kinds=("term",))


def test_exclude_drops_whole_rows(monkeypatch: pytest.MonkeyPatch):
    names = ("anchor", "positive", "negative")
    table = [dict(zip(names, (f"{x} a", f"{x} p", f"{x} n"), strict=True)) for x in ("knee", "spine", "knee")]
    monkeypatch.setattr(written, "read_table", lambda name: table)
    assert written.written_triples("contrast_en", part="all") == [
        ("knee a", "knee p", "knee n"),
        ("spine a", "spine p", "spine n"),
    ]
    assert written.written_triples("contrast_en", exclude=lambda text: text == "spine n") == [
        ("knee a", "knee p", "knee n")
    ]


@pytest.mark.parametrize("name", written.TRIPLE_TABLES)
def test_rows_kept_out_are_about_a_twelfth_and_none_is_in_both_parts(name: str):
    whole = written.written_triples(name, part="all")
    training, kept = (set(written.written_triples(name, part=part)) for part in ("training", "validation"))
    assert training | kept == set(whole)
    assert not training & kept
    assert 0.04 < len(kept) / len(whole) < 0.12


def test_queries_written_for_public_texts_name_their_row_and_ask_something():
    rules, notes = (written.read_table(f"written_{name}.tsv") for name in ("rules", "notes"))
    assert len(rules) >= 2500
    assert len(notes) >= 1800
    assert all(row["row"].isdigit() and len(row["query"].split()) >= 4 for row in rules)
    assert len({row["key"] for row in notes}) == len(notes)
    assert len({row["query"] for row in rules}) == len(rules)
    assert max(Counter(row["row"] for row in rules).values()) <= 3
    for row in notes:
        note, start, end = (int(part) for part in row["key"].split(":"))
        assert note >= 0 <= start < end
        assert len(row["query"]) > 12


def test_parallel_sentences_are_one_language_each_and_clear_of_the_test():
    rows = written.written_parallel(part="all")
    assert len(rows) >= 1500
    for korean, english in rows:
        assert any("가" <= c <= "힣" for c in korean)
        assert not any("가" <= c <= "힣" for c in english)
        for text in (korean, english):
            assert not held_out().conflicts(text, kinds=("sentence", "term"))


@pytest.mark.parametrize(("name", "least"), [("korean_passages", 300), ("case_passages", 450)])
def test_passages_are_longer_than_their_queries_and_clear_of_the_test(name: str, least: int):
    rows = written.read_table(f"written_{name}.tsv")
    assert len(rows) >= least
    for row in rows:
        assert len(row["passage"]) > len(row["query"]) > 8
        assert not held_out().conflicts(row["query"], kinds=("sentence",))
