# One row per phenomenon:
# ruff: noqa: E501
"""Patterns that recognise headings in plain text; one commented row per kind."""

from __future__ import annotations

import re

# Section names of records and pleadings that are written in title case before a colon.
_RUN_IN_ENGLISH = (
    "chief complaint|reason for (?:visit|consultation|referral)|history of (?:the )?present illness|hpi|"
    "(?:past )?medical history|past history|(?:past )?surgical history|family history|social history|pmh|psh|"
    "review of systems|ros|medications?|current medications?|allergies|vital signs|vitals|physical exam(?:ination)?|"
    "mental status exam(?:ination)?|laboratory(?: data| results)?|labs|imaging|radiology|findings|impression|"
    "assessment(?: and plan| & plan)?|plan|diagnos[ie]s|(?:pre|post)operative diagnos[ie]s|discharge diagnos[ie]s|"
    "procedures?|operation performed|indications?|technique|complications|hospital course|disposition|prognosis|"
    "recommendations?|conclusions?|opinion|subjective|objective|statement of facts|background|"
    "issues?|analysis|holding|order|damages|causation|summary|records reviewed|functional capacity"
)
# Section names of Korean records, expert opinions and judgments.
_RUN_IN_KOREAN = (
    "주\\s?증상|주\\s?호소|주\\s?소|현\\s?병력|과거력|과거 병력|기왕력|기왕증|가족력|사회력|약물력|알레르기|투약|처방|"
    "이학적 검사|신체\\s?검사|신체 진찰|신경학적 검사|검사 소견|검사 결과|영상 소견|영상의학 소견|판독 소견|판독|소견|"
    "진단명|진단|추정 진단|최종 진단|상병명|병명|수술명|수술 소견|치료|치료 경과|치료 내용|치료 계획|경과|경과 기록|경과 요약|"
    "입원 경과|퇴원 요약|계획|예후|감정 사항|감정 의견|감정 결과|신체감정 결과|노동능력상실률|장해|후유장해|장해 평가|결론|의견|종합 의견|"
    "향후 치료비|개호|사고 경위|사건 경위|사건의 경위|사실관계|쟁점|판단|당사자|원고|피고|변론종결|판결선고|활력 징후|계통 문진"
)
_LETTERS = r"[A-Z][A-Z0-9 /&,.'’()–-]"

