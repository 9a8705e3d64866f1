"""Other recognizers behind the protocol, what the user sees, and the optional terms."""

import json
import sys

import pytest
from rich.console import Console

from mejurix_st.entities import (
    Recognizer,
    SpacyRecognizer,
    TokenClassificationRecognizer,
    open_terms,
    recognize,
)
from mejurix_st.entities.display import to_dicts, to_html, to_rich
from mejurix_st.entities.vocabulary import project_vocabulary
from mejurix_st.errors import InputError, MissingExtraError
from mejurix_st.types import EntityType

TEXT = "No <b>fracture</b> was seen, but severe left knee pain & 요통."


def test_spacy_pipeline():
    spacy = pytest.importorskip("spacy", reason="the extra ner is not installed")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns(
        [{"label": "CHEMICAL", "pattern": "aspirin"}, {"label": "PLANET", "pattern": "Mars"}]
    )
    recognizer = SpacyRecognizer(pipeline)
    (spans,) = recognizer(["He took aspirin on Mars."])
    assert [(span.text, span.type, span.start) for span in spans] == [("aspirin", EntityType.MEDICATION, 8)]
    assert isinstance(recognizer, Recognizer)


def test_spacy_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingExtraError, match=r"mejurix-st\[ner\]"):
        SpacyRecognizer("some_model")


def test_token_classification_model():
    def model(text):
        return [
            {"entity_group": "B-DISEASE", "score": 0.9, "start": 3, "end": 11},
            {"entity_group": "DRUG", "score": 0.2, "start": 12, "end": 15},
            {"entity_group": "OTHER", "score": 0.9, "start": 12, "end": 15},
        ]

    recognizer = TokenClassificationRecognizer(model)
    spans, empty = recognizer(["No  fracture was", " "])
    assert [(span.text, span.start, span.type, span.score) for span in spans] == [
        ("fractur", 4, "DISEASE", 0.9)
    ]
    assert empty == []
    with pytest.raises(InputError, match="minimum_score"):
        TokenClassificationRecognizer(model, minimum_score=2)


def test_dictionaries_are_json():
    rows = json.loads(json.dumps(to_dicts(TEXT, recognize(TEXT)), ensure_ascii=False))
    by_text = {row["text"]: row for row in rows}
    assert by_text["fracture"]["assertion"]["status"] == "absent"
    assert by_text["fracture"]["assertion"]["cues"] == [{"start": 0, "end": 2, "text": "No"}]
    assert by_text["knee pain"]["assertion"]["severity"] == 3
    assert by_text["요통"]["type"] == "SYMPTOM"


def test_terminal():
    console = Console(record=True, width=140)
    console.print(to_rich(TEXT, recognize(TEXT)))
    shown = console.export_text()
    assert TEXT in shown
    assert "absent" in shown
    assert "severity 3, left" in shown


@pytest.mark.parametrize("displacy", [False, True])
def test_page_stands_alone_and_escapes(displacy):
    if displacy:
        pytest.importorskip("spacy", reason="the extra ner is not installed")
    page = to_html(TEXT, recognize(TEXT), title="A <title>", displacy=displacy)
    assert page.startswith("<!doctype html>")
    assert "&lt;b&gt;" in page
    assert "<b>fracture" not in page
    assert "A &lt;title&gt;" in page
    assert "absent" in page
    assert "http" not in page


def test_open_terms_are_cached_and_optional(monkeypatch, tmp_path):
    monkeypatch.setenv("MEJURIX_CACHE", str(tmp_path))
    monkeypatch.setattr(open_terms, "find_spec", lambda name: None)
    assert open_terms.icd_terms() == []
    monkeypatch.setattr(open_terms, "find_spec", lambda name: object())
    monkeypatch.setattr(
        open_terms, "_read_package", lambda: [("maple syrup urine disease", "DISEASE", "ICD10CM:E71.0")]
    )
    first = open_terms.icd_terms()
    monkeypatch.setattr(open_terms, "_read_package", lambda: pytest.fail("the cache was not read"))
    assert open_terms.icd_terms() == first
    before = len(project_vocabulary().forms)
    assert "maple syrup urine disease" in open_terms.add_open_terms(project_vocabulary()).forms
    assert len(project_vocabulary().forms) == before
