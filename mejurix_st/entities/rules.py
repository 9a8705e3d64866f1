"""Entities by rule: money, impairment ratings and percentages of fault, Korean case numbers and statutes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mejurix_st.entities.dates import find_dates
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNIT = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "k": 1_000, "m": 1_000_000}
_MONEY = re.compile(
    r"(?:(?P<sign>US\$|\$|USD\s?|₩|KRW\s?|€|£)\s?(?P<amount>\d[\d,]*(?:\.\d+)?)"
    r"(?:\s?(?P<unit>thousand|million|billion|[kKmM])\b)?"
    r"|(?<![\d.,])(?P<amount2>\d[\d,]*(?:\.\d+)?)\s"
    r"(?:(?P<unit2>thousand|million|billion)\s)?(?P<name>dollars|won|euros)\b)"
)
_WON = re.compile(
    r"(?<![\d,])(?:금\s?)?(?P<amount>\d[\d,]{0,16}(?:억\s?)?(?:\d[\d,]{0,8}만\s?)?(?:\d[\d,]{0,8})?[억만천백]?)"
    r"\s?원(?![가-힣]{0,1}[심소피])"
)
_NUMBER = r"(?P<percent>\d{1,3}(?:\.\d+)?)\s?(?:%|percent|per cent|퍼센트|프로)"
#: A percentage counts when it rates something: disability, impairment, fault, loss of earning capacity.
_RATING = re.compile(
    rf"{_NUMBER}\s(?:(?:[\w-]+\s){{0,3}}?(?:impairment|disability|disabled|disabling|rating|"
    r"evaluation|permanent|apportionment|fault|at fault|negligent|loss of (?:use|earning capacity)|"
    r"liability|responsibility)(?:\srating)?\b)"
    rf"|\b(?:impairment|disability|rating|evaluation|rated|evaluated|apportionment|fault)"
    rf"(?:\srating)?(?:\s(?:of|at|as|is|was|to)){{0,3}}\s(?:(?:about|at least)\s)?"
    rf"{_NUMBER.replace('percent>', 'percent2>')}"
    rf"|(?:노동능력상실률|노동능력상실율|노동능력|신체장해율|장해율|장애율|장해등급|"
    rf"기왕증 기여도|기여도|과실비율|과실상계|과실|책임비율|책임|상실률)"
    rf"(?:을|를|은|는|이|가)?\s?(?:총|약|각)?\s?{_NUMBER.replace('percent>', 'percent3>')}"
    rf"|{_NUMBER.replace('percent>', 'percent4>')}"
    r"의?\s?(?:노동능력상실|노동능력 상실|장해|영구장해|과실|책임제한)",
    re.IGNORECASE,
)
_GRADE = re.compile(
    r"(?:장해|장애|상이|상해)\s?(?:등급\s?)?(?:제\s?)?(?P<grade>\d{1,2})\s?급(?:\s?(?P<item>\d{1,2})호)?"
    r"|(?:제\s?)?(?P<grade2>\d{1,2})급\s?(?:장해|장애)"
)
_KOREAN_CASE = re.compile(
    r"(?:(?:대법원|헌법재판소|헌재|[가-힣]{2,6}(?:고등|지방|행정|가정)법원(?:\s?[가-힣]{2,4}지원)?|[가-힣]{2,4}(?:고법|지법))\s?"
    r"(?:\d{4}\.\s?\d{1,2}\.\s?\d{1,2}\.?\s?(?:선고|자)?\s?)?)?"
    r"(?P<number>(?:19|20)?\d{2}(?:가합|가단|가소|나|다|라|마|카합|카기|카|고합|고단|노|도|로|모|구합|구단|누|두|"
    r"헌가|헌나|헌마|헌바|재다|므|르|드단|스|그)\d{1,7})"
    r"(?:\s?(?:전원합의체\s?)?(?:판결|결정))?"
)
_KOREAN_STATUTE = re.compile(
    r"(?P<law>(?:「[^」]{2,40}」|(?:구\s)?[가-힣]{0,20}(?:에 관한 (?:특례)?법률?|법률?|시행령|시행규칙)))\s?"
    r"(?P<article>제\s?\d{1,4}\s?조(?:의\s?\d{1,2})?(?:\s?제\s?\d{1,2}\s?항)?(?:\s?제\s?\d{1,2}\s?호)?)"
)
_DIGIT = re.compile(r"\d")


def find_by_rule(text: str) -> list[EntitySpan]:
    """Find money, ratings and Korean authorities; texts without a digit cost nothing.

    Args:
        text: source text.

    Returns:
        Spans in no order; they may overlap. Codes: "MONEY:USD:1500.00", "PERCENT:70", "GRADE:12",
        "CASE:2015다12345", "STATUTE:민법 제750조".
    """
    if _DIGIT.search(text) is None:
        return []
    return list(_all(text))


def find_date_spans(text: str) -> list[EntitySpan]:
    """Dates as spans of type NONE, `normalized` the ISO date and code "DATE:2019-05-01"."""
    return [
        EntitySpan(start, end, text[start:end], EntityType.NONE, iso, f"DATE:{iso}")
        for start, end, iso in find_dates(text)
    ]


def _all(text: str) -> Iterator[EntitySpan]:
    if (
        "$" in text
        or "₩" in text
        or "€" in text
        or "£" in text
        or "USD" in text
        or "KRW" in text
        or "dollars" in text
        or "won" in text
    ):
        for match in _MONEY.finditer(text):
            currency = {
                "$": "USD",
                "US$": "USD",
                "USD": "USD",
                "₩": "KRW",
                "KRW": "KRW",
                "€": "EUR",
                "£": "GBP",
            }.get(
                (match["sign"] or "").strip(),
                {"dollars": "USD", "won": "KRW", "euros": "EUR"}.get(match["name"] or "", ""),
            )
            amount = float((match["amount"] or match["amount2"]).replace(",", "").rstrip("."))
            amount *= _UNIT.get((match["unit"] or match["unit2"] or "").lower(), 1)
            yield _span(
                text,
                match.start(),
                match.end(),
                f"{currency} {amount:.2f}".lower(),
                f"MONEY:{currency}:{amount:.2f}",
            )
    if "원" in text:
        for match in _WON.finditer(text):
            value = _korean_number(match["amount"])
            if value:
                yield _span(text, match.start(), match.end(), f"krw {value:.2f}", f"MONEY:KRW:{value:.2f}")
    if "%" in text or "per" in text or "퍼" in text or "프로" in text:
        for match in _RATING.finditer(text):
            percent = next(number for number in match.groupdict().values() if number)
            yield _span(text, match.start(), match.end(), f"{percent} percent rating", f"PERCENT:{percent}")
    if "급" in text:
        for match in _GRADE.finditer(text):
            grade = match["grade"] or match["grade2"]
            yield _span(text, match.start(), match.end(), f"disability grade {grade}", f"GRADE:{grade}")
    if not text.isascii():
        for match in _KOREAN_CASE.finditer(text):
            number = match["number"]
            yield _span(text, match.start(), match.end(), number, f"CASE:{number}", EntityType.LEGAL_TERM)
        if "조" in text:
            for match in _KOREAN_STATUTE.finditer(text):
                name = re.sub(
                    r"\s+", " ", match["law"].strip("「」").strip() + " " + match["article"].replace(" ", "")
                )
                yield _span(text, match.start(), match.end(), name, f"STATUTE:{name}", EntityType.LEGAL_TERM)


def _span(
    text: str,
    start: int,
    end: int,
    normalized: str,
    code: str,
    entity_type: EntityType = EntityType.COMPENSATION,
) -> EntitySpan:
    return EntitySpan(start, end, text[start:end], entity_type, normalized, code)


def _korean_number(written: str) -> float:
    """Value of "1억 2,000만" and the like; 0 when there is no number."""
    total = 0.0
    rest = written.replace(",", "").replace(" ", "")
    for unit, factor in (("억", 100_000_000), ("만", 10_000)):
        head, found, tail = rest.partition(unit)
        if found:
            total += float(head or 0) * factor if head.isdigit() else 0
            rest = tail
    factor = 1_000 if rest.endswith("천") else 100 if rest.endswith("백") else 1
    digits = rest.rstrip("천백")
    return total + (float(digits) * factor if digits.isdigit() else 0)
