"""Headings that carry over to the lines below; months as MM/YYYY; sentences before tags; parties."""

import pytest

from mejurix_st.entities import assert_span, assert_spans, is_of_proceedings, recognize
from mejurix_st.entities.dates import find_dates
from mejurix_st.entities.sentences import sentence_spans

RECORD = """DISCHARGE SUMMARY

FAMILY HISTORY:
- Stroke at 60
- Diabetes

PAST MEDICAL HISTORY
Hypertension, asthma
Now has chest pain

ASSESSMENT:
Pneumonia.

## 가족력
- 위암
## 현병력
요통
"""
SAID = {
    "Stroke": ("present", "current", "family"),
    "Diabetes": ("present", "current", "family"),
    "Hypertension": ("present", "historical", "patient"),
    "asthma": ("present", "historical", "patient"),
    "chest pain": ("present", "current", "patient"),
    "Pneumonia": ("present", "current", "patient"),
    "위암": ("present", "current", "family"),
    "요통": ("present", "current", "patient"),
}


def test_headings_carry_over_to_the_lines_below():
    spans = recognize(RECORD)
    said = {
        span.text: (one.status, one.time, one.experiencer)
        for span, one in zip(spans, assert_spans(RECORD, spans), strict=True)
    }
    assert said == SAID


def test_the_heading_is_named_as_a_cue():
    start = RECORD.index("Stroke")
    cues = assert_span(RECORD, start, start + 6).cues
    assert [RECORD[a:b] for a, b in cues] == ["FAMILY HISTORY"]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("seen 05/2019", ["2019-05"]),
        ("on 05/01/2019", ["2019-05-01"]),
        ("12/2020 to 1/2021", ["2020-12", "2021-01"]),
        ("ratio 120/80, code 13/01/2019", []),
        ("2019/05/01", ["2019-05-01"]),
    ],
)
def test_months_with_a_slash(text, iso):
    assert [found for _, _, found in find_dates(text)] == iso


def test_a_tag_begins_a_sentence():
    text = "No fracture was seen.<br>Swelling. <b>No pain."
    sentences = [text[a:b] for a, b in sentence_spans(text)]
    assert sentences == ["No fracture was seen.", "<br>Swelling.", " <b>No pain."]
    assert assert_span(text, text.index("Swelling"), text.index("Swelling") + 8).status == "present"


CLAUSES = [
    ("The surgeon, who was not told of the allergy, prescribed [penicillin].", "present", "patient"),
    ("Epilepsy (none), [migraine] (yes).", "present", "patient"),
    ("[Epilepsy] (none), migraine (yes).", "absent", "patient"),
    ("The truck driver, not the plaintiff, had [epilepsy].", "present", "other"),
    ("The plaintiff, whose sister has lupus, reports [joint pain].", "present", "patient"),
    ("She was not asked about smoking before the [biopsy].", "present", "patient"),
    ("The denial of the [hip replacement] was reversed.", "present", "patient"),
    ("[부종]이 가라앉지 않는다.", "present", "patient"),
]


@pytest.mark.parametrize(("sentence", "status", "experiencer"), CLAUSES)
def test_inserted_clauses(sentence, status, experiencer):
    start, end = sentence.index("["), sentence.index("]") - 1
    said = assert_span(sentence.replace("[", "").replace("]", ""), start, end)
    assert (said.status, said.experiencer) == (status, experiencer)


def test_parties_and_courts_are_of_the_proceedings():
    assert is_of_proceedings("court")
    assert not is_of_proceedings("surgery")
