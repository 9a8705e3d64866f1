"""Findings of a record beside the rules they bear on."""

from __future__ import annotations

import pytest

from mejurix_st.applications import cross_reference, sentence_role
from mejurix_st.applications.elements import record_statements, rule_elements
from mejurix_st.applications.passages import as_documents
from mejurix_st.errors import InputError


@pytest.mark.parametrize(
    ("sentence", "role"),
    [
        ("Service connection requires (1) a present disability and (2) a link to service.", "rule"),
        (
            "When the evidence is in balance, the claimant shall be given the benefit of the doubt.",
            "rule",
        ),
        ("손해배상책임이 인정되려면 과실과 손해 사이에 상당인과관계가 있어야 한다.", "rule"),
        ("The preponderance of the evidence is against the claim.", "finding"),
        ("It is less likely than not that the arthritis is related to service.", "finding"),
        ("이 사건 사고로 인하여 추간판 탈출증이 발생한 것으로 판단된다.", "finding"),
        ("X-ray of 11/15/2016 showed mild arthritis.", "evidence"),
        ("추간판 탈출증 소견 없음.", "evidence"),
        ("Therefore the opinion is of little probative weight.", "reasoning"),
        ("See 38 C.F.R. § 3.303(b).", "citation"),
        ("Barr, 21 Vet. App. at 308.", "citation"),
        ("Good morning.", "other"),
    ],
)
def test_roles(sentence, role):
    assert sentence_role(sentence) == role


def test_elements_of_a_rule_keep_lead_and_place(rules):
    elements = rule_elements([rules])
    assert [e.text for e in elements] == [
        "a present disability",
        "an injury or disease in service",
        "a link between the two",
    ]
    for element in elements:
        assert element.lead == "Service connection requires"
        assert rules.text[element.start : element.end] == element.text


def test_what_is_said_of_relatives_is_no_finding(knee_record):
    texts = [statement.text for statement in record_statements([knee_record])]
    assert not any("Mother" in text for text in texts)
    assert any("ankle" in text for text in texts)


def by_element(found):
    result = {}
    for item in found:
        result.setdefault(item.rule.text, []).append(item)
    return result


def test_findings_meet_or_contradict_elements(encoder, knee_record, rules):
    found = by_element(cross_reference(knee_record, rules, encoder, limit=9))
    disability = {item.finding.text: item.verdict for item in found["a present disability"]}
    arthritis = next(text for text in disability if text.startswith("On examination"))
    ankle = next(text for text in disability if "ankle" in text)
    assert disability[arthritis] == "meets"
    assert disability[ankle] == "against"
    link = {item.finding.text: item.verdict for item in found["a link between the two"]}
    assert link[next(text for text in link if text.startswith("It is at least"))] == "meets"
    assert link[arthritis] == "open"  # a diagnosis says nothing of its cause


def test_both_sides_have_their_place(encoder, knee_record, rules):
    for item in cross_reference(knee_record, rules, encoder):
        assert rules.text[item.rule.start : item.rule.end] == item.rule.text
        assert knee_record.text[item.finding.start : item.finding.end] == item.finding.text
        assert item.finding.page == knee_record.page_at(item.finding.start)
        for ground in item.grounds:
            assert item.finding.start <= ground.start < ground.end <= item.finding.end


def test_a_denied_link_is_against(encoder, rules):
    record = "It is less likely than not that the right knee arthritis is related to service."
    (item,) = by_element(cross_reference(record, rules, encoder))["a link between the two"]
    assert item.verdict == "against"
    assert item.grounds[0].says.status == "absent"


def test_korean_rule_against_korean_record(encoder):
    rule = "후유장해가 인정되려면 추간판 탈출증이 있어야 한다."
    for record, verdict in [
        ("요추 MRI에서 추간판 탈출증이 확인되었음.", "meets"),
        ("추간판 탈출증 소견 없음.", "against"),
    ]:
        assert {item.verdict for item in cross_reference(record, rule, encoder)} == {verdict}


def test_a_rule_that_asks_for_absence(encoder):
    rule = "Benefits may be granted only if there is no fracture."
    (item,) = cross_reference("X-ray showed no fracture of the wrist.", rule, encoder)
    assert item.verdict == "meets"


def test_limit_holds_for_each_element(encoder, knee_record, rules):
    found = by_element(cross_reference(knee_record, rules, encoder, limit=2))
    assert len(found) == 3
    assert all(len(items) <= 2 for items in found.values())


def test_refusals(encoder, knee_record, rules):
    with pytest.raises(InputError, match="states a rule"):
        cross_reference(knee_record, "The knee hurts.", encoder)
    with pytest.raises(InputError, match="says anything"):
        cross_reference("Good morning.", rules, encoder)
    with pytest.raises(InputError, match="limit is 0"):
        cross_reference(knee_record, rules, encoder, limit=0)
    assert cross_reference(knee_record, "Arthritis of the knee hurts.", encoder, every_sentence=True)


def test_texts_are_named_in_order():
    assert [document.name for document in as_documents(["a", "b"])] == ["text 1", "text 2"]
