"""Text transformations that remember where each character came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError
from mejurix_st.text._shorthand import find_shorthand

if TYPE_CHECKING:
    from collections.abc import Iterable

DOMAINS = ("medical", "legal", "both")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replaced stretch.

    Attributes:
        start: code-point offset into the new text, inclusive.
        end: code-point offset into the new text, exclusive.
        source_start: code-point offset into the source, inclusive.
        source_end: code-point offset into the source, exclusive.
    """

    start: int
    end: int
    source_start: int
    source_end: int


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text made from a source by replacing stretches of it.

    Attributes:
        text: the new text.
        source: the text it was made from.
        replacements: the replaced stretches by rising start, none overlapping another.

    >>> mapped = MappedText.replace("Dx: fracture", [(0, 2, "diagnosis")])
    >>> mapped.text, mapped.source_span(0, 9), mapped.source_span(11, 19)
    ('diagnosis: fracture', (0, 2), (4, 12))
    """

    text: str
    source: str
    replacements: tuple[Replacement, ...] = ()

    @classmethod
    def replace(cls, source: str, changes: Iterable[tuple[int, int, str]]) -> MappedText:
        """Builds a mapped text.

        Args:
            source: the text to change.
            changes: (start, end, new) per stretch: code-point offsets into `source` and what replaces it.

        Raises:
            InputError: stretches overlap or lie outside the source.
        """
        parts: list[str] = []
        replacements: list[Replacement] = []
        position = length = 0
        for start, end, new in sorted(changes):
            if not position <= start <= end <= len(source):
                raise InputError(
                    f"Replacement [{start}, {end}) overlaps another or lies outside a text of {len(source)}."
                )
            length += start - position + len(new)
            parts += [source[position:start], new]
            replacements.append(Replacement(length - len(new), length, start, end))
            position = end
        return cls("".join([*parts, source[position:]]), source, tuple(replacements))

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the source that `text[start:end]` stands for.

        Args:
            start: code-point offset into `text`, inclusive.
            end: code-point offset into `text`, exclusive; not below `start`.

        Returns:
            Half-open offsets into the source; a replaced stretch counts as a whole.

        Raises:
            InputError: the offsets are out of order or outside the text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise InputError(f"Span [{start}, {end}) lies outside a text of {len(self.text)} characters.")
        first = self._source_offset(start, at_end=False)
        last = self._source_offset(end, at_end=True) if end > start else first
        return first, max(first, last)

    def _source_offset(self, offset: int, *, at_end: bool) -> int:
        # The replacement that reaches past the offset (or up to it, for an end), if it began before.
        changes = self.replacements
        i = (
            bisect_left(changes, offset, key=lambda r: r.start) - 1
            if at_end
            else bisect_right(changes, offset, key=lambda r: r.start) - 1
        )
        if i < 0:
            return offset
        change = changes[i]
        if offset < change.end or (at_end and offset == change.end):
            return change.source_end if at_end else change.source_start
        return change.source_end + offset - change.end


def expand_shorthand(text: str, domain: str = "both") -> MappedText:
    """Writes chart and legal shorthand out in full.

    Off by default everywhere: call it on the text to embed, and cite through `source_span`. Forms with
    several readings ("def", "PT", "PE", "d/c") are expanded by the words around them, and left alone where
    those do not tell.

    Args:
        text: any text, English or Korean with English shorthand.
        domain: "medical", "legal" or "both".

    Returns:
        The expanded text with the map to the source.

    Raises:
        InputError: the domain is unknown.

    >>> expand_shorthand("Pt c/o LBP s/p MVA", "medical").text
    'patient complains of low back pain status post motor vehicle accident'
    """
    if domain not in DOMAINS:
        raise InputError(f"Unknown domain {domain!r}; give one of {', '.join(DOMAINS)}.")
    return MappedText.replace(text, find_shorthand(text, domain))
