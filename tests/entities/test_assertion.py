"""What a text says of an entity: one table row per phenomenon."""

import pytest

from mejurix_st.entities import Assertion, assert_span, assert_spans, recognize
from mejurix_st.errors import InputError


def said(marked: str) -> Assertion:
    """Assertion of the part in square brackets."""
    start, end = marked.index("["), marked.index("]")
    return assert_span(marked.replace("[", "", 1).replace("]", "", 1), start, end - 1)


STATUS = [
    # phenomenon, sentence, status
    ("plain", "The patient has a [lumbar fracture].", "present"),
    ("no", "No [fracture] is seen.", "absent"),
    ("list, first", "No [fracture], dislocation or effusion.", "absent"),
    ("list, last", "No fracture, dislocation or [effusion].", "absent"),
    ("but", "No fracture, but [swelling] is present.", "present"),
    ("other than", "No abnormality other than [scoliosis].", "present"),
    ("except", "No complaints except [headache].", "present"),
    ("although", "No fever although [cough] persists.", "present"),
    ("backward", "[Infection] was ruled out.", "absent"),
    ("backward with closed clause", "The [fracture] has healed and infection was ruled out.", "present"),
    ("needed or not", "[Surgery] is not needed.", "absent"),
    ("uncertain", "[Fracture] cannot be excluded.", "possible"),
    ("order", "Rule out [appendicitis].", "possible"),
    ("month is no modal", "On May 3 she noticed [dizziness].", "present"),
    ("double negation", "The operation was not without [complications].", "present"),
    ("not only", "Not only [depression] but anxiety.", "present"),
    ("no change", "No change in the [aneurysm].", "present"),
    ("undisputed", "The defendant does not contest [liability].", "present"),
    ("cause of inability", "He is not working because of [back pain].", "present"),
    ("condition", "If [infection] develops, call us.", "hypothetical"),
    ("inverted condition", "Had the [cancer] been found, she would live.", "hypothetical"),
    ("question", "Was the [lumbar fracture] related to service?", "hypothetical"),
    ("chart sign", "Babinski (+), [clonus] (-)", "absent"),
    ("없음", "[골절] 소견 없음.", "absent"),
    ("않다", "[감염]은 확인되지 않았다.", "absent"),
    ("아니다", "이는 [골절]이 아니다.", "absent"),
    ("부인", "환자는 [흉통]을 부인함.", "absent"),
    ("배제할 수 없다", "[골절]을 배제할 수 없다.", "possible"),
    ("의심", "[골절]이 의심된다.", "possible"),
    ("no suspicion", "[골절]이 의심되는 소견은 없다.", "absent"),
    ("추정", "[염좌]로 추정된다.", "possible"),
    ("Korean list", "[골절], 탈구 및 출혈은 없음.", "absent"),
    ("Korean contrast, affirmed", "[골절]은 있으나 탈구는 없다.", "present"),
    ("Korean contrast, denied", "골절은 있으나 [탈구]는 없다.", "absent"),
    ("Korean connective", "[두통]은 없고 구토는 있다.", "absent"),
    ("Korean double negation", "[과실]이 없지 않다.", "present"),
    ("Korean cause", "[통증] 때문에 잠을 자지 못한다.", "present"),
    ("Korean condition", "[발열]이 생기면 즉시 내원하십시오.", "hypothetical"),
    ("Korean question", "[골절]이 사고와 관련이 있습니까?", "hypothetical"),
]


@pytest.mark.parametrize(("phenomenon", "sentence", "status"), STATUS, ids=[row[0] for row in STATUS])
def test_status(phenomenon, sentence, status):
    assert said(sentence).status == status


FIELDS = [
    ("History of [hypertension].", {"time": "historical"}),
    ("History of asthma, now presents with [chest pain].", {"time": "current"}),
    ("No history of [cancer].", {"status": "absent", "time": "current"}),
    ("Mother had [breast cancer].", {"experiencer": "family"}),
    ("No family history of [stroke].", {"experiencer": "family", "status": "absent"}),
    ("His mother states that he has [nightmares].", {"experiencer": "patient"}),
    ("A coworker had [tuberculosis].", {"experiencer": "other"}),
    ("Severe [back pain] and mild nausea.", {"severity": 3}),
    ("Severe back pain and mild [nausea].", {"severity": 1}),
    ("Left knee pain and right [hip fracture].", {"laterality": "right"}),
    ("He left the hospital with [pain].", {"laterality": ""}),
    (
        "He had [back pain] before the accident.",
        {"relative": "before", "anchor": "accident", "time": "historical"},
    ),
    ("[Headaches] began after May 1, 2019.", {"relative": "after", "anchor": "2019-05-01"}),
    ("The jury found no [negligence].", {"status": "absent", "polarity": "not_found"}),
    ("The jury found [negligence].", {"status": "present", "polarity": "found"}),
    ("[Service connection] is granted.", {"polarity": "granted"}),
    ("[Service connection] is denied.", {"status": "absent", "polarity": "denied"}),
    ("[당뇨병] 가족력 있음.", {"experiencer": "family"}),
    ("[고혈압] 과거력 있음.", {"time": "historical"}),
    ("2019년 5월 1일 이전에 [협착증]이 있었다.", {"relative": "before", "anchor": "2019-05-01"}),
    ("사고 이후 [두통]이 발생하였다.", {"relative": "after", "anchor": "사고"}),
    ("원고의 [위자료] 청구를 기각한다.", {"status": "absent", "polarity": "denied"}),
    ("좌측 [골절]은 없다.", {"status": "absent", "laterality": "left"}),
    ("중등도의 [협착].", {"severity": 2}),
]


@pytest.mark.parametrize(("sentence", "fields"), FIELDS)
def test_fields(sentence, fields):
    assertion = said(sentence)
    assert {name: getattr(assertion, name) for name in fields} == fields


def test_cues_name_the_deciding_words():
    text = "No evidence of fracture."
    assert [text[start:end] for start, end in assert_span(text, 15, 23).cues] == ["No evidence of"]


def test_a_sentence_does_not_reach_the_next():
    text = "No fracture.\nSwelling is present. No redness."
    assert [a.status for a in (assert_span(text, 3, 11), assert_span(text, 13, 21))] == ["absent", "present"]


def test_batch_equals_single_calls():
    text = "흉통은 없으나 호흡곤란이 있다. No fever, but severe left knee pain. Possible pneumonia."
    spans = recognize(text)
    assert len(spans) >= 4
    assert assert_spans(text, spans) == [assert_span(text, span.start, span.end) for span in spans]
    assert assert_spans(text, spans[::-1]) == assert_spans(text, spans)[::-1]


@pytest.mark.parametrize(("start", "end"), [(3, 3), (5, 2), (-1, 2), (0, 99)])
def test_offsets_outside_the_text_are_refused(start, end):
    with pytest.raises(InputError, match="Offsets count code points"):
        assert_span("No pain.", start, end)


def test_no_spans_no_work():
    assert assert_spans("", []) == []
