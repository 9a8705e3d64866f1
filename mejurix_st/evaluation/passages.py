"""Cutting evaluation documents into passages that a model can read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.data import RetrievalSet
    from mejurix_st.evaluation.encoders import Encoder

# Room for special tokens and the model's prompt ("passage: ").
_RESERVED = 8
_SENTENCE_ENDS = (".", "!", "?", ";", "。")


def cut(
    text: str, spans: Sequence[tuple[int, int]], budget: int, first_budget: int | None = None
) -> list[str]:
    """Cuts a text into pieces of at most `budget` tokens, at a sentence's end where one is near.

    Args:
        text: the text.
        spans: its tokens as code-point offsets.
        budget: most tokens in a piece, 1 or more.
        first_budget: the same for the first piece; `budget` if not given.

    Returns:
        The pieces; together they hold every token once, in order.
    """
    pieces: list[str] = []
    start, size = 0, first_budget or budget
    while start < len(spans):
        end = min(start + size, len(spans))
        if end < len(spans):
            # Look back over the last half for a sentence's end, then for a gap between words.
            half = start + size // 2
            gaps = [i for i in range(end, half, -1) if spans[i][0] > spans[i - 1][1]]
            ends = [i for i in gaps if text[: spans[i - 1][1]].endswith(_SENTENCE_ENDS)]
            end = (ends or gaps or [end])[0]
        pieces.append(text[spans[start][0] : spans[end - 1][1]])
        start, size = end, budget
    return pieces or [text]


def split_corpus(task: RetrievalSet, encoder: Encoder, max_tokens: int = 256) -> tuple[list[str], list[int]]:
    """Cuts each document into passages that fit the model; later passages carry the document's heading.

    Args:
        task: the retrieval set.
        encoder: its tokens count.
        max_tokens: most tokens of a passage, heading and prompt included; the model's own limit if lower.

    Returns:
        The passages, and for each the position of its document.
    """
    limit = min(max_tokens, encoder.max_tokens) - _RESERVED
    headers = encoder.token_spans(task.headers)
    texts: list[str] = []
    owners: list[int] = []
    for position, (text, spans) in enumerate(zip(task.corpus, encoder.token_spans(task.corpus), strict=True)):
        header = task.headers[position]
        budget = max(limit - len(headers[position]) - 1, limit // 2)
        for number, piece in enumerate(cut(text, spans, budget if header else limit, limit)):
            texts.append(f"{header}\n{piece}" if header and number else piece)
            owners.append(position)
    return texts, owners