# name, level, pattern with the groups "label" (start and end of the heading) and "text" (what is shown).
# A level of 0 is computed by the detector: the marker's depth.
PATTERNS: tuple[tuple[str, int, re.Pattern[str]], ...] = tuple(
    (name, level, re.compile(pattern, re.MULTILINE | flags))
    for name, level, pattern, flags in [
        # ## Markdown
        ("markdown", 0, r"^(?P<label>(?P<mark>#{1,6})[ \t]+(?P<text>[^\r\n]*[^\s#])[ \t]*#*)[ \t\r]*$", 0),
        # FINDINGS OF FACT on a line of its own; lines with tabs, underscores and initials are no headings
        ("capitals", 1, rf"^[ \t]*(?P<label>(?P<text>{_LETTERS}{{3,88}}?):?)[ \t\r]*$", 0),
        # HISTORY OF PRESENT ILLNESS: text; also after a comma that stands for a lost line break
        (
            "run_in_capitals",
            2,
            r"(?:^[ \t]*|(?<=[.:;,)\] ]),)(?P<label>(?P<text>[A-Z][A-Z0-9 /&'()-]{2,58}):)(?=[\s,])",
            0,
        ),
        # Assessment: text, for known section names
        ("run_in", 2, rf"^[ \t]*(?P<label>(?P<text>{_RUN_IN_ENGLISH})[ \t]*:)(?=[\s,])", re.IGNORECASE),
        # ARTICLE 5, PART II, § 12
        (
            "legal_unit",
            2,
            r"^[ \t]*(?P<label>(?P<text>(?:Article|Section|Part|Chapter|Count|§)[ \t]+(?:\d+|[IVX]+)\b[^\r\n]{0,70}?))[ \t\r]*$",
            0,
        ),
        # II. Procedural history / A. Background / 2.1 Imaging: short, alone between blank lines
        (
            "roman",
            1,
            r"^[ \t]*(?P<label>(?P<text>(?:[IVX]{1,5}|[Ⅰ-Ⅻ])[.)][ \t]*\S[^\r\n]{1,78}?))[ \t\r]*$",
            0,
        ),
        ("letter", 3, r"^[ \t]*(?P<label>(?P<text>[A-Z][.)][ \t]+[A-Z][^\r\n]{1,78}?))[ \t\r]*$", 0),
        (
            "numbered",
            0,
            r"^[ \t]*(?P<label>(?P<text>(?P<mark>\d{1,2}(?:\.\d{1,2}){0,3})[.)]?[ \t]+[A-Z][^\r\n]{1,68}?))[ \t\r]*$",
            0,
        ),
        # 【 청구취지 】 and [진단]; the body may follow on the line
        ("korean_bracket", 1, r"^[ \t]*(?P<label>【[ \t]*(?P<text>[^】\r\n]{1,40}?)[ \t]*】)", 0),
        (
            "korean_square",
            2,
            r"^[ \t]*(?P<label>[\[〔<〈][ \t]*(?P<text>[가-힣][가-힣A-Za-z0-9 ·/,]{0,28}?)[ \t]*[\]〕>〉])",
            0,
        ),
        # ■ 검사 소견
        (
            "korean_mark",
            2,
            r"^[ \t]*(?P<label>[■□◆◇▣▶][ \t]*(?P<text>[^\r\n:：]{1,40}?)[ \t]*[:：]?)[ \t\r]*$",
            0,
        ),
        # 주 문, 이 유, 청 구 취 지: letter-spaced words of a judgment, alone on the line
        (
            "korean_judgment",
            1,
            r"^[ \t]*(?P<label>(?P<text>주\s?문|이\s?유|청\s?구\s?취\s?지(?: 및 항\s?소\s?취\s?지)?|청\s?구\s?원\s?인|항\s?소\s?취\s?지|판\s?결))[ \t\r]*$",
            0,
        ),
        # 제2장 손해배상
        (
            "korean_unit",
            2,
            r"^[ \t]*(?P<label>(?P<text>제[ \t]?\d{1,4}[ \t]?(?:편|장|절|조(?:의\d+)?)(?:[ \t]*[(（][^)）\r\n]{1,40}[)）]|[ \t]+[^\r\n]{1,40}?)?))(?=[ \t\r]*$|[ \t]*[①(])",
            0,
        ),
        # 1. 주증상 / 가. 사고의 경위 / 1) 노동능력상실률 / (가) 기왕증: short and not a sentence
        (
            "korean_number",
            2,
            r"^[ \t]*(?P<label>(?P<text>\d{1,2}\.[ \t]*[가-힣][^\r\n]{0,38}?)[ \t]*[:：]?)[ \t\r]*$",
            0,
        ),
        (
            "korean_syllable",
            3,
            r"^[ \t]*(?P<label>(?P<text>[가나다라마바사아자차카타파하]\.[ \t]*[가-힣A-Za-z][^\r\n]{0,38}?)[ \t]*[:：]?)[ \t\r]*$",
            0,
        ),
        (
            "korean_paren",
            4,
            r"^[ \t]*(?P<label>(?P<text>\d{1,2}\)[ \t]*[가-힣][^\r\n]{0,38}?)[ \t]*[:：]?)[ \t\r]*$",
            0,
        ),
        # 현병력: text, for known section names, with or without a number
        (
            "run_in_korean",
            2,
            rf"^[ \t]*(?P<label>(?P<text>(?:\d{{1,2}}\.[ \t]*)?(?:{_RUN_IN_KOREAN}))[ \t]*[:：])",
            0,
        ),
        # Duty to Notify and Assist: title case, alone between blank lines
        (
            "title_case",
            2,
            r"^[ \t]*(?P<label>(?P<text>[A-Z][A-Za-z0-9'’()/&-]+(?:[ \t]+[A-Za-z0-9'’()/&-]+){0,9}):?)[ \t\r]*$",
            0,
        ),
    ]
)
NEEDS_BLANK_LINES = frozenset({"title_case", "letter", "numbered", "legal_unit"})
KOREAN_SHORT = frozenset({"korean_number", "korean_syllable", "korean_paren", "korean_unit"})
SMALL_WORDS_TEXT = "a an and as at by for from in into of on or per the to under upon v vs with without"
SMALL_WORDS = frozenset(SMALL_WORDS_TEXT.split())
# A Korean line that ends so is a sentence or a note, no heading.
KOREAN_SENTENCE_END = re.compile(r"(?:다|요|음|함|됨|임|였음|중|것|까|각|자)[.)]?$|[.,;?!]$|\d\.$")
INITIAL = re.compile(r"(?:^|\s)[A-Z]\.(?:\s|[A-Z]\.)|_{3,}")
SINGLE_CAPITALS_TEXT = (
    "ORDER REMAND INTRODUCTION REPRESENTATION PLAN HPI PMH PSH ROS LABS IMPRESSION ASSESSMENT FINDINGS DIAGNOSIS "
    "DIAGNOSES MEDICATIONS ALLERGIES PROCEDURE HISTORY DISCUSSION CONCLUSION BACKGROUND OPINION ANALYSIS"
)
SINGLE_CAPITALS = frozenset(SINGLE_CAPITALS_TEXT.split())
