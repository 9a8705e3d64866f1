"""The plain data types that the rooms hand to each other. No torch, no third-party import.

Offsets are half-open code-point offsets (Python string indices) into the text that is named in each field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class EntityType(StrEnum):
    """The nine entity types of the original model; NONE (id 0) stands for "no type given"."""

    NONE = "NONE"
    DISEASE = "DISEASE"
    SYMPTOM = "SYMPTOM"
    MEDICATION = "MEDICATION"
    TREATMENT = "TREATMENT"
    DIAGNOSIS = "DIAGNOSIS"
    OUTCOME = "OUTCOME"
    SEVERITY = "SEVERITY"
    LEGAL_TERM = "LEGAL_TERM"
    COMPENSATION = "COMPENSATION"

    @property
    def id(self) -> int:
        """Row of this type in the original model's type embedding, 0 to 9."""
        return list(EntityType).index(self)


@dataclass(frozen=True, slots=True)
class EntitySpan:
    """One entity found in a text.

    Attributes:
        start: code-point offset into the source, inclusive.
        end: code-point offset into the source, exclusive; `source[start:end] == text`.
        text: the surface form, exactly as in the source.
        type: one of the nine entity types.
        normalized: the concept's preferred name, lower case; the same for synonyms and both languages.
        code: a code in an open vocabulary, where there is one, as "SYSTEM:CODE" ("ICD10CM:S32.010A").
        score: confidence in [0, 1]; 1.0 for exact vocabulary matches and rules.
    """

    start: int
    end: int
    text: str
    type: EntityType
    normalized: str = ""
    code: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document: `number` counts from 1; `[start, end)` indexes the document's text."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a document.

    Attributes:
        start: code-point offset into the document's text, where the heading's line or label begins.
        end: code-point offset just after the heading; the body may follow on the same line.
        level: 1 for the outermost; a heading closes all open headings of its own level and deeper.
        text: the heading as shown in a heading path, without markers and the colon.
    """

    start: int
    end: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read.

    Attributes:
        name: the file's name, the identity of the document within its matter.
        text: the extracted text; every offset of every chunk and citation points into it.
        pages: pages in order, covering the text; a format without pages has one.
        title: the document's title (first heading, metadata or file stem).
        media_type: for example "application/pdf".
        sha256: hex digest of the file's bytes: its content version.
        warnings: what a reader of citations must know (decoding guesses, pages without text).
        headings: headings in order of their start; they give each chunk its heading path.
    """

    name: str
    text: str
    pages: tuple[Page, ...]
    title: str = ""
    media_type: str = "text/plain"
    sha256: str = ""
    warnings: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()

    def page_at(self, offset: int) -> int:
        """Page number that holds the character at `offset` (clamped to the document)."""
        for page in self.pages:
            if offset < page.end:
                return page.number
        return self.pages[-1].number if self.pages else 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage of a document: what is embedded, found and cited.

    Attributes:
        document: name of the document.
        start: code-point offset into the document's text, inclusive.
        end: code-point offset into the document's text, exclusive; `document.text[start:end] == text`.
        text: the passage, unchanged.
        page_start: page of the first character, counted from 1.
        page_end: page of the last character.
        header: document title and heading path; embedded before the text, never part of it.
        tokens: encoder tokens of header and text together, special tokens included.
        matter: the matter that the chunk belongs to; empty outside a store.
    """

    document: str
    start: int
    end: int
    text: str
    page_start: int = 1
    page_end: int = 1
    header: str = ""
    tokens: int = 0
    matter: str = ""

    @property
    def embedded_text(self) -> str:
        """What the encoder sees: the header, a line break, the text."""
        return f"{self.header}\n{self.text}" if self.header else self.text


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result.

    Attributes:
        rank: 1 for the best.
        score: the fused score (weighted reciprocal rank); comparable within one result list only.
        arms: each arm's own score ("dense": cosine, "bm25": BM25), only those that retrieved the chunk.
        chunk: the passage.
        payload: the other stored fields (dates, entities, user metadata).
    """

    rank: int
    score: float
    arms: dict[str, float]
    chunk: Chunk
    payload: dict[str, object] = field(default_factory=dict)
