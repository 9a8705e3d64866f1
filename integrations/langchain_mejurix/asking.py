"""What a question asks for: an amount, a date, a person, a reason; and whether a sentence holds one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_mejurix.words import numbers

if TYPE_CHECKING:
    from langchain_mejurix.facts import Facts

_I = re.IGNORECASE
_UNITS = (
    r"(?:cm|mm|m|inch(?:es)?|feet|foot|ft|miles?(?: per hour)?|mph|km|kg|lbs?|pounds?|g|mg|mL|ml|cc|degrees?|dB|Gy|"
    r"도|미터|킬로|그램|데시벨)"
)
_TIMES = r"(?:seconds?|minutes?|min|hours?|days?|weeks?|months?|years?|초|분|시간|일|주|개월|달|년)"
_COUNT = (
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|several|once|twice|"
    r"한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)"
)
_ASKS: tuple[tuple[str, str], ...] = (
    (
        "money",
        r"\b(?:how much|what)\b.*\b(?:cost|fee|fees|paid|pay|pays|salary|wages?|earn\w*|offer\w*|demand\w*"
        r"|award\w*|damages|charges?|price|amount|lien|bill|owe\w*|compensation|settle\w*|expenses?|income|sum"
        r"|dollars|limits? of)\b"
        r"|(?:비용|금액|합의금|위자료|치료비|진료비|급여|임금|보험금|배상액|청구액|수령액|연봉|벌금|\S(?:비|료|금|액))"
        r"(?:은|는|이|가|의|을|를)?\s.*얼마",
    ),
    (
        "percent",
        r"\b(?:percent\w*|per cent|rating|share|probability|chances?|likelihood|survival|rate of)\b"
        r"|퍼센트|비율|상실률|기여도|지급률|생존율|확률|몇\s*%",
    ),
    (
        "duration",
        r"\bhow long\b|\bhow many (?:seconds|minutes|hours|days|weeks|months|years)\b|\bhow much time\b"
        r"|얼마\s*동안|얼마나\s*오래|얼마나\s*(?:치료|지속|걸)|기간|며칠|몇\s*(?:초|분|시간|일|주|개월|달|년)",
    ),
    (
        "size",
        r"\bhow (?:big|large|tall|heavy|fast|far|wide|deep|high)\b|\b(?:size|weight|height|speed|dose|volume)\b"
        r"|\bhow much (?:weight|fluid|blood)\b|크기|체중|거리|속도|용량|길이|출혈량|몇\s*(?:도|데시벨|킬로|센티)",
    ),
    ("number", r"\bhow (?:much|many|old|often)\b|얼마|몇"),
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:date|day|month|year|time)\b|\bwhat was the date\b"
        r"|언제|일자|날짜|사망일|수술일|시점|몇\s*월|몇\s*년도",
    ),
    (
        "person",
        r"\bwho(?:m|se)?\b|\bwhich (?:\w+ )?(?:surgeon|doctor|physician|examiner|expert"
        r"|relative|person|witness|attorney|judge)\b"
        r"|\bname of\b|누가|누구|이름|성명",
    ),
    ("reason", r"\bwhy\b|\b(?:what|which) (?:was |is |were )?(?:the )?(?:reasons?|grounds?|basis)\b|\bhow come\b"
        r"|왜|이유|사유|근거"),
    ("side", r"\b(?:which|what) (?:side|knee|leg|arm|ankle|shoulder|hip|hand|foot|eye|ear|lobe)\b"
        r"|어느\s*쪽|좌우|어느\s*(?:무릎|다리|팔|발목|어깨|손)"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, _I)) for kind, pattern in _ASKS)
_NARROWER = {"number": ("money", "percent", "duration", "size")}
_HOLDS = {
    "money": re.compile(
        r"[$€£₩]\s?\d[\d,.]*|\d[\d,.]*\s?(?:원\b|원(?=[가-힣])|만\s?원|달러|won\b|dollars)", _I
    ),
    "percent": re.compile(r"\d[\d,.]*\s?(?:%|per ?cent|퍼센트|percentage|points?)|\bone in \w+", _I),
    "duration": re.compile(
        rf"\b{_COUNT}(?: to \w+)?[\s-]?{_TIMES}(?![a-z])|(?<![가-힣]){_COUNT}\s?{_TIMES}", _I
    ),
    "size": re.compile(rf"{_COUNT}[\s-]?{_UNITS}(?![a-zA-Z])", _I),
}
_PERSON = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|Judge)\b|\b(?:mother|father|brother|sister|wife|husband|son|daughter|parents?|spouse)\b"
    r"|[A-Z][a-z]+ [A-Z][\w-]+|[A-Z][\w.-]+,? (?:MD|RN|NP|DO|PhD|Esq)\b"
    r"|\b(?:surgeon|physician|doctor|examiner|attorney|driver|attendant)\b"
    r"|[부모]친|형제|배우자|의사|전문의|박사|원고|피고|판사|변호사|집도의|주치의|자문의|[가-힣]{2,4}\s?\((?:서명|인)\)"
)
_REASON = re.compile(
    r"\b(?:because|since|due to|as a result|therefore|so that|reasons?|explain\w*|owing to|on account of|in view of"
    r"|thus|based on|rests? on|premise|which is why|insufficient|lack of)\b"
    r"|때문|따라|이유|사유|인하여|인한|고려하여|고려하면|근거|위하여|므로|아서|어서",
    _I,
)
_SIDE = re.compile(r"\b(?:left|right|bilateral|both)\b|[좌우양]측|왼쪽|오른쪽|[좌우](?:상|하)엽", _I)
_ASKING = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how)\b|무엇|무슨|어떤|어떻|어떠|어느|어디|누가|누구|언제|왜|얼마|몇|여부",
    _I,
)
_POLAR = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)\b", _I
)


@lru_cache(maxsize=256)
def kinds_asked(question: str) -> tuple[str, ...]:
    """What a question asks for, of "money", "percent", "duration", "size", "number", "date", "person", ...

    A question for a yes or no, or for a description, asks for none of them.
    """
    if is_polar(question):
        return ()
    found = [kind for kind, pattern in _PATTERNS if pattern.search(question)]
    return tuple(k for k in found if not any(narrow in found for narrow in _NARROWER.get(k, ())))


def is_polar(question: str) -> bool:
    """Whether a question asks for a yes or no."""
    return bool(_POLAR.search(question)) or not _ASKING.search(question)


def holds(kind: str, asked: Facts, shown: Facts) -> bool:
    """Whether a text holds a thing of a kind that the question does not already name."""
    known = asked.numbers | {float(date[:4]) for date in asked.dates}
    if kind in _HOLDS:
        return any(_new(match[0], known) for match in _HOLDS[kind].finditer(shown.text))
    if kind == "number":
        return bool(shown.numbers - known)
    if kind == "date":
        new = any(not any(told.startswith(date) for told in asked.dates) for date in shown.dates)
        return new or bool(shown.month_days - asked.month_days)
    pattern = {"person": _PERSON, "reason": _REASON, "side": _SIDE}[kind]
    return bool(pattern.search(shown.text))


def _new(text: str, known: frozenset[float] | set[float]) -> bool:
    found = numbers(text)
    return not found or bool(found - known)
