"""The header that is embedded before a passage: document title and heading path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.text.tokens import count_tokens

if TYPE_CHECKING:
    from mejurix_st.text.tokens import TokenOffsets

SEPARATOR = " > "


class HeaderMaker:
    """Builds headers of at most `limit` tokens and remembers them by heading path."""

    def __init__(self, title: str, limit: int, token_offsets: TokenOffsets) -> None:
        self._title = " ".join(title.split())
        self._limit = limit
        self._offsets = token_offsets
        self._made: dict[tuple[str, ...], str] = {}
        self._costs: dict[str, int] = {"": 0}

    def make(self, path: tuple[str, ...]) -> str:
        """Title and path, outermost first; what does not fit is left out from the middle, then cut."""
        if path not in self._made:
            self._made[path] = self._build(path)
        return self._made[path]

    def cost(self, header: str) -> int:
        """Tokens of the header and the line break after it."""
        if header not in self._costs:
            self._costs[header] = count_tokens(self._offsets, [header + "\n"])[0]
        return self._costs[header]

    def _build(self, path: tuple[str, ...]) -> str:
        parts = [part for part in path if part.casefold() != self._title.casefold()]
        for keep in range(len(parts), 0, -1):
            header = SEPARATOR.join(filter(None, [self._title, *parts[-keep:]]))
            if self._fits(header):
                return header
        if not parts:
            return self._cut(self._title)
        # Title and last heading do not fit together: the title keeps half, the heading the rest.
        title = self._cut(self._title, self._limit // 2)
        return self._cut(SEPARATOR.join(filter(None, [title, parts[-1]])))

    def _fits(self, header: str) -> bool:
        return self.cost(header) <= self._limit

    def _cut(self, text: str, limit: int | None = None) -> str:
        """The longest beginning of `text` of at most `limit` tokens, at a token's start."""
        limit = self._limit if limit is None else limit
        offsets = self._offsets(text)
        for keep in range(min(limit, len(offsets)), 0, -1):
            end = len(text) if keep == len(offsets) else offsets[keep][0]
            piece = text[:end].rstrip(" >")
            if piece and count_tokens(self._offsets, [piece + "\n"])[0] <= limit:
                return piece
        return ""
