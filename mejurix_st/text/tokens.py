"""Token offsets for whole documents, whatever tokenizer the encoder has.

A `TokenOffsets` is any callable from a text to the code-point offsets of its tokens, without special tokens.
Two attributes are read when present: `special_tokens` (how many the encoder adds, 2 otherwise) and `counts`
(a faster way to count the tokens of many texts).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Protocol

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW = 65_536  # code points per call of the tokenizer; bounds its memory on long documents
_BATCH = 256  # texts per call when counting


class TokenOffsets(Protocol):
    """Maps a text to `[(start, end), ...]`, one pair of code-point offsets per token, no special tokens."""

    def __call__(self, text: str, /) -> Sequence[tuple[int, int]]:
        """Offsets of the tokens of `text`."""
        ...


class TokenizerOffsets:
    """Token offsets from a `tokenizers.Tokenizer`, on a private copy without truncation and padding.

    Attributes:
        special_tokens: tokens that the tokenizer adds around one text.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = type(tokenizer).from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special_tokens: int = self._tokenizer.num_special_tokens_to_add(False)

    def __call__(self, text: str, /) -> list[tuple[int, int]]:
        """Code-point offsets of the tokens of `text`; no special tokens."""
        offsets: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; no special tokens."""
        result: list[int] = []
        for first in range(0, len(texts), _BATCH):
            batch = list(texts[first : first + _BATCH])
            result.extend(len(e) for e in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False))
        return result


def token_offsets_from(tokenizer: Any) -> TokenizerOffsets:
    """Token offsets from the tokenizer of a model.

    Args:
        tokenizer: a `tokenizers.Tokenizer`, a Hugging Face fast tokenizer, or anything that carries one as
            `.tokenizer` (a SentenceTransformer does).

    Returns:
        A callable with `special_tokens` and `counts`; it holds a copy, so later changes to the tokenizer's
        truncation or padding do not matter.

    Raises:
        InputError: there is no fast tokenizer in it.
    """
    for candidate in (tokenizer, getattr(tokenizer, "tokenizer", None)):
        backend = getattr(candidate, "backend_tokenizer", candidate)
        if all(hasattr(backend, name) for name in ("to_str", "encode", "no_truncation")):
            return TokenizerOffsets(backend)
    raise InputError(
        f"token_offsets_from got {type(tokenizer).__name__}, which has no fast tokenizer; give a "
        "tokenizers.Tokenizer, a fast Hugging Face tokenizer or a SentenceTransformer."
    )


def special_tokens_of(token_offsets: TokenOffsets) -> int:
    """Tokens that the encoder adds around one text; 2 where the callable does not say."""
    return int(getattr(token_offsets, "special_tokens", 2))


def count_tokens(token_offsets: TokenOffsets, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, without special tokens."""
    counts = getattr(token_offsets, "counts", None)
    return list(counts(texts)) if counts is not None else [len(token_offsets(text)) for text in texts]


class TokenIndex:
    """Where the tokens of a long text begin, so that the tokens of any part are counted by bisection.

    The text is tokenized in windows that are cut at blanks. Counts of parts that begin and end at blanks
    equal those of the part tokenized alone, for tokenizers that split at blanks first; chunks are verified.
    """

    def __init__(self, text: str, token_offsets: TokenOffsets) -> None:
        self.starts = array("Q")
        position = 0
        while position < len(text):
            stop = min(position + _WINDOW, len(text))
            if stop < len(text):
                cut = max(text.rfind(" ", position, stop), text.rfind("\n", position, stop))
                stop = cut if cut > position else stop
            self.starts.extend(position + start for start, _ in token_offsets(text[position:stop]))
            position = stop

    def count(self, start: int, end: int) -> int:
        """Tokens that begin in `[start, end)`."""
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def after(self, start: int, tokens: int) -> int | None:
        """Offset where token number `tokens` (from 0) at or after `start` begins; None past the last."""
        index = bisect_left(self.starts, start) + tokens
        return self.starts[index] if index < len(self.starts) else None
