"""Passages by a token budget: cut at sections, paragraphs, list items, sentences, and last at tokens.

Every passage is an unchanged slice of the document; nothing but blanks lies outside all passages.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError
from mejurix_st.text._headers import HeaderMaker
from mejurix_st.text._packing import pack_section
from mejurix_st.text._sections import sections_of
from mejurix_st.text.tokens import TokenIndex, TokenOffsets, count_tokens, special_tokens_of
from mejurix_st.types import Chunk, Document

if TYPE_CHECKING:
    from collections.abc import Iterator

_MIN_TEXT_TOKENS = 8  # below this a passage says nothing
_VERIFY_BATCH = 256


def chunk_document(
    document: Document,
    token_offsets: TokenOffsets,
    config: ChunkingConfig | None = None,
    *,
    document_prompt: str = "",
) -> list[Chunk]:
    """Cuts a document into passages that fit the encoder.

    Args:
        document: a document as read by `read_document`.
        token_offsets: code-point offsets of a text's tokens without special tokens; see `token_offsets_from`.
        config: token budget, overlap and header size.
        document_prompt: what the encoder puts before each document; it counts against the budget.

    Returns:
        Chunks by rising start. `document.text[c.start:c.end] == c.text`; every character that is not blank
        lies in at least one chunk; `c.tokens` counts special tokens, prompt, header and text exactly, and is
        at most `config.max_tokens`.

    Raises:
        InputError: prompt and header leave no room for text.
    """
    return list(iter_chunks(document, token_offsets, config, document_prompt=document_prompt))


def iter_chunks(
    document: Document,
    token_offsets: TokenOffsets,
    config: ChunkingConfig | None = None,
    *,
    document_prompt: str = "",
) -> Iterator[Chunk]:
    """Like `chunk_document`, one chunk after the other, for long documents."""
    config = config or ChunkingConfig()
    room = (
        config.max_tokens
        - special_tokens_of(token_offsets)
        - count_tokens(token_offsets, [document_prompt])[0]
    )
    if room - config.header_tokens < _MIN_TEXT_TOKENS:
        raise InputError(
            f"The document prompt, a header of {config.header_tokens} tokens and special tokens leave "
            f"{room - config.header_tokens} of {config.max_tokens} tokens for text; at least "
            f"{_MIN_TEXT_TOKENS} are needed. Raise ChunkingConfig.max_tokens or lower header_tokens."
        )
    headers = HeaderMaker(document.title, config.header_tokens, token_offsets)
    index = TokenIndex(document.text, token_offsets)
    pages = _PageFinder(document)
    waiting: list[tuple[int, int, str]] = []
    for section in sections_of(document, index, room - config.header_tokens):
        header = headers.make(section.path)
        budget = room - headers.cost(header)
        spans = pack_section(document.text, section, index, budget, config.overlap_tokens)
        waiting.extend((start, end, header) for start, end in spans)
        if len(waiting) >= _VERIFY_BATCH:
            yield from _finish(document, waiting, token_offsets, config.max_tokens, document_prompt, pages)
            waiting = []
    yield from _finish(document, waiting, token_offsets, config.max_tokens, document_prompt, pages)


def _finish(
    document: Document,
    spans: list[tuple[int, int, str]],
    token_offsets: TokenOffsets,
    max_tokens: int,
    prompt: str,
    pages: _PageFinder,
) -> Iterator[Chunk]:
    """Trims blanks, counts exactly what the encoder will see, and halves what is still too long."""
    trimmed: list[tuple[int, int, str]] = []
    for start, end, header in spans:
        text = document.text[start:end]
        body = text.strip()
        if body:
            first = start + len(text) - len(text.lstrip())
            trimmed.append((first, first + len(body), header))
    head = [f"{prompt}{header}\n" if header else prompt for _, _, header in trimmed]
    special = special_tokens_of(token_offsets)
    counts = count_tokens(
        token_offsets, [h + document.text[s:e] for h, (s, e, _) in zip(head, trimmed, strict=True)]
    )
    for (start, end, header), count in zip(trimmed, counts, strict=True):
        if count + special > max_tokens:
            if end - start == 1:
                raise InputError(
                    f"{document.name}: the single character at offset {start} takes {count} tokens with its "
                    f"header, more than ChunkingConfig.max_tokens ({max_tokens}) allows; raise it."
                )
            middle = _middle(document.text, start, end)
            halves = [(start, middle, header), (middle, end, header)]
            yield from _finish(document, halves, token_offsets, max_tokens, prompt, pages)
            continue
        yield Chunk(
            document=document.name,
            start=start,
            end=end,
            text=document.text[start:end],
            page_start=pages.at(start),
            page_end=pages.at(end - 1),
            header=header,
            tokens=count + special,
        )


def _middle(text: str, start: int, end: int) -> int:
    """The blank nearest to the middle within the middle half, else the middle itself."""
    half, quarter = (start + end) // 2, (end - start) // 4
    before = max(text.rfind(blank, half - quarter, half) for blank in " \n")
    return before + 1 if before > start else half


class _PageFinder:
    """Page number by bisection over the pages' ends."""

    def __init__(self, document: Document) -> None:
        self._ends = [page.end for page in document.pages]
        self._numbers = [page.number for page in document.pages]

    def at(self, offset: int) -> int:
        if not self._ends:
            return 1
        return self._numbers[min(bisect_right(self._ends, offset), len(self._ends) - 1)]
