"""What the commands print, and the exit codes they end with."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mejurix_st.text import read_document

FIELDS = [
    "rank", "score", "arms", "document", "page_start", "page_end", "start", "end", "text", "entities",
]  # fmt: skip


@pytest.fixture
def ask(cli, indexed, tiny_folder):
    """Function: query and more arguments → Outcome of a search of the matter "smith"."""

    def search(query, *more, matter="smith"):
        return cli("search", query, "--matter", matter, "--store", indexed, "--model", tiny_folder, *more)

    return search


def test_search_json_holds_what_a_citation_needs(ask, files):
    outcome = ask("lumbar fracture", "--json", "-k", "2")
    assert (outcome.code, outcome.err) == (0, "")
    hits = json.loads(outcome.out)
    assert [hit["rank"] for hit in hits] == [1, 2]
    for hit in hits:
        assert list(hit) == FIELDS
        source = read_document(files / hit["document"]).text
        assert source[hit["start"] : hit["end"]] == hit["text"]
        for entity in hit["entities"]:
            assert source[entity["start"] : entity["end"]] == entity["text"]
            for cue in entity["assertion"]["cues"]:
                assert source[cue["start"] : cue["end"]] == cue["text"]
    absent = [e["assertion"]["status"] for hit in hits for e in hit["entities"] if "fracture" in e["text"]]
    assert "absent" in absent


def test_search_for_people(ask):
    outcome = ask("요추 골절")
    assert outcome.code == 0
    assert "진단서.txt, page 1   score 0." in outcome.out
    assert "bm25" in outcome.out
    assert "제3요추 압박골절이 확인되었다" in outcome.out
    assert "\x1b" not in outcome.out
    assert not [line for line in outcome.out.splitlines() if line.endswith(" ") or len(line) > 100]


def test_another_matter_finds_nothing(ask):
    outcome = ask("lumbar fracture", "--json", matter="jones")
    assert (outcome.code, json.loads(outcome.out)) == (1, [])
    assert outcome.error_line == (
        'Nothing found: the matter "jones" holds no document; add some with mejurix-st index.'
    )


@pytest.mark.parametrize(
    ("condition", "documents"),
    [
        ("document=진단서.txt", {"진단서.txt"}),
        ("document!=진단서.txt", {"records.txt"}),
        ("date>=2019-03-01", {"records.txt"}),
        ("date=2019-03-03", {"records.txt"}),
        ("type=disease", {"records.txt", "진단서.txt"}),
        ("page<=1", {"records.txt", "진단서.txt"}),
        ("page>1", set()),
        ('{"must": [{"key": "document", "match": {"value": "records.txt"}}]}', {"records.txt"}),
    ],
)
def test_filters_narrow(ask, condition, documents):
    outcome = ask("fracture 골절", "--json", "--filter", condition)
    assert {hit["document"] for hit in json.loads(outcome.out)} == documents
    assert outcome.code == (0 if documents else 1)


@pytest.mark.parametrize("condition", ["bogus", "date>=2019-31-01", "page>many", '{"must": 3}', "{", "=x"])
def test_a_filter_that_cannot_be_read(ask, condition):
    outcome = ask("fracture", "--filter", condition)
    assert outcome.code == 2
    assert outcome.error_line.startswith("error: The ")
    assert "document=report.pdf" in outcome.error_line


def test_indexing_again_changes_nothing_and_a_changed_file_takes_its_place(cli, files, indexed, tiny_folder):
    def again():
        return cli("index", files, "-m", "smith", "-s", indexed, "--model", tiny_folder, "--json")

    report = json.loads(again().out)
    assert (len(report["added"]), len(report["skipped"])) == (0, 2)
    (files / "records.txt").write_text("The knee was injured. No fracture.", encoding="utf-8")
    differs = cli("verify", "--store", indexed)
    assert differs.code == 1
    assert "smith/records.txt: file changed:" in differs.out
    report = json.loads(again().out)
    assert [path.rpartition("/")[2] for path in report["replaced"]] == ["records.txt"]
    agrees = cli("verify", "--store", indexed)
    assert (agrees.code, agrees.out) == (0, "2 documents in 1 matters: files, manifest and store agree.\n")


def test_root_keeps_files_of_one_name_apart(cli, tmp_path, tiny_folder):
    for year, text in (("2019", "A lumbar fracture."), ("2020", "No lumbar fracture.")):
        (tmp_path / "file" / year).mkdir(parents=True)
        (tmp_path / "file" / year / "note.txt").write_text(text, encoding="utf-8")
    options = ("-m", "smith", "-s", tmp_path / "s", "--model", tiny_folder)
    clash = cli("index", tmp_path / "file", *options)
    assert clash.code == 1
    assert "the document name 'note.txt' is also that of" in clash.error_line
    assert cli("index", tmp_path / "file", "--root", tmp_path / "s", *options).code == 2
    assert cli("delete", "note.txt", "-m", "smith", "-s", tmp_path / "s").code == 0
    assert cli("index", tmp_path / "file", "--root", tmp_path / "file", *options).code == 0
    listed = json.loads(cli("documents", "-m", "smith", "-s", tmp_path / "s", "--json").out)
    assert [item["name"] for item in listed] == ["2019/note.txt", "2020/note.txt"]


def test_documents_and_delete(cli, indexed):
    where = ("--matter", "smith", "--store", indexed)
    listed = json.loads(cli("documents", *where, "--json").out)
    assert [item["name"] for item in listed] == ["records.txt", "진단서.txt"]
    assert cli("delete", "records.txt", *where).out == "deleted: records.txt\n"
    gone = cli("delete", "records.txt", *where)
    assert (gone.code, gone.error_line) == (1, 'error: there is no document "records.txt" to delete')
    assert cli("delete", *where).code == 2
    assert cli("delete", "--whole-matter", *where).code == 0
    assert cli("documents", *where).code == 1
    assert cli("matters", "--store", indexed).code == 1


def test_embed_writes_one_unit_row_a_line(cli, tmp_path, tiny_folder, tiny_model):
    texts = tmp_path / "texts.txt"
    texts.write_text("lumbar fracture\n골절 진단\n", encoding="utf-8")
    for flag, encode in (("--query", tiny_model.encode_query), ("--document", tiny_model.encode_document)):
        outcome = cli("embed", texts, "--output", tmp_path / "out.npy", flag, "--model", tiny_folder)
        assert outcome.code == 0, outcome.err
        vectors = np.load(tmp_path / "out.npy")
        assert (vectors.shape, vectors.dtype) == ((2, 256), np.float32)
        np.testing.assert_allclose(vectors, encode(["lumbar fracture", "골절 진단"]), atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_embed_says_what_is_cut_and_refuses_blank_lines(cli, tmp_path, tiny_folder):
    texts = tmp_path / "texts.txt"
    texts.write_text("pain " * 600 + "\nshort\n", encoding="utf-8")
    outcome = cli("embed", texts, "-o", tmp_path / "out.npy", "--model", tiny_folder, "--quiet")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.error_line.startswith("warning: 1 of 2 texts have more than 512 tokens")
    texts.write_text("one\n\nthree\n", encoding="utf-8")
    refused = cli("embed", texts, "-o", tmp_path / "out2.npy", "--model", tiny_folder)
    assert (refused.code, (tmp_path / "out2.npy").exists()) == (2, False)
    assert "has blank lines (2)" in refused.error_line


def test_similarity(cli, tiny_folder):
    same = cli("similarity", "lumbar fracture", "lumbar fracture", "--model", tiny_folder)
    assert (same.code, same.out) == (0, "1.0000\n")
    record = json.loads(cli("similarity", "pain", "trial court", "--model", tiny_folder, "--json").out)
    assert record["similarity"] < 0.9999


def test_entities_say_what_the_text_says(cli, tmp_path):
    text = "No evidence of deep vein thrombosis. Severe headache since <b>Monday</b>."
    rows = json.loads(cli("entities", text, "--json").out)
    assert {"deep vein thrombosis": "absent", "headache": "present"}.items() <= {
        row["text"]: row["assertion"]["status"] for row in rows
    }.items()
    shown = cli("entities", text)
    assert "deep vein thrombosis" in shown.out
    assert "absent" in shown.out
    page = tmp_path / "page.html"
    assert cli("entities", text, "--html", page).code == 0
    assert "<b>Monday</b>" not in page.read_text(encoding="utf-8")
    assert cli("entities", "qwerty").code == 1
    assert cli("entities").code == 2


def test_convert_reports_what_it_refuses(cli, tmp_path):
    (tmp_path / "nothing").mkdir()
    outcome = cli("convert", tmp_path / "nothing", tmp_path / "out")
    assert outcome.code == 2
    assert "has no encoder weights" in outcome.error_line
    assert not (tmp_path / "out").exists()
