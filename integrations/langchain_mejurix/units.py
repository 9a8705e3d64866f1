"""Passages cut into what can stand as an answer: sentences, rows of tables, questions with their answers.

Quotations should be understood without the page beside them. So a run-in heading stays with its sentence
("7.4 Work capacity. He can work full time …"), a witness's answer with its question, and the first sentence of
an answer to an interrogatory with the interrogatory. Page headers and footers are kept apart from the text.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from langchain_mejurix.evidence import Window
from langchain_mejurix.support import REQUEST
from mejurix_st.entities.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from langchain_mejurix.evidence import Passage
    from mejurix_st.types import Chunk

_ROW = re.compile(r" \| |\S[ \t]{3,}\S")
_QUESTION = re.compile(r"(?:\?|까\?)[\"'”’)]*$")
_LINE_NUMBER = re.compile(r"\d{1,2}[ \t]+(?=[QA]\.[ \t])")
_SPEAKER = r"(?:\d{1,2}[ \t]+)?(?:%s\.|[A-Z][A-Z .'’]{2,30}:|답[.:]|답변[.:])\s"
_ANSWER = re.compile(_SPEAKER % "A")
_TURN = re.compile(_SPEAKER % "[QA]" + r"|문[.:]\s")
_LONGEST_ANSWER = 400
_LONGEST_HEADING = 60
_WORD = re.compile(r"[A-Za-z가-힣]{2,}")
_PAGE_LINE = re.compile(
    r"\bpage\s+\d+(?:\s+of\s+\d+)?\b|\b\d+\s*/\s*\d+\s*쪽|^\W*-\s*\d+\s*-|\(excerpt ends", re.IGNORECASE
)
_SAYS = re.compile(
    r"\d|:|[.!?\]]$|[음함임됨다]$|\b(?:is|are|was|were|has|had|no|not|none|normal)\b", re.IGNORECASE
)

_CLAUSE = re.compile(
    r"^\W*(?:I|he|she|it|we|they|you|this|that|there)\b"
    r"|\b(?:is|are|was|were|has|had|have|did|does|do|can|will|would|no|not|fell)\b|[a-z]{3}ed\b|[다음함임됨요]\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One stretch that can stand as an answer.

    Attributes:
        window: the stretch.
        before: text of the unit before it in its passage; empty for the first.
        after: text of the unit after it.
        usable: whether it may answer; headings, running lines and what only asks may not.
    """

    window: Window
    before: str
    after: str
    usable: bool


def running_lines(chunks: Iterable[Chunk]) -> frozenset[str]:
    """Lines that stand at several places of one document, as headers and footers of pages do; digits left out."""
    places: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[str, int]] = set()
    for chunk in chunks:
        for match in re.finditer(r"[^\n\f]+", chunk.text):
            where = (chunk.document, chunk.start + match.start())
            if len(match[0].strip()) >= 20 and where not in seen:
                seen.add(where)
                places[chunk.document, _plain(match[0])] += 1
    return frozenset(line for (_, line), number in places.items() if number > 1)


def units_of(passage: Passage, running: Collection[str] = ()) -> list[Unit]:
    """The units of a passage, in order; none holds unsafe text.

    Args:
        passage: the passage.
        running: from `running_lines`.
    """
    text = passage.hit.chunk.text
    headings = {_plain(part) for part in re.split(r"[\n>]", passage.hit.chunk.header)}
    spans = _joined(text, _cut(text, running), headings)
    safe = [
        (start, end)
        for start, end in spans
        if not any(start < bad_end and end > bad_start for bad_start, bad_end in passage.unsafe)
    ]
    parts = [text[start:end] for start, end in safe]
    return [
        Unit(
            Window(passage, start, end, 1),
            parts[n - 1] if n else "",
            parts[n + 1] if n + 1 < len(parts) else "",
            _usable(parts[n]) and _plain(parts[n]) not in headings and not _is_running(parts[n], running),
        )
        for n, (start, end) in enumerate(safe)
    ]


