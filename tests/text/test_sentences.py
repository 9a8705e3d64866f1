"""Sentence ends: one row per phenomenon, sentences separated by " | "."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.text._sentences import split_sentences

ROWS = [
    ("plain", "The claim is denied. | He appealed."),
    ("title", "Seen by Dr. Ahn today. | Mr. Roe agreed."),
    ("case name", "Pelegrini v. Principi controls. | See Gilbert v. Derwinski."),
    ("U.S.C. section", "See 38 U.S.C. § 1110 (West 2002); 38 C.F.R. § 3.303 (2012). | It applies."),
    (
        "reporter",
        "Reported at 16 Vet. App. 183, 186 (2002). | Also 281 F.3d 1163 (Fed. Cir. 2004). | Thus denied.",
    ),
    ("register", "See 73 Fed. Reg. 23353 (Apr. 30, 2008). | The rule changed."),
    ("No. before a number", "Claim No. 5 was filed. | He said no. | Then he left."),
    ("vs. and e.g.", "Smith vs. Doe concerned, e.g. a fall. | It settled."),
    ("i.e. and etc.", "Soft tissue, i.e. muscle, was torn. | Ice, rest, etc. were advised. | He improved."),
    ("etc. at the end", "He took aspirin, etc. | The pain went on."),
    ("initials", "He served in the U. S. Navy. | J. Q. Doe signed."),
    ("acronym ends", "He lives in the U.S. | The Veteran served."),
    ("acronym goes on", "The U.S. Navy denied it."),
    ("M.D. ends", "Signed by A. Roe, M.D. | The report followed."),
    ("decimal", "Lasègue positive at 3.5 cm. | Grade 4."),
    ("year ends", "He left service in 1978. | The claim came later."),
    ("number ends", "The fracture is at L4. | No surgery."),
    ("Roman page", "See p. 12 and Ex. 3 for details. | Nothing else."),
    ("quoted end", 'He ignored "some facts." | However, he lost.'),
    ("parenthesis end", "It was fixed (see above.) | The end."),
    ("question and exclamation", "Did he fall? | Yes! | He did."),
    ("ellipsis inside", "He said ... and left. | Then rest."),
    ("list marker", "1. The claim is granted. | He is pleased."),
    ("flattened transcript", "PLAN:,| 1. Rest at home.,| 2. Ice."),
    ("lower-case next", "pt seen today. | denies pain."),
    ("month", "On Jan. 5 and Feb. 3 he came. | He left in Dec. | The file closed."),
    ("vitamin", "He lacks vitamin D. | The dose was raised."),
    ("Korean", "원고는 요통을 호소하였다. | 방사통은 없었다. | 입원함."),
    ("Korean date", "2019. 3. 4. 사고로 입원하였다. | 2020. 1. 15. 퇴원하였다."),
    ("Korean date with particle", "2019. 3. 4.자 진단서에 의하면 경미하다. | 이견은 없다."),
    ("Korean year and month", "2021. 5. 무렵 재발하였다. | 수술을 권유함."),
    ("Korean without blank", "통증이 심하다.| 수술이 필요하다."),
    ("Korean note lines", "요통 호소함\n| 하지 방사통 없음\n| MRI 시행 예정"),
    ("Korean list marker", "가. 피고의 책임을 인정한다. | 나. 과실상계를 한다."),
    ("Korean quote", "의사는 “수술은 불필요하다.” | 라고 하지 않았다."),
    ("full-width", "수술이 필요하다。| 경과를 본다。"),
    ("dosage", "Aspirin 81 mg. | Pain improved."),
    ("wrapped line", "The pain went on\nfor two weeks. | It stopped."),
]


@pytest.mark.parametrize(("phenomenon", "marked"), ROWS, ids=[row[0] for row in ROWS])
def test_sentence_ends(phenomenon, marked):
    wanted = marked.split("|")
    text = "".join(part.removeprefix(" ") if i else part for i, part in enumerate(wanted))
    found = [text[a:b].strip() for a, b in split_sentences(text)]
    assert found == [part.strip() for part in wanted]


PIECES = [*"Ab1. ?!다함.가,:\n\r\"'”)(", "Dr.", "v.", "2019. 3. 4.", "\u200b", "é", "🦴"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_sentences_cover_the_text(text):
    spans = split_sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(a < b for a, b in spans)
