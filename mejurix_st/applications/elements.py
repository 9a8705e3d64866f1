"""Sentences as statements with their place: the elements of rules, and what a record says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.applications.agreement import named
from mejurix_st.applications.roles import Role, sentence_role
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mejurix_st.types import Document

#: "(1) …, (2) …", "(a) …", "① …", and Korean "가. …" after a blank.
_MARKER = re.compile(r"\((?:\d{1,2}|[a-h]|i{1,3}|iv|v)\)\s*|[①-⑳]\s*|(?<=\s)[가나다라마바사]\.\s+")
_TAIL = re.compile(r"[\s,;]+(?:and|or|및|또는|그리고)?\s*$")
_FEWEST = 3  # words of a statement that can be judged
_SPEAKING = frozenset(("finding", "evidence", "reasoning"))


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, or a part of one.

    Attributes:
        document: name of the document.
        page: page of its first character, from 1.
        start: code-point offset into the document's text, inclusive.
        end: code-point offset into the document's text, exclusive; `document.text[start:end] == text`.
        text: its text, unchanged.
        role: the role of the whole sentence.
        lead: of an element of a rule: what stands before the first element; else "".
    """

    document: str
    page: int
    start: int
    end: int
    text: str
    role: Role
    lead: str = ""

    @property
    def in_context(self) -> str:
        """The text on one line, after its lead: what is encoded."""
        return " ".join(f"{self.lead} {self.text}".split())


def statements_of(document: Document) -> Iterator[Statement]:
    """The sentences of a document, without the blanks around them."""
    for start, end in sentence_spans(document.text):
        text = document.text[start:end]
        body = text.strip()
        if body:
            first = start + len(text) - len(text.lstrip())
            role = sentence_role(body)
            yield Statement(document.name, document.page_at(first), first, first + len(body), body, role)


def rule_elements(documents: Iterable[Document], *, every_sentence: bool = False) -> list[Statement]:
    """The rules that documents state, taken apart at numbered elements.

    Args:
        documents: authorities.
        every_sentence: take sentences of any role, except citations.
    """
    found: list[Statement] = []
    for document in documents:
        for sentence in statements_of(document):
            if len(sentence.text.split()) < _FEWEST or sentence.role == "citation":
                continue
            if every_sentence or sentence.role == "rule":
                found.extend(_elements(sentence, document))
    return found


def _elements(sentence: Statement, document: Document) -> Iterator[Statement]:
    markers = list(_MARKER.finditer(sentence.text))
    if len(markers) < 2:  # one "(a)" belongs to a citation
        yield sentence
        return
    lead = sentence.text[: markers[0].start()].strip()
    ends = [marker.start() for marker in markers[1:]] + [len(sentence.text)]
    for marker, end in zip(markers, ends, strict=True):
        body = _TAIL.sub("", sentence.text[marker.end() : end]).rstrip(".")
        if body:
            start = sentence.start + marker.end()
            page = document.page_at(start)
            yield Statement(document.name, page, start, start + len(body), body, sentence.role, lead)


def record_statements(documents: Iterable[Document]) -> list[Statement]:
    """The sentences of a record that say something of an entity of the person the file is about.

    A question ("whether the arthritis is related to service") says nothing.
    """
    return [
        sentence
        for document in documents
        for sentence in statements_of(document)
        if sentence.role in _SPEAKING
        and len(sentence.text.split()) >= _FEWEST
        and any(
            said.experiencer == "patient" and said.status != "hypothetical"
            for _, said in named(sentence.text)
        )
    ]
