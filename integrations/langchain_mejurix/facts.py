"""What of a text can be compared with another: entities, assertions, numbers, dates, names, sides, relatives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_mejurix.answer_types import language_of
from langchain_mejurix.words import content_words, covered, numbers
from mejurix_st.entities import Assertion, assert_spans, recognize
from mejurix_st.entities.dates import find_dates
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

_IDENTIFIER = re.compile(r"\b(?=[A-Za-z-]*\d)(?=\d*[A-Za-z])[A-Za-z\d]+(?:[-/][A-Za-z\d]+)*\b")
_NAME = re.compile(r"(?<=[a-z,;)\d] )(?:[A-Z][a-z]+(?:-[A-Z][a-z]+)*)\b|\b(?:Dr|Mr|Mrs|Ms)\.? ([A-Z][\w-]+)")
_LINK = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:pdf|docx?|txt|md|html?)\b", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(_MONTHS)
_MONTH_DAY = re.compile(
    rf"\b(?:({_MONTH})[a-z]*\.? (\d{{1,2}})|(\d{{1,2}}) ({_MONTH})[a-z]*)\b|(\d{{1,2}})월\s*(\d{{1,2}})일",
    re.IGNORECASE,
)
_SIDES = {
    "left": re.compile(r"\bleft\b|좌측|왼쪽|좌(?=[상하]엽|슬|족|견|완|안)", re.IGNORECASE),
    "right": re.compile(
        r"\bright\b(?!\s+(?:to|of|away|now|against|under)\b)|우측|오른쪽|우(?=[상중하]엽|슬|족|견|완|안)",
        re.IGNORECASE,
    ),
    "both": re.compile(
        r"\bbilateral|\bboth (?:sides|knees|legs|arms|eyes|ears|hips|shoulders)\b|양측|양쪽", re.IGNORECASE
    ),
}
_KIN = {
    "father": re.compile(r"\bfather\b|부친|아버지", re.IGNORECASE),
    "mother": re.compile(r"\bmother\b|모친|어머니", re.IGNORECASE),
    "brother": re.compile(r"\bbrothers?\b|형제|남동생", re.IGNORECASE),
    "sister": re.compile(r"\bsisters?\b|자매|누나|여동생", re.IGNORECASE),
    "spouse": re.compile(r"\b(?:wife|husband|spouse)\b|배우자|아내|남편", re.IGNORECASE),
    "child": re.compile(r"\b(?:son|daughter)\b|아들|(?<![가-힣])딸", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a text can be compared: see `facts_of`."""

    text: str
    language: str
    words: tuple[str, ...]
    numbers: frozenset[float]
    dates: tuple[str, ...]
    month_days: frozenset[str]
    identifiers: frozenset[str]
    names: frozenset[str]
    links: frozenset[str]
    concepts: tuple[tuple[str, EntitySpan, Assertion], ...]
    sides: frozenset[str]
    kin: frozenset[str]


@lru_cache(maxsize=4096)
def facts_of(text: str) -> Facts:
    """The comparable facts of a text of a few sentences."""
    dates = find_dates(text)
    without_dates = list(text)
    for start, end, _ in dates:
        without_dates[start:end] = " " * (end - start)
    rest = "".join(without_dates)
    month_days = set()
    for match in _MONTH_DAY.finditer(rest):
        month = match[1] or match[4]
        number = _MONTHS.index(month[:3].lower()) + 1 if month else int(match[5])
        month_days.add(f"{number:02d}-{int(match[2] or match[3] or match[6]):02d}")
    rest = _MONTH_DAY.sub(" ", rest)
    spans = [span for span in recognize(text) if span.type not in (EntityType.NONE, EntityType.SEVERITY)]
    said = assert_spans(text, spans)
    return Facts(
        text=text,
        language=language_of(text),
        words=tuple(content_words(text)),
        numbers=frozenset(numbers(rest)),
        dates=tuple(iso for _, _, iso in dates),
        month_days=frozenset(month_days),
        identifiers=frozenset(match[0].lower() for match in _IDENTIFIER.finditer(rest)),
        names=frozenset((match[1] or match[0]).lower() for match in _NAME.finditer(text)),
        links=frozenset(match[0].lower().rstrip(".,)") for match in _LINK.finditer(text)),
        concepts=tuple(
            (span.normalized or span.text.lower(), span, one) for span, one in zip(spans, said, strict=True)
        ),
        sides=frozenset(name for name, pattern in _SIDES.items() if pattern.search(text)),
        kin=frozenset(name for name, pattern in _KIN.items() if pattern.search(text)),
    )


def coverage(said: Sequence[str], shown: Facts) -> float:
    """Share of content words that a text has, in [0, 1]; 1 when there are none."""
    stems = frozenset(shown.words)
    return sum(covered(word, stems, shown.text) for word in said) / len(said) if said else 1.0
