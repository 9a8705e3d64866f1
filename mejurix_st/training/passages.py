"""Cuts raw training documents into sentences, sections and windows (for training only: no offsets)."""

from __future__ import annotations

import re

# A sentence ends at . ! ? or ; before white space and a capital, a bracket or Hangul, but not after these.
_ABBREVIATIONS = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|No|Nos|v|vs|e\.g|i\.e|U\.S|U\.S\.C|C\.F\.R|Fed|Cir|Vet|App|Stat|Sec|Pub|L|Inc|Jr|St)\.$"
)
_END = re.compile(r"(?:(?<=[.!?;])|(?<=[.!?;][\"')\]]))\s+(?=[A-Z(\[\"가-힣])")
_NOTE_HEADING = re.compile(r"(?:(?<=^)|(?<=[.,\s]))([A-Z][A-Z /&-]{3,40}):\s*,?\s*")
_DECISION_HEADING = re.compile(r"^[A-Z][A-Z ,/&'-]{6,60}$")


def sentences(text: str) -> list[str]:
    """Sentences in order, white space folded."""
    parts: list[str] = []
    for part in _END.split(re.sub(r"\s+", " ", text).strip()):
        if parts and _ABBREVIATIONS.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {part}"
        elif part:
            parts.append(part)
    return parts


def windows(text: str, words: int) -> list[str]:
    """Runs of whole sentences of at most `words` words; a longer sentence is cut."""
    result: list[str] = []
    current: list[str] = []
    size = 0
    for sentence in sentences(text):
        tokens = sentence.split()
        if current and size + len(tokens) > words:
            result.append(" ".join(current))
            current, size = [], 0
        current.append(" ".join(tokens[:words]))
        size += min(len(tokens), words)
    if current:
        result.append(" ".join(current))
    return result


def note_sections(text: str) -> list[tuple[str, str]]:
    """(heading, body) of a transcribed clinical note; text before the first heading has the heading ""."""
    pieces = _NOTE_HEADING.split(text)
    sections = [("", pieces[0]), *list(zip(pieces[1::2], pieces[2::2], strict=True))]
    return [(h.strip(), re.sub(r"\.,", ".", b).strip(" ,")) for h, b in sections if len(b.split()) > 5]


def decision_passages(text: str) -> list[tuple[str, str]]:
    """(heading, paragraph) of a Board decision; headings are lines in capitals."""
    heading, passages = "", []
    for block in re.split(r"\n\s*\n", text):
        block = re.sub(r"\s+", " ", block).strip()
        if _DECISION_HEADING.match(block):
            heading = block.capitalize()
        elif len(block.split()) > 25:
            passages.append((heading, block))
    return passages
