"""Several recognisers as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.entities.protocol import Recognizer
    from mejurix_st.types import EntitySpan


class CombinedRecognizer:
    """Several recognisers side by side: where they overlap, the longest entity wins, then the first one's."""

    def __init__(self, *recognizers: Recognizer) -> None:
        """Takes recognisers, the most trusted first.

        Raises:
            InputError: there are none.
        """
        if not recognizers:
            raise InputError("CombinedRecognizer got no recogniser; give at least one.")
        self._recognizers = recognizers

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text; see `mejurix_st.entities.Recognizer`."""
        results = [recognizer(texts) for recognizer in self._recognizers]
        return [longest_of(found) for found in zip(*results, strict=True)]


def longest_of(found: Sequence[Sequence[EntitySpan]]) -> list[EntitySpan]:
    """Entities of one text from several recognisers without overlaps, the longest first, in order of start."""
    ranked = sorted(
        ((place, span) for place, spans in enumerate(found) for span in spans),
        key=lambda entry: (entry[1].start - entry[1].end, entry[0], entry[1].start),
    )
    kept: list[EntitySpan] = []
    for _, span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
