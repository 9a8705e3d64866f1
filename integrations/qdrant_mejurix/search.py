"""From the arms' results to hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mejurix_st.types import Hit
from qdrant_mejurix.fusion import FusionWeights, fuse
from qdrant_mejurix.points import Found, chunk_of, public_payload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def over_fetch(limit: int) -> int:
    """How many points each arm fetches for `limit` hits: four times as many, and at least 100."""
    return max(4 * limit, 100)


def hits_of(found: Mapping[str, Sequence[Found]], weights: FusionWeights | None, limit: int) -> list[Hit]:
    """Hits, best first.

    Args:
        found: for each arm its points, best first.
        weights: for fusion; None when there is one arm, whose own score is then the hit's.
        limit: most hits.
    """
    newest = _newest_generations(found)
    current = {
        # what contradicts the query counts below zero in the arm "assertions": it does not meet the query
        arm: [p for p in points if _is_current(p, newest) and (arm != "assertions" or p.score > 0)]
        for arm, points in found.items()
    }
    points = {point.id: point for arm in current.values() for point in arm}
    scores = {arm: {point.id: point.score for point in arm_points} for arm, arm_points in current.items()}
    if weights is None:
        (alone,) = scores.values()
        ranked = list(alone.items())
    else:
        ranked = fuse(scores, weights)
    return [
        Hit(
            rank=rank,
            score=score,
            arms={arm: of_arm[identifier] for arm, of_arm in scores.items() if identifier in of_arm},
            chunk=chunk_of(points[identifier].payload),
            payload=public_payload(points[identifier].payload),
        )
        for rank, (identifier, score) in enumerate(ranked[:limit], start=1)
    ]


def _newest_generations(found: Mapping[str, Sequence[Found]]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for points in found.values():
        for point in points:
            document, generation = point.payload.get("document", ""), point.payload.get("generation")
            if generation is not None and generation > newest.get(document, 0):
                newest[document] = generation
    return newest


def _is_current(point: Found, newest: Mapping[str, int]) -> bool:
    # On a server a search can run while a version changes; a result list never mixes two versions.
    generation = point.payload.get("generation")
    return generation is None or generation == newest[point.payload.get("document", "")]
