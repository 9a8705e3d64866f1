"""From the arms' results to hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mejurix_st.types import Hit
from qdrant_mejurix.fusion import FusionWeights, fuse
from qdrant_mejurix.points import Found, chunk_of, public_payload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def over_fetch(limit: int) -> int:
    """How many points each arm fetches for `limit` hits: four times as many, and at least 100."""
    return max(4 * limit, 100)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place in a result list: the point's id, its score, and the score that each arm gave it."""

    id: str
    score: float
    arms: dict[str, float]


def ranked(found: Mapping[str, Sequence[Found]], weights: FusionWeights | None, limit: int) -> list[Ranked]:
    """The best points, best first.

    Args:
        found: for each arm its points, best first; of their payloads `RANKING_FIELDS` are enough.
        weights: for fusion; None when there is one arm, whose own score then counts.
        limit: most points.
    """
    newest = _newest_generations(found)
    scores = {
        # what contradicts the query counts below zero in the arm "assertions": it does not meet the query
        arm: {
            p.id: p.score for p in points if _is_current(p, newest) and (arm != "assertions" or p.score > 0)
        }
        for arm, points in found.items()
    }
    if weights is None:
        (alone,) = scores.values()
        order = list(alone.items())
    else:
        order = fuse(scores, weights)
    return [
        Ranked(
            identifier,
            score,
            {arm: of_arm[identifier] for arm, of_arm in scores.items() if identifier in of_arm},
        )
        for identifier, score in order[:limit]
    ]


def hits_of(places: Sequence[Ranked], points: Mapping[str, Found]) -> list[Hit]:
    """Hits of the places whose points are there; one that was deleted since is left out."""
    there = [(place, points[place.id].payload) for place in places if place.id in points]
    return [
        Hit(
            rank=rank,
            score=place.score,
            arms=place.arms,
            chunk=chunk_of(payload),
            payload=public_payload(payload),
        )
        for rank, (place, payload) in enumerate(there, start=1)
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