def _plain(line: str) -> str:
    return " ".join(re.sub(r"[\d#*]+", " ", line).split()).lower()


def _is_running(text: str, running: Collection[str]) -> bool:
    return bool(_PAGE_LINE.search(text)) or _plain(text) in running


def _usable(text: str) -> bool:
    if _QUESTION.search(text) or (REQUEST.search(text) and not _ANSWER.search(text)):
        return False
    words = len(_WORD.findall(text))
    return words >= 2 or bool(words and re.search(r"\d", text))


def _cut(text: str, running: Collection[str]) -> list[tuple[int, int]]:
    """Sentences, rows of tables, and running lines, each for itself; without line numbers of transcripts."""
    edges = {0, len(text)}
    for match in re.finditer(r"[^\n\f]+", text):
        if _is_running(match[0], running):
            edges |= {match.start(), match.end()}
    spans: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        inner = {place for place in edges if start < place < end}
        inner |= {start + m.end() for m in re.finditer("\f", text[start:end])}
        if _ROW.search(text[start:end]):
            inner |= {start + m.end() for m in re.finditer("\n", text[start:end])}
        places = [start, *sorted(inner), end]
        for first, last in pairwise(places):
            part = text[first:last]
            lead = len(part) - len(part.lstrip())
            if number := _LINE_NUMBER.match(part, lead):
                lead = number.end()
            if part.strip():
                spans.append((first + lead, first + len(part.rstrip())))
    return spans


def _joined(text: str, spans: Sequence[tuple[int, int]], headings: Collection[str]) -> list[tuple[int, int]]:
    """With what belongs together as one: question and answer, run-in heading and sentence."""
    joined: list[tuple[int, int]] = []
    place = 0
    while place < len(spans):
        start, end = spans[place]
        place += 1
        follows = spans[place] if place < len(spans) else None
        if follows and _ANSWER.match(text, follows[0]) and _asks(text[start:end]):
            first, end = follows
            place += 1
            while place < len(spans) and _goes_on(text, end, spans[place], first):
                end = spans[place][1]
                place += 1
        elif follows and _runs_in(text, start, end, follows[0]):
            end = follows[1]
            place += 1
        joined.append((start, end))
    return joined


def _asks(text: str) -> bool:
    return bool(_QUESTION.search(text) or REQUEST.search(text))


def _goes_on(text: str, end: int, span: tuple[int, int], first: int) -> bool:
    """Whether a sentence still belongs to the answer that began at `first`."""
    own = text[slice(*span)]
    return (
        span[1] - first <= _LONGEST_ANSWER
        and "\n\n" not in text[end : span[0]]
        and not _TURN.match(own)
        and not _asks(own)
    )


def _runs_in(text: str, start: int, end: int, following: int) -> bool:
    """Whether a short stretch without a verb heads the sentence that follows on its line."""
    part = text[start:end]
    return (
        end - start <= _LONGEST_HEADING
        and part.endswith((".", ":"))
        and "\n" not in text[end:following]
        and len(_WORD.findall(part)) <= 6
        and not _CLAUSE.search(part)
    )


def displayed(text: str) -> str:
    """A stretch as it is shown in an answer: on one line, without list marks, emphasis and line numbers.

    The citation keeps the document's own characters.
    """
    if re.match(r"(?:Q|문)[.:]", text):
        text = re.sub(r"(?m)^[ \t]*\d{1,2}[ \t]{2,}(?=\S)", "", text)
    text = re.sub(r"^\s*(?:[-•▪◦*]|\d{1,2}[.)])\s+", "", text)
    return " ".join(text.replace("**", "").split())


def is_heading(text: str) -> bool:
    """Whether a stretch looks like a heading: short, and without a figure, a stop or a verb."""
    return len(text) <= _LONGEST_HEADING and not _SAYS.search(text.strip())
