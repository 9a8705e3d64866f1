"""What can stand as an answer, what a question asks for, and words that meet across languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_mejurix.asking import holds, kinds_asked
from langchain_mejurix.bridge import met
from langchain_mejurix.evidence import passages_of
from langchain_mejurix.facts import facts_of
from langchain_mejurix.units import displayed, running_lines, units_of
from langchain_mejurix.words import content_words

from mejurix_st.types import Chunk, Hit


def passage(text, header="", start=0):
    chunk = Chunk("record.txt", start, start + len(text), text, header=header, matter="m")
    return passages_of([Hit(1, 1.0, {}, chunk)], "m")[0]


def answers(text, header="", running=()):
    return [" ".join(u.window.text.split()) for u in units_of(passage(text, header), running) if u.usable]


UNITS = [
    # text, header, what may answer
    (
        "14   Q. Did you fall off a bicycle in 2020?\n15   A. Yes. I scraped my left knee.\n16   Q. And the hip?\n"
        "17   A. No.",
        "",
        [
            "Q. Did you fall off a bicycle in 2020? 15 A. Yes. I scraped my left knee.",
            "Q. And the hip? 17 A. No.",
        ],
    ),
    (
        "Interrogatory\n\nState the limits of all policies.\n\n"
        "ANSWER: One policy of $1,000,000. There is no other.",
        "Interrogatory",
        ["State the limits of all policies. ANSWER: One policy of $1,000,000. There is no other."],
    ),
    (
        "7.4 Maximum medical improvement. Reached on 29 August 2023.",
        "",
        ["7.4 Maximum medical improvement. Reached on 29 August 2023."],
    ),
    (
        "Item | Amount\nFuneral | $11,600\nTravel | $950",
        "",
        ["Item | Amount", "Funeral | $11,600", "Travel | $950"],
    ),
    (
        "The knee was normal.\nRidge Evaluations Page 2 of 3\fThe hip was not examined.",
        "",
        ["The knee was normal.", "The hip was not examined."],
    ),
    ("Work capacity\n\nHe can work full time.", "Report > Work capacity", ["He can work full time."]),
    ("Was the knee broken?\n\nThe knee was not broken.", "", ["The knee was not broken."]),
    ("신경 검사는 정상이었다. 환자는 퇴원하였다.", "", ["신경 검사는 정상이었다.", "환자는 퇴원하였다."]),
    ("2022-08-29 퇴원. 좌측 하지 정상.", "", ["2022-08-29 퇴원. 좌측 하지 정상."]),
]


@pytest.mark.parametrize(("text", "header", "wanted"), UNITS)
def test_what_can_stand_as_an_answer(text, header, wanted):
    assert answers(text, header) == wanted


def test_running_lines_are_kept_apart():
    footer = "HARBOUR CLINIC - record of a patient - copy"
    first, second = f"The knee was normal.\n{footer}", f"The hip was normal.\n{footer}"
    chunks = [Chunk("d", 0, len(first), first), Chunk("d", 100, 100 + len(second), second)]
    assert answers(second, running=running_lines(chunks)) == ["The hip was normal."]
    # the same place found twice is no repetition
    assert running_lines([chunks[0], chunks[0]]) == frozenset()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Q. And the hip?\n17   A. No. It was\n18      fine.", "Q. And the hip? A. No. It was fine."),
        ("1. Right disc extrusion\n   at L4-5.", "Right disc extrusion at L4-5."),
        ("- 장해 기간은 **3년의 한시장해**가 타당합니다.", "장해 기간은 3년의 한시장해가 타당합니다."),
        ("7.4 Work capacity. He can work.", "7.4 Work capacity. He can work."),
        ("9 mm nodule\n12  were seen", "9 mm nodule 12 were seen"),
    ],
)
def test_what_is_shown(text, wanted):
    assert displayed(text) == wanted


@settings(deadline=None)
@given(st.text(alphabet="AQ.? :\n\f|aB가다1234-", max_size=120), st.integers(0, 50))
def test_units_are_slices_in_order_that_do_not_overlap(text, start):
    units = units_of(passage(text, start=start))
    reach = 0
    for unit in units:
        assert unit.window.start >= reach
        reach = unit.window.end
        citation = unit.window.citation
        assert text[citation.start - start : citation.end - start] == citation.quote
        assert citation.quote.strip()


KINDS = [
    ("How much did the defendants offer?", ["money"], "They offered $875,000.", "They offered a settlement."),
    ("위자료는 얼마입니까?", ["money"], "위자료는 3,000만 원이다.", "위자료를 청구한다."),
    (
        "What rating was assigned to the knee?",
        ["percent"],
        "10 percent is assigned.",
        "A rating is assigned.",
    ),
    ("기여도는 몇 퍼센트입니까?", ["percent"], "50%로 평가한다.", "기여도를 평가한다."),
    ("For how many weeks was he absent?", ["duration"], "He was absent for six weeks.", "He was absent."),
    ("How large was the nodule?", ["size"], "A 9 mm nodule.", "A spiculated nodule."),
    ("When was she told?", ["date"], "She was told on January 27, 2021.", "She was told later."),
    ("When in 2019 was the scan?", ["date"], "The scan was on 2019-03-21.", "The scan was in 2019."),
    ("Who read the scan?", ["person"], "Read by Dr Harlow.", "The scan was read."),
    ("집도의는 누구입니까?", ["person"], "집도의는 다음과 같다.", "수술을 시행하였다."),
    ("Why was it denied?", ["reason"], "Denied because nothing was found.", "The claim is denied."),
    ("Which knee was hurt?", ["side"], "The right knee.", "The knee."),
    ("Was the knee broken?", [], None, None),
    ("무릎이 골절되었습니까?", [], None, None),
    ("What did the report recommend?", [], None, None),
]


@pytest.mark.parametrize(("question", "kinds", "held", "lacked"), KINDS)
def test_what_a_question_asks_for(question, kinds, held, lacked):
    assert list(kinds_asked(question)) == kinds
    for kind in kinds:
        assert holds(kind, facts_of(question), facts_of(held))
        assert not holds(kind, facts_of(question), facts_of(lacked))


@pytest.mark.parametrize(
    ("word", "text", "wanted"),
    [
        ("surgery", "The operation lasted an hour.", "related"),
        ("surgery", "수술은 한 시간이 걸렸다.", "related"),
        ("수술", "Surgery is not recommended.", "related"),
        ("수술", "수술은 필요하지 않다.", "own"),
        ("surgery", "The weather was fine.", "none"),
        ("보험사", "The insurer made no offer.", "related"),
    ],
)
def test_words_meet_across_languages(word, text, wanted):
    value = met(content_words(word)[0], frozenset(content_words(text)), text)
    assert (value == 1.0, 0 < value < 1, value == 0) == (
        wanted == "own",
        wanted == "related",
        wanted == "none",
    )
