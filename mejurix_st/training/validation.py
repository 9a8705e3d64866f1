"""What a run is watched by: the hand-written rows kept out of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mejurix_st.training.step import DOCUMENT, QUERY
from mejurix_st.training.written import TRIPLE_TABLES, written_terms, written_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.training.student import Student


@torch.no_grad()
def validate(student: Student) -> dict[str, float]:
    """Shares of right choices on the rows kept out of training, [0, 1].

    Returns:
        For each table of triples, how often the positive is nearer than the negative; under "terms", how often
        a Korean term's nearest English one among them all is its own.
    """
    shares = {}
    for name in TRIPLE_TABLES:
        second = DOCUMENT if name == "crosslingual" else QUERY
        shares[name] = _triple_share(student, written_triples(name, part="validation"), second)
    terms = written_terms(part="validation")
    korean, english = student([QUERY + x for pair in zip(*terms, strict=True) for x in pair]).chunk(2)
    nearest = (korean @ english.T).argmax(1).cpu()
    shares["terms"] = float((nearest == torch.arange(len(terms))).float().mean())
    return {name: round(share, 4) for name, share in shares.items()}


def _triple_share(student: Student, rows: Sequence[tuple[str, str, str]], second: str) -> float:
    texts = [QUERY + row[0] for row in rows] + [second + row[k] for k in (1, 2) for row in rows]
    anchors, positives, negatives = student(texts).split(len(rows))
    nearer = (anchors * positives).sum(1) > (anchors * negatives).sum(1)
    return float(nearer.float().mean())
