"""What an answer is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Policy = Literal["mark", "drop"]

_HANGUL = re.compile(r"[가-힣]")
_LATIN = re.compile(r"[A-Za-z]")
_DECLINED = {"en": "The file does not say.", "ko": "이 사건 기록에는 해당 내용이 없습니다."}
_UNSUPPORTED = {"en": "[not supported by the file]", "ko": "[기록으로 확인되지 않음]"}


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of an answer has its support.

    Attributes:
        matter: name of the matter.
        document: name of the document within it.
        page_start: page of the first cited character, counted from 1.
        page_end: page of the last cited character.
        start: code-point offset into the document's text, inclusive.
        end: code-point offset, exclusive.
        quote: the cited text; `document.text[start:end] == quote`.
    """

    matter: str
    document: str
    page_start: int
    page_end: int
    start: int
    end: int
    quote: str

    def __str__(self) -> str:
        pages = (
            f"{self.page_start}" if self.page_start == self.page_end else f"{self.page_start}-{self.page_end}"
        )
        return f"{self.document}, p. {pages}"


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer, checked.

    Attributes:
        text: the sentence, without citation marks.
        citations: what supports it; empty when nothing does.
        supported: whether the cited text says what the sentence says.
        reason: why it is not supported; empty when it is.
    """

    text: str
    citations: tuple[Citation, ...]
    supported: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question about one matter.

    Attributes:
        question: the question.
        matter: name of the matter.
        text: the answer as shown: sentences with numbered citations; unsupported ones are marked as such, or
            left out, by policy; one sentence saying that the file does not say, when it does not.
        sentences: the checked sentences; with policy "drop", only supported ones.
        declined: whether the file does not answer the question.
        language: "en" or "ko", of the question.
        warnings: what a reader must know, such as documents that give orders to whoever reads them.
    """

    question: str
    matter: str
    text: str
    sentences: tuple[AnswerSentence, ...]
    declined: bool
    language: str
    warnings: tuple[str, ...] = ()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations, each once, in the order of their numbers in `text`."""
        return tuple(dict.fromkeys(c for sentence in self.sentences for c in sentence.citations))


def language_of(text: str) -> str:
    """The code "ko" when the text is Korean for the most part, otherwise "en"."""
    # One syllable of Hangul stands for two to three letters.
    return (
        "ko" if 2 * len(_HANGUL.findall(text)) >= len(_LATIN.findall(text)) and _HANGUL.search(text) else "en"
    )


def declined_text(language: str) -> str:
    """The sentence that says that the file does not answer."""
    return _DECLINED[language]


def make_answer(
    question: str,
    matter: str,
    sentences: list[AnswerSentence],
    policy: Policy,
    warnings: tuple[str, ...] = (),
) -> Answer:
    """An answer from its checked sentences; declined when none of them is supported."""
    language = language_of(question)
    if not any(sentence.supported for sentence in sentences):
        kept = tuple(sentences) if policy == "mark" else ()
        return Answer(question, matter, declined_text(language), kept, True, language, warnings)
    kept = tuple(s for s in sentences if s.supported or policy == "mark")
    numbers = {c: n for n, c in enumerate(dict.fromkeys(c for s in kept for c in s.citations), start=1)}
    parts = []
    for sentence in kept:
        marks = "".join(f"[{numbers[citation]}]" for citation in sentence.citations)
        parts.append(f"{sentence.text} {marks if sentence.supported else _UNSUPPORTED[language]}")
    return Answer(question, matter, " ".join(parts), kept, False, language, warnings)
