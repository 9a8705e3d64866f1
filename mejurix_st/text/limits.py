"""What happens to a text that is longer than the encoder's limit: never cut in silence."""

from __future__ import annotations

import warnings
from enum import StrEnum
from typing import TYPE_CHECKING

from mejurix_st.config import ChunkingConfig
from mejurix_st.errors import InputError
from mejurix_st.text.chunking import iter_chunks
from mejurix_st.text.tokens import TokenOffsets, count_tokens, special_tokens_of
from mejurix_st.types import Document

if TYPE_CHECKING:
    from collections.abc import Sequence


class LengthPolicy(StrEnum):
    """What to do with texts beyond the limit: refuse them, cut them with a warning, or split them."""

    ERROR = "error"
    WARN = "warn"
    SPLIT = "split"


def count_truncated(
    texts: Sequence[str], token_offsets: TokenOffsets, max_tokens: int, *, prompt: str = ""
) -> int:
    """How many of the texts the encoder would cut.

    Args:
        texts: the texts without their prompt.
        token_offsets: see `token_offsets_from`.
        max_tokens: the encoder's limit, special tokens included.
        prompt: what the encoder puts before each text.

    Returns:
        Number of texts that have, with prompt and special tokens, more than `max_tokens` tokens.
    """
    return len(_too_long(texts, token_offsets, max_tokens, prompt))


def apply_length_policy(
    texts: Sequence[str],
    token_offsets: TokenOffsets,
    max_tokens: int,
    policy: LengthPolicy | str = LengthPolicy.WARN,
    *,
    prompt: str = "",
) -> tuple[list[str], list[int], int]:
    """Makes texts ready for an encoder with a limit.

    Args:
        texts: the texts without their prompt.
        token_offsets: see `token_offsets_from`.
        max_tokens: the encoder's limit, special tokens included.
        policy: "error" refuses, "warn" leaves the texts and warns that the encoder will cut them, "split"
            cuts them at sentences into pieces that fit.
        prompt: what the encoder puts before each text; it counts against the limit.

    Returns:
        The texts to encode; for each, the index of the input text it comes from (the caller averages the
        vectors of equal owners); and how many input texts were beyond the limit.

    Raises:
        InputError: the policy is unknown; or it is "error" and a text is too long.
    """
    if policy not in list(LengthPolicy):
        raise InputError(f"Unknown length policy {policy!r}; give one of {', '.join(LengthPolicy)}.")
    policy = LengthPolicy(policy)
    too_long = _too_long(texts, token_offsets, max_tokens, prompt)
    if not too_long or policy is LengthPolicy.WARN:
        if too_long:
            index, tokens = next(iter(too_long.items()))
            warnings.warn(
                f"{len(too_long)} of {len(texts)} texts are longer than {max_tokens} tokens and will be cut "
                f'(text {index} has {tokens}); chunk them, or use the length policy "split".',
                stacklevel=2,
            )
        return list(texts), list(range(len(texts))), len(too_long)
    if policy is LengthPolicy.ERROR:
        index, tokens = next(iter(too_long.items()))
        raise InputError(
            f"{len(too_long)} of {len(texts)} texts are longer than {max_tokens} tokens (text {index} has "
            f'{tokens}); chunk them, or use the length policy "split" or "warn".'
        )
    pieces: list[str] = []
    owners: list[int] = []
    config = ChunkingConfig(max_tokens=max_tokens, overlap_tokens=0, header_tokens=0)
    for index, text in enumerate(texts):
        parts = [text]
        if index in too_long:
            document = Document(name=f"text {index}", text=text, pages=())
            parts = [c.text for c in iter_chunks(document, token_offsets, config, document_prompt=prompt)]
        pieces.extend(parts)
        owners.extend([index] * len(parts))
    return pieces, owners, len(too_long)


def _too_long(
    texts: Sequence[str], token_offsets: TokenOffsets, max_tokens: int, prompt: str
) -> dict[int, int]:
    """Index and token count, special tokens included, of each text beyond the limit."""
    special = special_tokens_of(token_offsets)
    counts = count_tokens(token_offsets, [prompt + text for text in texts])
    return {i: count + special for i, count in enumerate(counts) if count + special > max_tokens}
