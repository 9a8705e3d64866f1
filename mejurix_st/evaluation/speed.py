"""Speed on this machine, always as a ratio to a named peer measured in the same run."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.errors import InputError
from mejurix_st.text.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.evaluation.encoders import CachedEncoder


@dataclass(frozen=True)
class Speed:
    """Encoding speed of one model.

    Attributes:
        model: its name.
        texts_per_second: median over repeats.
        tokens_per_second: the same texts in the model's own tokens, beyond its limit not counted.
        peer: the model that the ratio refers to.
        ratio: texts per second over the peer's; a shared machine's load falls out of it, mostly.
    """

    model: str
    texts_per_second: float
    tokens_per_second: float
    peer: str
    ratio: float

    def to_dict(self) -> dict[str, str | float]:
        """The fields, for JSON."""
        return asdict(self)


def measure_speed(
    encoders: Sequence[CachedEncoder], texts: Sequence[str], peer: str = "", repeats: int = 3
) -> list[Speed]:
    """Times document encoding without any cache; models take turns, so that load spikes hit all alike.

    Args:
        encoders: the models.
        texts: what is encoded, different texts of ordinary length.
        peer: name of the model that ratios refer to; the last one if not given.
        repeats: rounds; the median counts.

    Raises:
        InputError: no texts, or the peer is not among the models.
    """
    peer = peer or (encoders[-1].name if encoders else "")
    if not texts or peer not in [encoder.name for encoder in encoders]:
        names = ", ".join(encoder.name for encoder in encoders)
        raise InputError(f"measure_speed got {len(texts)} texts and peer {peer!r}; the models are: {names}.")
    seconds: dict[str, list[float]] = {encoder.name: [] for encoder in encoders}
    for encoder in encoders:
        encoder.encode_uncached(list(texts[:2]), "document")
    for _ in range(repeats):
        for encoder in encoders:
            start = time.perf_counter()
            encoder.encode_uncached(list(texts), "document")
            seconds[encoder.name].append(time.perf_counter() - start)
    middle = {name: float(np.median(values)) for name, values in seconds.items()}
    found = []
    for encoder in encoders:
        counts = count_tokens(encoder.token_offsets, list(texts))
        tokens = sum(min(count, encoder.max_tokens) for count in counts)
        took = middle[encoder.name]
        found.append(Speed(encoder.name, len(texts) / took, tokens / took, peer, middle[peer] / took))
    return found
