"""Training pairs from small data folders made here, in the shapes of the public files."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mejurix_st.training import sources
from mejurix_st.training.passages import decision_passages, note_sections, sentences, windows
from mejurix_st.training.sources import LICENCES, SOURCES, Pair, pairs

PARAGRAPH = (
    "The Veteran was examined in the spring of that year. The examiner found no limitation of the knee. "
    "He reported pain after long walks on hard ground. The Board finds that the evidence is in balance here. "
    "A rating of ten percent is therefore assigned for the knee."
)


def write_lines(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One small file for each source."""
    made = {
        "medquad": [
            {"query": "What is gout?", "positive": "Gout is a painful disease. " * 60, "source": "5_NIDDK"},
            {"query": "What is held out?", "positive": "Not for training.", "source": "1_CancerGov_QA"},
        ],
        "us_code": [
            {
                "query": "Title 38 § 1110. Basic entitlement", "section": "38-1110",
                "positive": "(a) For disability resulting from personal injury the United States will pay. "
                "(b) No compensation shall be paid if the disability is a result of willful misconduct.",
            },
            {"query": "§ 1. Short", "positive": "Too short.", "section": "1"},
        ],
        "disease_ontology": [
            {"kind": "definition", "query": "gout", "positive": "A disease of the joints by uric acid."},
            *({"kind": "synonyms", "query": f"d{i}", "positive": f"other name {i}"} for i in range(40)),
        ],
        "icd10cm": [
            {"code": "S32.010", "description": "Wedge fracture", "inclusion_terms": ["Break", "b", "c", "d"]},
            {"code": "S32.011", "description": "Burst fracture", "inclusion_terms": []},
            {"code": "A04.1", "description": "Left out", "inclusion_terms": ["left out term"]},
        ],
        "mts_dialog": [
            {"query": "Doctor: where?", "positive": "Back pain for two weeks after a fall."},
            {"query": "Doctor: hello.", "positive": "Too short."},
        ],
        "pubmedqa": [{"query": "Does it help?", "conclusion": "It helps.", "positive": "We studied forty."}],
        "abbreviations": [{"query": f"AB{i}", "positive": f"abbreviation {i}"} for i in range(40)],
        "va_contentions": [
            {"file": "a", "Contention Text": "bad knee", "Classification Name": "Knee condition"},
            {"file": "b", "Name": "6260 tinnitus", "Body System": "Ear", "Category": "Hearing"},
        ],
    }  # fmt: skip
    for name, rows in made.items():
        write_lines(tmp_path / "pairs" / f"{name}.jsonl.gz", rows)
    note = "SUBJECTIVE:, " + PARAGRAPH + " OBJECTIVE:, " + PARAGRAPH
    write_lines(
        tmp_path / "text/clinical_notes/notes.jsonl.gz", [{"id": 7, "specialty": "Surgery", "text": note}]
    )
    (tmp_path / "text/bva").mkdir()
    (tmp_path / "text/bva/a1.txt").write_text(f"FINDINGS OF FACT\n\n{PARAGRAPH}\n\nToo short.\n", "utf-8")
    worksheet = {"id": "w1", "header": "x ;; - EYE EXAM;y", "text": PARAGRAPH}
    write_lines(tmp_path / "text/va_exam_worksheets.jsonl.gz", [worksheet])
    korean = tmp_path / "korean"
    korean.mkdir()
    (korean / "korsts_train.tsv").write_text(
        "genre\tfile\tyear\tid\tscore\ts1\ts2\n"
        "a\tb\tc\t1\t4.2\t남자가 걷는다.\t한 남자가 걷고 있다.\n"
        "a\tb\tc\t2\t1.0\t개가 짖는다.\t비가 온다.\n",
        "utf-8",
    )
    (korean / "klue_nli_dev.json").write_text(
        json.dumps(
            [
                {"premise": "허리를 다쳤다.", "hypothesis": "몸을 다쳤다.", "gold_label": "entailment"},
                {"premise": "허리를 다쳤다.", "hypothesis": "다친 적이 없다.", "gold_label": "contradiction"},
                {"premise": "비가 온다.", "hypothesis": "눈이 온다.", "gold_label": "contradiction"},
            ],
            ensure_ascii=False,
        ),
        "utf-8",
    )
    (korean / "xnli_dev.tsv").write_text("p\th\tl\n법원에 갔다.\t외출했다.\tentailment\n", "utf-8")
    return tmp_path


def build(name: str, folder: Path, seed: int = 1) -> list[Pair]:
    return list(SOURCES[name](folder, random.Random(seed)))  # noqa: S311


def test_every_source_yields_named_pairs_with_a_licence(folder: Path):
    built = pairs(folder, seed=3)
    assert set(built) == set(SOURCES)
    for name, rows in built.items():
        assert rows, name
        assert {row.source for row in rows} <= set(LICENCES)
        assert all(row.query.strip() and row.positive.strip() and row.group for row in rows), name


def test_held_out_medquad_sources_are_left_out(folder: Path):
    assert {row.query for row in build("medquad", folder)} == {"What is gout?"}
    assert all(len(row.positive.split()) <= 110 for row in build("medquad", folder))


