"""Whether a text says what a sentence says: entities, assertions, numbers, dates, names, negation, words.

Rules only, each with a reason that a reader can check. They err on the side of "not supported": a sentence that the
file does support and that is worded too freely costs a look at the file, the opposite may cost a case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_mejurix.concepts import matches
from langchain_mejurix.facts import Facts, coverage, facts_of
from langchain_mejurix.words import content_words, covered, negations, polarity
from mejurix_st.entities import is_of_proceedings
from mejurix_st.entities.sentences import sentence_spans
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from mejurix_st.entities import Assertion

LEAST_COVERAGE = 0.6
"""Least share of a sentence's content words in the evidence, where both are in one language."""

_RELATIVE = re.compile(
    r"\b(?:mother|father|brother|sister|wife|husband|son|daughter|family history)s?\b"
    r"(?: of (?:the |his |her )?\w+)?\s*(?::|\b(?:has|had|have|died|suffer\w*|is|was|with|developed)\b)"
    r"|(?:모친|부친|형제|자매|어머니|아버지|배우자|가족력)\s?[:은는이가의]",
    re.IGNORECASE,
)
_OF_A_PERSON = (EntityType.DISEASE, EntityType.SYMPTOM, EntityType.OUTCOME)
_NEAR_COPY = 0.8
"""Share of a sentence's words in one sentence of the evidence from which on it counts as a repetition."""
_IGNORED = frozenset(
    [
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
        if name in _IGNORED or is_of_proceedings(name):
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
        if not said.kin and span.type in _OF_A_PERSON and _of_relative(shown.text, name, shown):
            return f"{span.text}: {_DIFFERENT['experiencer']}"
        relatives = said.kin and said.kin == shown.kin
        reasons = [_difference(assertion, one, relatives=bool(relatives)) for one in found]
        if all(reasons):
            return f"{span.text}: {_DIFFERENT[reasons[0]]}"
    return ""


def _of_relative(text: str, name: str, shown: Facts) -> bool:
    """Whether every mention of a concept follows a relative of whom something is said."""
    places = [span.start for other, span, _ in shown.concepts if matches(other, name) or matches(name, other)]
    for place in places:
        left = max(text.rfind(stop, 0, place) for stop in (". ", ".\n", "\n\n", "; ")) + 1
        if not _RELATIVE.search(text, left, place):
            return False
    return bool(places)


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
    if _copied_otherwise(said, shown.text):
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


def _copied_otherwise(said: Facts, evidence: str) -> bool:
    """Whether a sentence repeats one sentence of the evidence, but with more or fewer negations."""
    spans, width = sentence_spans(evidence), max(1, len(sentence_spans(said.text)))
    joined = [(spans[n][0], spans[n + width - 1][1]) for n in range(len(spans) - width + 1)]
    parts = [facts_of(evidence[start:end].strip()) for start, end in joined]
    near = [part for part in parts if coverage(said.words, part) >= _NEAR_COPY]
    whole = facts_of(evidence)
    if len(parts) > 1 and min(coverage(said.words, whole), coverage(whole.words, said)) >= _NEAR_COPY:
        near.append(whole)  # a line break that looked like the end of a sentence
    if not near:
        return False
    stems = frozenset(said.words)
    return all(negations(_aligned(part.text, stems)) != negations(said.text) for part in near)


def _aligned(text: str, stems: frozenset[str]) -> str:
    """From the first to the last word of `text` that a sentence shares, with a few words around."""
    words = list(re.finditer(r"\S+", text))
    shared = [n for n, word in enumerate(words) if any(w in stems for w in content_words(word[0]))]
    if not shared:
        return text
    first, last = max(0, shared[0] - 2), min(len(words) - 1, shared[-1] + 3)
    return text[words[first].start() : words[last].end()]


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
