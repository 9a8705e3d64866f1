"""The default recognizer: types, boundaries, offsets."""

import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mejurix_st.entities import Recognizer, VocabularyRecognizer, assert_spans, default_recognizer, recognize
from mejurix_st.entities.vocabulary import Vocabulary, project_vocabulary
from mejurix_st.types import EntityType

FOUND = [
    # phenomenon, text, surface, type, normalised
    ("disease", "Deep vein thrombosis of the leg", "Deep vein thrombosis", "DISEASE", "deep vein thrombosis"),
    ("plural", "two herniated discs", "herniated discs", "DISEASE", "intervertebral disc herniation"),
    ("British", "orthopaedic: oedema of the leg", "oedema", "SYMPTOM", "swelling"),
    ("hyphen", "a rear-end collision", "rear-end collision", "LEGAL_TERM", "rear-end collision"),
    ("longest", "lumbar spine compression fracture", "lumbar spine compression fracture", "DISEASE", None),
    ("level", "an L3 compression fracture", "L3 compression fracture", "DISEASE", "l3 compression fracture"),
    ("of-phrase", "fracture of the tibia", "fracture of the tibia", "DISEASE", "tibia fracture"),
    ("brand", "took Tylenol daily", "Tylenol", "MEDICATION", "acetaminophen"),
    ("line break", "deep vein\nthrombosis", "deep vein\nthrombosis", "DISEASE", "deep vein thrombosis"),
    ("apostrophe", "Parkinson’s disease", "Parkinson’s disease", "DISEASE", "parkinson's disease"),
    ("particle", "골절이 확인되었다", "골절", "DISEASE", "fracture"),
    ("no space", "경골골절 진단", "경골골절", "DISEASE", "tibia fracture"),
    ("Korean level", "제12흉추 압박골절", "제12흉추 압박골절", "DISEASE", None),
    ("Korean law", "설명의무 위반을 인정", "설명의무 위반", "LEGAL_TERM", "breach of the duty to explain"),
    ("case number", "대법원 2015다12345 판결", "대법원 2015다12345 판결", "LEGAL_TERM", "2015다12345"),
    ("Korean statute", "민법 제750조에 따라", "민법 제750조", "LEGAL_TERM", "민법 제750조"),
    ("case citation", "See Roe v. Wade, 410 U.S. 113 (1973).", "410 U.S. 113", "LEGAL_TERM", "410 u.s. 113"),
    ("statute", "under 38 U.S.C. § 1110", "38 U.S.C. § 1110", "LEGAL_TERM", "38 u.s.c. § 1110"),
    ("money", "awarded $1.2 million", "$1.2 million", "COMPENSATION", "usd 1200000.00"),
    ("won", "위자료 3,000만원", "3,000만원", "COMPENSATION", "krw 30000000.00"),
    ("rating", "a 70 percent disability rating", "70 percent disability rating", "COMPENSATION", None),
    ("Korean rating", "노동능력상실률 24%", "노동능력상실률 24%", "COMPENSATION", "24 percent rating"),
]


@pytest.mark.parametrize(
    ("phenomenon", "text", "surface", "kind", "normalized"), FOUND, ids=[row[0] for row in FOUND]
)
def test_found(phenomenon, text, surface, kind, normalized):
    spans = {span.text: span for span in recognize(text)}
    assert surface in spans
    assert spans[surface].type == kind
    if normalized is not None:
        assert spans[surface].normalized == normalized


AMBIGUOUS = [
    ("MS with demyelinating lesions", "multiple sclerosis"),
    ("MS 15 mg every four hours for pain", "morphine sulfate"),
    ("RA factor positive, joint swelling", "rheumatoid arthritis"),
    ("saturation 98% on RA", "room air"),
    ("attended PT for six weeks of exercise", "physical therapy"),
    ("PT and INR were prolonged on warfarin", "prothrombin time"),
    ("CP with exertion, troponin normal", "chest pain"),
    ("CP after a birth injury, spastic gait", "cerebral palsy"),
]


@pytest.mark.parametrize(("text", "expansion"), AMBIGUOUS)
def test_ambiguous_abbreviations_by_context(text, expansion):
    assert expansion in {span.normalized for span in recognize(text)}


@pytest.mark.parametrize(
    "text", ["this ms is long", "his pt was late", "변화상태를 보고", "the colder painter", "RA CP"]
)
def test_not_found_inside_words_or_without_context(text):
    assert recognize(text) == []


def test_both_languages_meet_in_the_normalised_name():
    assert recognize("회전근개 파열")[0].normalized == recognize("rotator cuff tear")[0].normalized


def test_all_nine_types_in_both_languages():
    vocabulary = project_vocabulary()
    kinds = {True: set(), False: set()}
    for form, senses in vocabulary.forms.items():
        kinds[form.isascii()].add(senses[0].type)
    nine = set(EntityType) - {EntityType.NONE}
    assert kinds[True] == nine
    assert kinds[False] == nine


def test_types_filter_and_batches():
    text = "MRI showed a disc herniation."
    assert [span.type for span in recognize(text, types=["DISEASE"])] == ["DISEASE"]
    assert recognize([text, ""]) == [recognize(text), []]
    with pytest.raises(ValueError, match="not a valid EntityType"):
        recognize(text, types=["PERSON"])


def test_decomposed_hangul_and_long_lower_case_re_slice():
    for text in (
        unicodedata.normalize("NFD", "요추 골절이 확인되었다"),
        "İstanbul: fracture of the tibia 𝒳 골절",
    ):
        spans = recognize(text)
        assert spans
        assert all(text[span.start : span.end] == span.text for span in spans)


PIECES = st.sampled_from(
    ["fracture", "골절", "골절이", " ", "\n", "no ", "MS", "L4-5 ", "$5,000", "38 U.S.C. § 1110", "İ", "ﬁ",
     "\u1112\u1161", "🦴", "severe ", "24%", "2015다12345", "민법 제750조", "(-)", "not ", "?", "pain",
     "통증", "후", "\x00"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=14).map("".join))
def test_spans_always_re_slice(text):
    spans = recognize(text)
    reach = 0
    for span in spans:
        assert text[span.start : span.end] == span.text
        assert span.start >= reach
        reach = span.end
    for assertion in assert_spans(text, spans):
        assert all(0 <= start < end <= len(text) for start, end in assertion.cues)


@pytest.mark.parametrize(
    "unit",
    ["No fracture was seen. ", "골절은 없다. ", "fracture ", "통증", "a", "1", "no fracture, ", "the "],
    ids=range(8),
)
def test_a_megabyte_takes_seconds(unit):
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    spans = recognize(text)
    assertions = assert_spans(text, spans)
    assert time.process_time() - began < 60
    assert len(assertions) == len(spans)
    assert all(text[span.start : span.end] == span.text for span in spans[:100])


def test_empty_vocabulary_and_protocol():
    recognizer = VocabularyRecognizer(Vocabulary(), citations=False)
    assert recognizer(["fracture"]) == [[]]
    assert isinstance(default_recognizer(), Recognizer)


def test_import_needs_no_torch():
    code = "import sys, mejurix_st.entities as e; e.recognize('fracture'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0  # noqa: S603