def test_us_code_queries_do_not_stand_whole_in_short_texts(folder: Path):
    found = [row for seed in range(30) for row in build("us_code", folder, seed)]
    assert {row.group for row in found} == {"38-1110"}
    assert not any(row.query.startswith(("(a)", "(b)")) for row in found)
    assert any("Basic entitlement" in row.query for row in found)  # heading to text
    assert any(row.query.startswith("For disability") for row in found)  # clause to the rest


def test_icd_siblings_are_hard_negatives_and_a_fifth_of_categories_is_left_out(folder: Path):
    found = build("icd10cm", folder)
    assert [row.query for row in found] == ["Break", "b", "c"]  # three terms of a code at most
    assert {(row.positive, row.negative, row.group) for row in found} == {
        ("Wedge fracture", "Burst fracture", "S32")
    }
    assert sum(map(ord, "A04")) % 5 == 0  # the rule that leaves a category out, the same every time


def test_ontology_asks_both_ways(folder: Path):
    found = [row for seed in range(12) for row in build("disease_ontology", folder, seed)]
    assert {"gout", "A disease of the joints by uric acid."} <= {row.query for row in found}
    assert {row.positive for row in found if row.query == "gout"} == {"A disease of the joints by uric acid."}


def test_notes_and_dialogues(folder: Path):
    found = {row.source: row for row in build("notes_and_dialogues", folder)}
    assert found["mts_dialog"].query.startswith("Back pain")
    assert found["mts_dialog"].positive.startswith("Doctor: where?")
    assert found["pubmedqa"].query in ("Does it help?", "It helps.")


def test_va_contentions(folder: Path):
    found = {(row.query, row.positive) for row in build("va_contentions", folder)}
    assert found == {("bad knee", "Knee condition"), ("6260 tinnitus", "Ear: Hearing")}


@pytest.mark.parametrize("name", ["clinical_notes", "decisions", "worksheets"])
def test_inverse_cloze_takes_a_sentence_and_its_passage(name: str, folder: Path):
    found = [row for seed in range(40) for row in build(name, folder, seed) if row.query in PARAGRAPH]
    assert found
    with_sentence = sum(row.query in row.positive for row in found)
    assert 0 < with_sentence < len(found) / 2  # kept one time in four
    assert len({row.group for row in found}) == 1  # passages of one document are not each other's negatives


def test_headings_stand_before_their_passage(folder: Path):
    heads = {row.positive.partition("\n")[0] for s in range(20) for row in build("decisions", folder, s)}
    assert "Findings of fact" in heads
    heads = {row.positive.partition("\n")[0] for s in range(20) for row in build("worksheets", folder, s)}
    assert "Eye exam" in heads
    queries = {row.query for s in range(20) for row in build("clinical_notes", folder, s)}
    assert "Subjective, Surgery" in queries


def test_korean_pairs_and_contradictions(folder: Path):
    found = {(row.query, row.positive, row.negative) for row in build("korean", folder)}
    assert found == {
        ("남자가 걷는다.", "한 남자가 걷고 있다.", ""),
        ("허리를 다쳤다.", "몸을 다쳤다.", "다친 적이 없다."),
        ("법원에 갔다.", "외출했다.", ""),
    }


def test_same_seed_same_pairs(folder: Path):
    assert pairs(folder, seed=5) == pairs(folder, seed=5)
    assert pairs(folder, seed=5) != pairs(folder, seed=6)


def test_refused_texts_and_doubles_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def made(_: Path, __: random.Random):
        yield Pair("Query", "Text", group="1")
        yield Pair("query", "TEXT", group="2")  # the same but for case
        yield Pair("same", "Same", group="3")
        yield Pair("banned", "fine", group="4")
        yield Pair("fine", "banned", group="5")

    only: dict[str, Callable] = {"made": made}
    monkeypatch.setattr(sources, "SOURCES", only)
    assert pairs(folder, seed=1, refuse="banned".__eq__)["made"] == [Pair("Query", "Text", group="1")]
    assert len(pairs(folder, seed=1)["made"]) == 3


def test_sentences_respect_abbreviations_and_fold_space():
    text = "See Gilbert v. Derwinski, 1 Vet. App. 49.\n It  is so; It stands. 통증이 있다. 골절은 없다."
    assert sentences(text) == [
        "See Gilbert v. Derwinski, 1 Vet. App. 49.",
        "It is so;",
        "It stands.",
        "통증이 있다.",
        "골절은 없다.",
    ]


def test_sentences_keep_closing_marks():
    text = "(It was filed late.) The claim is granted."
    assert sentences(text) == ["(It was filed late.)", "The claim is granted."]


def test_windows_hold_whole_sentences_within_the_budget():
    parts = windows(PARAGRAPH, 22)
    assert all(len(part.split()) <= 22 for part in parts)
    assert " ".join(parts) == PARAGRAPH
    assert all(part.endswith(".") for part in parts)
    assert windows("one " * 50, 10) == [" ".join(["one"] * 10)]  # a longer sentence is cut
    assert windows("", 10) == []


def test_note_sections_and_decision_passages():
    note = "Seen now for a check of the knee. CHIEF COMPLAINT:, Pain in the knee since a fall. OPINION: Rest."
    assert note_sections(note) == [
        ("", "Seen now for a check of the knee."),
        ("CHIEF COMPLAINT", "Pain in the knee since a fall."),
    ]
    decision = f"THE ISSUE\n\nShort.\n\nREASONS AND BASES\n\n{PARAGRAPH}\n"
    assert decision_passages(decision) == [("Reasons and bases", PARAGRAPH)]
