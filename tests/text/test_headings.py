"""Headings: one row per kind."""

from __future__ import annotations

import pytest

from mejurix_st.text._headings import detect_headings, heading_paths

FOUND = [
    ("Markdown", "# Report\n\nText.\n\n## Past history ##\n\nMore.", [(1, "Report"), (2, "Past history")]),
    ("capitals", "Intro.\n\nFINDINGS OF FACT\n\n1.  The Veteran served.", [(1, "FINDINGS OF FACT")]),
    ("capitals, CRLF", "Intro.\r\n\r\nORDER\r\n\r\nDenied.", [(1, "ORDER")]),
    ("run-in capitals", "HISTORY OF PRESENT ILLNESS: He fell.", [(2, "HISTORY OF PRESENT ILLNESS")]),
    ("flattened transcript", "HPI:, Fell.,PLAN:,1. Rest.", [(2, "HPI"), (2, "PLAN")]),
    (
        "title case",
        "Text here.\n\nDuty to Notify and Assist\n\nThe Act says.",
        [(2, "Duty to Notify and Assist")],
    ),
    (
        "known section name",
        "Past Medical History: asthma.\nPlan: rest.",
        [(2, "Past Medical History"), (2, "Plan")],
    ),
    ("numbered", "Text.\n\n2.1 Imaging of the spine\n\nMRI shows.", [(3, "2.1 Imaging of the spine")]),
    ("Roman", "Text.\n\nII. Procedural history\n\nHe appealed.", [(1, "II. Procedural history")]),
    ("letter", "Text.\n\nA. Background\n\nHe fell.", [(3, "A. Background")]),
    ("Korean number", "1. 주증상\n요통을 호소함.\n2. 과거력\n없음.", [(2, "1. 주증상"), (2, "2. 과거력")]),
    ("Korean bracket", "【 청구취지 】\n피고는 지급하라.", [(1, "청구취지")]),
    ("Korean square", "[진단]\n요추 염좌", [(2, "진단")]),
    ("Korean syllable", "가. 손해배상책임의 발생\n피고는 책임이 있다.", [(3, "가. 손해배상책임의 발생")]),
    (
        "Korean judgment",
        "주 문\n원고의 청구를 기각한다.\n이 유\n1. 인정사실\n다툼이 없다.",
        [(1, "주 문"), (1, "이 유"), (2, "1. 인정사실")],
    ),
    ("Korean mark", "■ 검사 소견\nMRI상 추간판 탈출증.", [(2, "검사 소견")]),
    ("Korean run-in", "현병력: 3일 전부터 요통.\n진단명 : 요추 염좌", [(2, "현병력"), (2, "진단명")]),
    ("Korean article", "제3조(정의)\n이 법에서 쓰는 용어는 다음과 같다.", [(2, "제3조(정의)")]),
]
NONE = [
    ("numbered finding", "1.  The Veteran served on active duty from 1976 to 1979."),
    ("Korean numbered sentence", "1. 요통이 심하다.\n2. 방사통 있음"),
    ("signature", "ORDERS follow.\n____________________\nJANE Q. ROE\nVeterans Law Judge, Board"),
    ("docket line", "DOCKET NO.  04-20 614\t)\tDATE"),
    ("short acronym", "Diagnosed with\nPTSD\nin 1990."),
    ("code", "```\n# comment\n```\ntext"),
    ("sentence in capitals", "HE WAS TOLD TO REST AND TO RETURN."),
    ("date", "2019. 3. 4.\n입원하였다."),
    ("title case sentence", "Text.\n\nHe Was Seen Today.\n\nMore."),
    ("plain line", "this is a line\n\nand another"),
]


@pytest.mark.parametrize(("kind", "text", "wanted"), FOUND, ids=[row[0] for row in FOUND])
def test_found(kind, text, wanted):
    headings = detect_headings(text)
    assert [(h.level, h.text) for h in headings] == wanted
    for heading in headings:
        assert heading.text.split()[0] in text[heading.start : heading.end]


@pytest.mark.parametrize(("kind", "text"), NONE, ids=[row[0] for row in NONE])
def test_not_found(kind, text):
    assert detect_headings(text) == ()


def test_paths_follow_levels():
    text = "REASONS AND BASES\n\nDuty to Assist\n\nText.\n\nService Connection\n\nText.\n\nORDER\n\nDenied."
    assert heading_paths(detect_headings(text)) == [
        ("REASONS AND BASES",),
        ("REASONS AND BASES", "Duty to Assist"),
        ("REASONS AND BASES", "Service Connection"),
        ("ORDER",),
    ]
