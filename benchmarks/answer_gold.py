"""The questions of the answer benchmarks, where their gold quotes stand, and counts."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.samples import Quote, SampleQuestion, sample_matters, sample_questions
from mejurix_st.text import read_document

if TYPE_CHECKING:
    from langchain_mejurix import Citation

FURTHER = Path(__file__).with_name("data") / "answers_dev.jsonl"


def half(identifier: str) -> str:
    """Which half a question belongs to, for good: "development" or "test"."""
    return ("development", "test")[hashlib.sha256(identifier.encode()).digest()[0] % 2]


def development_questions() -> list[SampleQuestion]:
    """The development half of the sample questions, and further ones that were written for development only.

    None of the further ones shares a gold quote, or a third of its words, with a question of the test half.
    """
    rows = [json.loads(line) for line in FURTHER.read_text(encoding="utf-8").splitlines()]
    further = [
        SampleQuestion(**{**row, "answer": "", "answers": tuple(Quote(**quote) for quote in row["answers"])})
        for row in rows
    ]
    return [q for q in sample_questions() if half(q.id) == "development"] + further


class Gold:
    """Where the gold quotes stand in the documents' text."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], Any] = {}
        self._folders = sample_matters()

    def spans(self, question: SampleQuestion) -> list[tuple[str, int, int]]:
        """(document, start, end) of each quote."""
        found = []
        for quote in question.answers:
            key = (question.matter, quote.document)
            if key not in self._texts:
                self._texts[key] = read_document(self._folders[question.matter] / quote.document)
            document = self._texts[key]
            page = next(page for page in document.pages if page.number == quote.page)
            start = document.text.index(quote.quote, page.start)
            found.append((quote.document, start, start + len(quote.quote)))
        return found

    def supports(self, question: SampleQuestion, citation: Citation) -> bool:
        """Whether a citation shares half of itself, or of a gold quote, with a gold quote."""
        for document, start, end in self.spans(question):
            shared = min(end, citation.end) - max(start, citation.start)
            if document == citation.document and 2 * shared >= min(
                end - start, citation.end - citation.start
            ):
                return True
        return False

    def exact(self, matter: str, citation: Citation) -> bool:
        """Whether the quote is what the document holds at the citation's offsets."""
        key = (matter, citation.document)
        if key not in self._texts:
            self._texts[key] = read_document(self._folders[matter] / citation.document)
        return bool(self._texts[key].text[citation.start : citation.end] == citation.quote)


class Tally:
    """Counts by (group, measure)."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, groups: tuple[str, ...], measure: str, passed: bool) -> None:
        """One case."""
        for group in groups:
            entry = self.counts[group, measure]
            entry[0] += passed
            entry[1] += 1

    def lines(self) -> list[str]:
        """One line for each measure and group."""
        width = max(len(measure) for _, measure in self.counts)
        return [
            f"{group:18} {measure:{width}}  {passed:3d} / {total:3d}  {passed / total:6.1%}"
            for (group, measure), (passed, total) in sorted(self.counts.items())
        ]
