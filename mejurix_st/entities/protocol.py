"""What every recognizer is: a callable from texts to entity spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mejurix_st.types import EntitySpan


@runtime_checkable
class Recognizer(Protocol):
    """Finds entities. Anything that can be called like this can stand in for the default recognizer."""

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text.

        Args:
            texts: source texts.

        Returns:
            One list per text, in order of start, without overlaps; `text[s.start:s.end] == s.text` for each
            span.
        """
        ...


def without_overlaps(spans: Iterable[EntitySpan]) -> list[EntitySpan]:
    """Keep the longest span of those that start first, and drop what overlaps it.

    Args:
        spans: entities of one text in any order; where two are equal in place, the first given wins.

    Returns:
        Spans in order of start.
    """
    kept: list[EntitySpan] = []
    reach = -1
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if span.start >= reach:
            kept.append(span)
            reach = span.end
    return kept
