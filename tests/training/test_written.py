"""The hand-written tables are whole, without repeats, and clear of the development triples."""

import pytest

from mejurix_st.evaluation.triples import held_out
from mejurix_st.training import written
from mejurix_st.training.relations import RELATIONS

AXES = {"negation", "severity", "temporality", "laterality", "experiencer", "certainty"}
TABLES = {
    "contrast_en": (1400, AXES, "cue"),
    "contrast_ko": (650, AXES, "cue"),
    "relations_en": (1050, set(RELATIONS), "pair"),
    "relations_ko": (480, set(RELATIONS), "pair"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_hold_every_kind_and_pass_the_guard(name: str):
    least, kinds, guard = TABLES[name]
    rows = written.read_table(f"written_{name}.tsv")
    assert len(rows) >= least
    assert {row["kind"] for row in rows} == kinds
    triples = written.written_triples(name)
    assert len(triples) == len(rows)
    for triple in triples:
        assert all(text and text == text.strip() for text in triple)
        assert len(set(triple)) == 3, triple
        for text in triple:
            assert not held_out().conflicts(text, kinds=(guard, "sentence")), text


def test_questions_are_korean_and_answers_english():
    rows = written.written_triples("crosslingual")
    assert len(rows) >= 450
    for korean, english, negative in rows:
        assert any("가" <= c <= "힣" for c in korean), korean
        assert not any("가" <= c <= "힣" for c in english + negative)
        assert english != negative
        assert not held_out().conflicts(korean, kinds=("sentence",))


def test_terms_are_pairs_and_clear_of_the_test_terms():
    terms = written.written_terms()
    assert len(terms) >= 1400
    for korean, english in terms:
        assert any("가" <= c <= "힣" for c in korean)
        assert not held_out().conflicts(korean, kinds=("term",))
        assert not held_out().conflicts(english, kinds=("term",))


def test_exclude_drops_whole_rows(monkeypatch: pytest.MonkeyPatch):
    names = ("anchor", "positive", "negative")
    table = [dict(zip(names, (f"{x} a", f"{x} p", f"{x} n"), strict=True)) for x in ("knee", "spine", "knee")]
    monkeypatch.setattr(written, "read_table", lambda name: table)
    assert written.written_triples("contrast_en") == [
        ("knee a", "knee p", "knee n"),
        ("spine a", "spine p", "spine n"),
    ]
    assert written.written_triples("contrast_en", lambda text: text == "spine n") == [
        ("knee a", "knee p", "knee n")
    ]
