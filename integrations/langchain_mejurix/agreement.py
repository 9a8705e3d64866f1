"""Whether a text says what a sentence says: entities, assertions, numbers, dates, names, negation, words.

Rules only, each with a reason that a reader can check. They err on the side of "not supported": a sentence
that the file does support and that is worded too freely costs a look at the file, the opposite may cost a
case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_mejurix.answer_types import language_of
from langchain_mejurix.concepts import matches
from langchain_mejurix.words import content_words, covered, negations, numbers, polarity
from mejurix_st.entities import Assertion, assert_spans, recognize
from mejurix_st.entities.dates import find_dates
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_COVERAGE = 0.6
"""Least share of a sentence's content words in the evidence, where both are in one language."""

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
_NEAR_COPY = 0.8
_IGNORED = frozenset(
    [
        "plaintiff",
        "defendant",
        "claimant",
        "court",
        "jury",
        "judge",
        "evidence",
        "witness",
        "attorney",
        "patient",
        "record",
        "report",
        "examination",
        "opinion",
        "treatment",
        "injury",
        "trauma",
        "condition",
        "symptom",
        "claim",
    ]
)
_DIFFERENT = {
    "status": "the passage asserts it otherwise (present, absent or possible)",
    "experiencer": "the passage says it of another person",
    "laterality": "the passage names another side",
    "severity": "the passage grades it otherwise",
    "polarity": "the passage gives another outcome",
    "relative": "the passage places it otherwise in time",
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


def disagreement(sentence: str, evidence: str, context: str, question: str = "") -> str:
    """Why `evidence` does not say what `sentence` says; empty when nothing speaks against it.

    Args:
        sentence: one sentence of an answer.
        evidence: the cited sentences.
        context: what governs them: document name, heading path, the rest of the passage.
        question: the question that was asked; words of it need no proof, facts do.
    """
    said, shown = facts_of(sentence), facts_of(evidence)
    around = facts_of(context)
    for check in (_links, _numbers, _dates, _identifiers, _names, _sides, _kin, _concepts):
        if reason := check(said, shown, around):
            return reason
    if reason := _negation(said, shown):
        return reason
    return _words(said, shown, around, question)


def coverage(said: Sequence[str], shown: Facts) -> float:
    """Share of content words that a text has, in [0, 1]; 1 when there are none."""
    stems = frozenset(shown.words)
    return sum(covered(word, stems, shown.text) for word in said) / len(said) if said else 1.0


def _links(said: Facts, shown: Facts, around: Facts) -> str:
    unknown = said.links - shown.links - around.links
    return f"{sorted(unknown)[0]} is not in the passage" if unknown else ""


def _numbers(said: Facts, shown: Facts, around: Facts) -> str:
    unknown = said.numbers - shown.numbers
    # An identifier's or a date's digits may be written apart ("제4-5 요추" for L4-5).
    unknown -= {float(d) for word in shown.identifiers | shown.month_days for d in re.findall(r"\d+", word)}
    unknown -= {float(part) for date in shown.dates for part in date.split("-")}
    return f"the number {sorted(unknown)[0]:g} is not in the cited text" if unknown else ""


def _dates(said: Facts, shown: Facts, around: Facts) -> str:
    known = (*shown.dates, *around.dates)
    years = {date[:4] for date in known}
    for date in said.dates:
        if any(one.startswith(date) for one in shown.dates):
            continue
        if len(date) == 4 and (date in years or float(date) in shown.numbers):
            continue
        if date[5:] in shown.month_days and date[:4] in years:
            continue
        if (
            around.dates
            and len(date) > 4
            and any(one.startswith(date) for one in around.dates)
            and not shown.dates
        ):
            continue
        return f"the date {date} is not in the cited text"
    known_days = shown.month_days | {date[5:] for date in shown.dates if len(date) == 10}
    if unknown := said.month_days - known_days:
        return f"the date {sorted(unknown)[0]} is not in the cited text"
    return ""


def _identifiers(said: Facts, shown: Facts, around: Facts) -> str:
    text = shown.text.lower()
    for word in sorted(said.identifiers):
        digits = {float(d) for d in re.findall(r"\d+", word)}
        if word not in text and word not in around.text.lower():
            if said.language != shown.language and digits <= shown.numbers | {
                float(d) for d in re.findall(r"\d+", text)
            }:
                continue
            return f"{word} is not in the passage"
    return ""


def _names(said: Facts, shown: Facts, around: Facts) -> str:
    text = f"{shown.text} {around.text}".lower()
    if said.language == shown.language and (
        unknown := sorted(name for name in said.names if name not in text)
    ):
        return f"the name {unknown[0].title()} is not in the passage"
    return ""


def _sides(said: Facts, shown: Facts, around: Facts) -> str:
    known = shown.sides or around.sides
    if "both" in known and said.sides <= {"both"}:
        return ""
    return (
        f"the side ({', '.join(sorted(said.sides))}) is not that of the cited text"
        if said.sides - known
        else ""
    )


def _kin(said: Facts, shown: Facts, around: Facts) -> str:
    unknown = said.kin - shown.kin - around.kin
    return f"the {sorted(unknown)[0]} is not named in the cited text" if unknown else ""


def _concepts(said: Facts, shown: Facts, around: Facts) -> str:
    stems = frozenset(shown.words)
    for name, span, assertion in said.concepts:
        if name in _IGNORED:
            continue
        found = [one for other, _, one in shown.concepts if matches(other, name) or matches(name, other)]
        if not found:
            words = content_words(span.text)
            if (
                said.language == shown.language
                and words
                and all(covered(w, stems, shown.text) for w in words)
            ):
                continue
            if span.type in (EntityType.LEGAL_TERM, EntityType.OUTCOME, EntityType.COMPENSATION) and any(
                matches(other, name) for other, _, _ in around.concepts
            ):
                continue
            return f"{span.text} is not in the cited text"
        relatives = said.kin and said.kin == shown.kin
        reasons = [_difference(assertion, one, relatives=bool(relatives)) for one in found]
        if all(reasons):
            return f"{span.text}: {_DIFFERENT[reasons[0]]}"
    return ""


def _difference(said: Assertion, shown: Assertion, *, relatives: bool) -> str:
    """The first attribute in which two assertions contradict each other; empty when they agree.

    Args:
        said: of the sentence.
        shown: of the evidence.
        relatives: whether both name the same relatives, so that the person needs no further proof.
    """
    if said.status != shown.status and not (
        said.status in ("possible", "hypothetical") and shown.status == "present"
    ):
        return "status"
    if (
        not relatives
        and said.experiencer != shown.experiencer
        and "family" in (said.experiencer, shown.experiencer)
    ):
        return "experiencer"
    if said.laterality and shown.laterality and said.laterality != shown.laterality:
        return "laterality"
    if said.severity is not None and shown.severity is not None and said.severity != shown.severity:
        return "severity"
    if said.polarity and shown.polarity and said.polarity != shown.polarity:
        return "polarity"
    if said.relative and shown.relative and said.anchor == shown.anchor and said.relative != shown.relative:
        return "relative"
    return ""


def _negation(said: Facts, shown: Facts) -> str:
    if said.language != shown.language:
        return ""
    near_copy = coverage(said.words, shown) >= _NEAR_COPY and coverage(shown.words, said) >= _NEAR_COPY
    if near_copy and negations(said.text) != negations(shown.text):
        return "the passage negates what the sentence affirms, or affirms what it negates"
    mine, theirs = polarity(said.text), polarity(shown.text)
    shared = [word for word in mine if word in theirs]
    same = sum(bool(mine[word] & theirs[word]) for word in shared)
    if shared and same < len(shared) - same:
        return "the passage negates what the sentence affirms, or affirms what it negates"
    negated = {word for word in shared if mine[word] == {True}} | {
        word for word in shared if theirs[word] == {True}
    }
    if negated and not any(mine[word] & theirs[word] for word in negated):
        return "the passage negates what the sentence affirms, or affirms what it negates"
    return ""


def _words(said: Facts, shown: Facts, around: Facts, question: str) -> str:
    if said.language != shown.language:
        names = {name for name, _, _ in said.concepts}
        met = any(matches(o, n) or matches(n, o) for o, _, _ in shown.concepts for n in names)
        same = said.numbers & shown.numbers or set(said.dates) & set(shown.dates)
        return "" if met or same else "nothing in the passage can be matched across the two languages"
    asked = facts_of(question).words if question else ()
    stems, near = frozenset(shown.words), frozenset((*around.words, *asked))
    points = 0.0
    for word in said.words:
        if covered(word, stems, shown.text):
            points += 1.0
        elif covered(word, near, f"{around.text} {question}"):
            points += 0.5
    if not said.words:
        return (
            ""
            if said.numbers or said.dates or said.concepts
            else "the sentence states nothing that can be checked"
        )
    if points / len(said.words) < LEAST_COVERAGE or not any(
        covered(w, stems, shown.text) for w in said.words
    ):
        return "the cited text does not say this"
    return ""
