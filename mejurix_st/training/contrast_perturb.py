"""Contrast in natural text: flip one deciding word of a real sentence, or say it in other words.

`perturb` writes every flip that a small table of simple patterns can make safely; a pattern that might change
more than it means to (`right to appeal`, `before the Board`, `major depressive disorder`) is guarded.
`paraphrase` keeps the meaning: names from the glossary, clinical and legal phrases, the order of clauses.
Only deciding words of the training side are used.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from mejurix_st.training.contrast import ContrastTriple
from mejurix_st.training.glossary import PARTICLES, attach_particle, load_glossary, read_table, seeded

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping

_HANGUL = re.compile(r"[가-힣]")
_WORD = re.compile(r"[\w'-]+|[^\w\s]")
_MIN_WORDS, _MAX_WORDS = 3, 60
_NAMED_KINDS = {"disease", "symptom", "medication", "treatment", "test", "compensation", "document"}
_LONGEST_NAME = 6  # words in the longest glossary name looked for
_AFTER_BEFORE = re.compile(r"^(After|Before|Because of|Despite|During) ([^,;.]{4,80}), ([^;]{8,})\.$")
_TRAILING = re.compile(r"^([A-Z][^,;.]{8,}?) (after|before|because of|despite|during) ([^,;.]{4,80})\.$")


@cache
def _rules(language: str) -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """Flip rules in the order of the table: pattern, replacement, axis."""
    return tuple(
        (re.compile(row["pattern"]), row["replacement"], row["axis"])
        for row in read_table("contrast_rules.tsv")
        if row["language"] == language
    )


def perturb(sentence: str, rng: random.Random) -> list[tuple[str, str]]:
    """Every flip of one deciding word or phrase that the rule table can make.

    Args:
        sentence: One English or Korean sentence; the language is told by its letters.
        rng: Orders the result.

    Returns:
        `(flipped, axis)`, shuffled; empty when no rule fits, or the sentence has under 3 or over 60 words.
        No flip equals the sentence, and no two are equal.
    """
    if not _MIN_WORDS <= len(sentence.split()) <= _MAX_WORDS:
        return []
    flips: dict[str, str] = {}
    for pattern, replacement, axis in _rules(_language(sentence)):
        flipped = pattern.sub(replacement, sentence, count=1)
        flipped = flipped[:1].upper() + flipped[1:] if sentence[:1].isupper() else flipped
        if flipped != sentence:
            flips.setdefault(flipped, axis)
    found = list(flips.items())
    rng.shuffle(found)
    return found


def paraphrase(sentence: str, rng: random.Random) -> str | None:
    """The sentence in other words: synonyms, phrases, clause order.

    Args:
        sentence: One English or Korean sentence.
        rng: Chooses among synonyms.

    Returns:
        A different sentence of the same meaning, or None when nothing in it is known to the tables.
    """
    language = _language(sentence)
    text = _swap_phrases(sentence, language, rng)
    text = _swap_names(text, language, rng)
    if language == "en" and rng.random() < 0.7:
        text = _reorder(text)
    return text if text != sentence else None


def natural_triples(
    sentences: Iterable[str], seed: int, domain: str, exclude: Callable[[str], bool] | None = None
) -> Iterator[ContrastTriple]:
    """A triple for each sentence that can be both flipped and said in other words.

    Args:
        sentences: Real sentences, streamed.
        seed: Same seed and sentences, same triples.
        domain: `medical` or `legal`, written into the triples.
        exclude: Drops a triple when true of any of its texts.

    Yields:
        Anchor: the sentence; positive: its paraphrase; negative: one flip of it.
    """
    rng = seeded(seed)
    for sentence in sentences:
        flips = perturb(sentence, rng)
        other = paraphrase(sentence, rng) if flips else None
        if not flips or other is None:
            continue
        flipped, axis = flips[0]
        texts = (sentence, other, flipped)
        if len(set(texts)) == len(texts) and not (exclude is not None and any(map(exclude, texts))):
            yield ContrastTriple(*texts, axis, _language(sentence), domain)


def _language(sentence: str) -> str:
    return "ko" if _HANGUL.search(sentence) else "en"


@cache
def _phrases(language: str) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """Sets of interchangeable phrases: a pattern for each member and the others."""
    found = []
    for row in read_table("contrast_phrases.tsv"):
        if row["language"] == language:
            members = row["phrases"].split("|")
            outputs = [member.removeprefix("=") for member in members]  # "=": written, never looked for
            for member in (member for member in members if not member.startswith("=")):
                edge = r"\b" if language == "en" else ""
                pattern = re.compile(edge + re.escape(member) + edge, re.IGNORECASE)
                found.append((pattern, tuple(other for other in outputs if other != member)))
    return tuple(found)


def _swap_phrases(text: str, language: str, rng: random.Random) -> str:
    """Replace phrases; a place already replaced is not replaced again."""
    done: list[tuple[int, int, str]] = []
    for pattern, others in _phrases(language):
        match = pattern.search(text)
        if match and all(match.end() <= start or match.start() >= end for start, end, _ in done):
            done.append((*match.span(), _match_case(match[0], rng.choice(others))))
    for start, end, new in sorted(done, reverse=True):
        text = text[:start] + new + text[end:]
    return text


@cache
def _names(language: str) -> Mapping[str, tuple[str, ...]]:
    """Glossary name -> other names of the same concept; short everyday words are left alone."""
    shortest = 6 if language == "en" else 3
    names: dict[str, tuple[str, ...]] = {}
    for term in load_glossary():
        own = (term.en, *term.en_synonyms) if language == "en" else (term.ko, *term.ko_synonyms)
        if term.kind not in _NAMED_KINDS or len(own) < 2:
            continue
        for name in own:
            if len(name) >= shortest:
                names.setdefault(name.lower(), tuple(other for other in own if other != name))
    return names


def _swap_names(text: str, language: str, rng: random.Random) -> str:
    names = _names(language)
    words = list(_WORD.finditer(text))
    done: list[tuple[int, int, str]] = []
    at = 0
    while at < len(words):
        for last in range(min(len(words), at + _LONGEST_NAME), at, -1):
            start, end = words[at].start(), words[last - 1].end()
            written, particle = _split_particle(text[start:end], names, language)
            others = names.get(written.lower())
            if others:
                new = _match_case(written, rng.choice(others))
                done.append((start, end, attach_particle(new, particle) if particle else new))
                at = last - 1
                break
        at += 1
    for start, end, new in reversed(done):
        text = text[:start] + new + text[end:]
    return text


def _split_particle(written: str, names: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, str]:
    """A Korean name without its particle, and the particle in its form after a consonant, or empty."""
    if language == "ko" and written not in names:
        for consonant, vowel in PARTICLES.items():
            for form in (consonant, vowel):
                if written.endswith(form) and written[: -len(form)] in names:
                    return written[: -len(form)], consonant
    return written, ""


def _match_case(old: str, new: str) -> str:
    """Headings stay in capitals, an upper-case first letter stays, abbreviations keep their own case."""
    if old.isupper() and " " in old:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() and not old.isupper() else new


def _reorder(text: str) -> str:
    """`After X, Y.` and `Y after X.` say the same; other sentences stay as they are."""
    if match := _AFTER_BEFORE.match(text):
        link, first, second = match.groups()
        return f"{second[:1].upper()}{second[1:]} {link.lower()} {first}."
    if match := _TRAILING.match(text):
        second, link, first = match.groups()
        keep = second.split()[0] in {"I"} or second[:2].isupper()
        return f"{link.capitalize()} {first}, {second if keep else second[:1].lower() + second[1:]}."
    return text
