"""The default recognizer: vocabulary and rules, English and Korean, no model and no download."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, overload

import ahocorasick

from mejurix_st.entities._fold import fold, fold_phrase, is_hangul
from mejurix_st.entities.citations import find_citations
from mejurix_st.entities.open_terms import add_open_terms
from mejurix_st.entities.protocol import without_overlaps
from mejurix_st.entities.rules import find_by_rule, find_date_spans
from mejurix_st.entities.vocabulary import Sense, Vocabulary, project_vocabulary
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: What may follow a Korean term inside its word: particles, copula and the endings of 하다 and 되다.
_PARTICLES = frozenset(
    "은는이가을를의에로와과도만께서까부으라인임였하되된됨됐했적성증상및나일며고시후전중등측들란든조차할함한입"
)
#: A vertebral level in front of a term: "L3 ", "C5-6 ", "L4/5 ", "제3요추 " is part of the vocabulary.
_LEVEL = re.compile(
    r"(?<![A-Za-z0-9])[CTLS]\d{1,2}(?:\s?[-–/]\s?[CTLS]?\d{1,2})?\s$"
    r"|제\s?\d{1,2}(?:\s?[-~,]\s?\d{1,2})?번?\s?$"
)
_LEVEL_ENDS = frozenset(" 0123456789번")
_CONTEXT = 100
_SHORT_HANGUL = 2


class VocabularyRecognizer:
    """Longest match over a vocabulary in one Aho-Corasick pass, with word boundaries, and rules beside it.

    Attributes:
        size: number of surface forms in the automaton.
    """

    def __init__(
        self, vocabulary: Vocabulary, *, citations: bool = True, dates: bool = False, rules: bool = True
    ) -> None:
        """Build the automaton.

        Args:
            vocabulary: surface forms and senses.
            citations: also look for American citations (eyecite).
            dates: also give dates, as spans of type NONE with the ISO date as `normalized`.
            rules: also look for money, ratings and Korean authorities.
        """
        self._rules = rules
        self._citations = citations
        self._dates = dates
        self._automaton = ahocorasick.Automaton()
        for form, senses in vocabulary.forms.items():
            pattern = fold_phrase(form)
            if pattern.strip():
                ordered = tuple(sorted(senses, key=lambda sense: not sense.context))
                self._automaton.add_word(pattern, (len(pattern), is_hangul(form), ordered))
        self._automaton.make_automaton()
        self.size = len(self._automaton)

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text; see `mejurix_st.entities.Recognizer`."""
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[EntitySpan]:
        if not text or not self.size:
            return []
        spans = self._vocabulary_spans(text)
        extra = find_by_rule(text) if self._rules else []
        if self._citations:
            extra += find_citations(text)
        if self._dates:
            extra += find_date_spans(text)
        return without_overlaps(extra + spans) if extra else spans

    def _vocabulary_spans(self, text: str) -> list[EntitySpan]:
        folded = fold(text)
        chars, source = folded.text, folded.source
        limit = len(chars)
        found: list[tuple[int, int, tuple[Sense, ...]]] = []
        for last, (length, korean, senses) in self._automaton.iter(chars):
            stop = last + 1
            begin = stop - length
            if korean:
                if not _korean_boundary(chars, begin, stop, limit, length):
                    continue
            else:
                if stop < limit and chars[stop].isalnum() and chars[stop] < "ᄀ":
                    continue
                begin += 1
            found.append((begin, stop, senses))
        if not found:
            return []
        found.sort(key=lambda match: (match[0], -match[1]))
        spans: list[EntitySpan] = []
        reach = -1
        for begin, stop, senses in found:
            if begin < reach:
                continue
            start, end = source(begin, stop)
            sense = senses[0]
            if len(senses) > 1 or sense.cased or sense.context:
                chosen = _choose(text, chars, start, end, begin, senses)
                if chosen is None:
                    continue
                sense = chosen
            reach = stop
            normalized = sense.normalized
            if sense.type in (EntityType.DISEASE, EntityType.SYMPTOM) and start >= 2:
                level = (
                    _LEVEL.search(text, max(0, start - 9), start) if text[start - 1] in _LEVEL_ENDS else None
                )
                if level and not (spans and spans[-1].end > level.start()):
                    start = level.start()
                    normalized = f"{level.group().lower().strip()} {normalized}"
            spans.append(EntitySpan(start, end, text[start:end], sense.type, normalized, sense.code))
        return spans


def _korean_boundary(chars: str, begin: int, stop: int, limit: int, length: int) -> bool:
    """Whether a Korean match is a word: short ones start one; only a particle may follow them."""
    if length <= _SHORT_HANGUL and begin > 0 and "가" <= chars[begin - 1] <= "힣":
        return False
    if stop >= limit:
        return True
    following = chars[stop]
    if not "가" <= following <= "힣":
        return True
    return following in _PARTICLES if length <= _SHORT_HANGUL else True


def _choose(
    text: str, chars: str, start: int, end: int, begin: int, senses: tuple[Sense, ...]
) -> Sense | None:
    """Pick the sense of an ambiguous or abbreviated form by case and by the words around it."""
    surface = text[start:end]
    capital = any(c.isupper() for c in surface) and not any(c.islower() for c in surface.rstrip("s"))
    possible = [sense for sense in senses if capital or not sense.cased]
    if not possible:
        return None
    if len(possible) == 1 and not possible[0].context:
        return possible[0]
    window = chars[max(0, begin - _CONTEXT) : begin + _CONTEXT]
    best, best_hits = None, 0
    for sense in possible:
        hits = sum(word in window for word in sense.context) + 3 * (sense.normalized in window)
        if hits > best_hits:
            best, best_hits = sense, hits
    return best or next((sense for sense in possible if not sense.context), None)


@lru_cache(maxsize=2)
def default_recognizer(*, open_terms: bool = True) -> VocabularyRecognizer:
    """The recognizer that `recognize` uses; built on first use and kept.

    Args:
        open_terms: add ICD-10-CM and drug names where the packages of the extra `ner` are installed.
    """
    vocabulary = project_vocabulary()
    if open_terms:
        vocabulary = add_open_terms(vocabulary)
    return VocabularyRecognizer(vocabulary)


@overload
def recognize(  # type: ignore[overload-overlap]  # a string is a sequence of strings too
    text_or_texts: str, *, types: Collection[EntityType | str] | None = None
) -> list[EntitySpan]: ...
@overload
def recognize(
    text_or_texts: Sequence[str], *, types: Collection[EntityType | str] | None = None
) -> list[list[EntitySpan]]: ...
def recognize(
    text_or_texts: str | Sequence[str], *, types: Collection[EntityType | str] | None = None
) -> list[EntitySpan] | list[list[EntitySpan]]:
    """Find entities with the default recognizer.

    Args:
        text_or_texts: one text, or several.
        types: keep these entity types only; all nine when None.

    Returns:
        The spans of the text, or one list per text; in order, without overlaps, `text[s.start:s.end] ==
        s.text`.

    Raises:
        ValueError: a type is not one of the nine.

    >>> [(span.text, span.type.value) for span in recognize("MRI showed a lumbar disc herniation.")]
    [('MRI', 'DIAGNOSIS'), ('lumbar disc herniation', 'DISEASE')]
    """
    wanted = None if types is None else {EntityType(entity_type) for entity_type in types}
    single = isinstance(text_or_texts, str)
    texts: Sequence[str] = [text_or_texts] if isinstance(text_or_texts, str) else text_or_texts
    results = default_recognizer()(texts)
    if wanted is not None:
        results = [[span for span in spans if span.type in wanted] for spans in results]
    return results[0] if single else results
