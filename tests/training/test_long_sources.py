"""Pairs over whole documents: what is asked, what answers it, and how long it is."""

import gzip
import json
import random
from pathlib import Path

import pytest

from mejurix_st.training import long_sources
from mejurix_st.training.long_sources import LONG_SOURCES, WORDS, sections
from mejurix_st.training.recipe_data import WEIGHTS, near_by_words
from mejurix_st.training.sources import LICENCES, SOURCES

CLAUSE = "The Secretary shall pay number {} to a veteran who was hurt in the line of duty on land or at sea."
NOTE = "PLAN:, Rest was advised. {} The left knee was swollen on day {}. Ice was applied for twenty minutes."


def write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = [
        {
            "title": 38,
            "section": f"§ {s}. Benefits {s}",
            "query": f"§ {s}.",
            "positive": CLAUSE.format(s * 100 + i),
        }
        for i in range(12)
        for s in (1, 2)
    ]
    write(tmp_path / "pairs/us_code.jsonl.gz", code)
    answer = " ".join(f"word{i}" for i in range(400))
    rows = [
        {"query": "What is gout?", "positive": answer, "source": "3_GHR_QA"},
        {"query": "What is a stroke?", "positive": answer, "source": "8_NHLBI_QA_XML"},
        {"query": "Too short?", "positive": "Yes.", "source": "3_GHR_QA"},
    ]
    write(tmp_path / "pairs/medquad.jsonl.gz", rows)
    notes = [
        {"id": 7, "specialty": "Orthopedic", "text": " ".join(NOTE.format("He slept.", i) for i in range(40))}
    ]
    write(tmp_path / "text/clinical_notes/notes.jsonl.gz", notes)
    (tmp_path / "text/bva").mkdir(parents=True)
    decision = "\n\n".join(
        "FINDINGS\n\n" + " ".join(CLAUSE.format(i) for i in range(k, k + 4)) for k in range(9)
    )
    (tmp_path / "text/bva/one.txt").write_text(decision, encoding="utf-8")
    return tmp_path


def build(name: str, folder: Path) -> list:
    return list(LONG_SOURCES[name](folder, random.Random(1)))  # noqa: S311


@pytest.mark.parametrize("name", ["code_sections", "answers", "long_notes", "long_decisions"])
def test_texts_are_long_but_within_what_is_read(name: str, folder: Path):
    found = build(name, folder)
    assert max(len(pair.positive.split()) for pair in found) > 110  # more than other sources have
    for pair in found:
        assert len(pair.positive.split()) <= WORDS + 8  # a heading may stand before it
        assert pair.source in LICENCES
        assert pair.group


def test_held_out_answers_and_short_ones_are_left_out(folder: Path):
    assert {pair.query for pair in build("answers", folder)} == {"What is gout?"}


def test_sections_keep_the_order_of_their_rows(folder: Path):
    found = dict(sections(folder))
    assert [row["row"] for row in found["§ 2. Benefits 2"]] == list(range(1, 24, 2))


def test_a_written_rule_s_section_holds_the_row_it_was_written_for(folder: Path, monkeypatch):
    queries = [{"row": str(i), "query": f"rule {i}"} for i in (0, 9, 22)]
    monkeypatch.setattr(long_sources, "read_table", lambda name: queries)
    found = {pair.query: pair for pair in build("written_rules", folder)}
    assert len(found) == 3
    for query, number in (("rule 0", 100), ("rule 9", 204), ("rule 22", 111)):
        assert f"number {number} " in found[query].positive
    assert found["rule 9"].group != found["rule 0"].group


def test_a_written_note_query_finds_its_piece(folder: Path, monkeypatch):
    text = next(long_sources.read_lines(folder / "text/clinical_notes/notes.jsonl.gz"))["text"]
    start = text.index("day 5.")
    rows = [
        {"key": f"7:{start}:{start + 40}", "query": "swelling?"},
        {"key": "8:0:9", "query": "no such note"},
    ]
    monkeypatch.setattr(long_sources, "read_table", lambda name: rows)
    (pair,) = build("written_notes", folder)
    assert "day 5." in pair.positive


def test_every_long_source_is_drawn_and_sized_as_one():
    assert set(LONG_SOURCES) <= set(WEIGHTS)
    assert set(SOURCES) <= set(WEIGHTS)


def test_near_ones_by_words_begin_with_the_text_itself():
    texts = ["knee pain after a fall", "statute of limitations", "pain of the knee", "limitations act"]
    assert near_by_words(texts, 2) == [0, 2]
    assert near_by_words(texts[1:], 2) == [0, 2]
