"""From the arms' points to hits: what ranking needs, and what is read for the hits alone."""

from __future__ import annotations

import pytest
from qdrant_mejurix.fusion import FusionWeights
from qdrant_mejurix.points import RANKING_FIELDS, Found
from qdrant_mejurix.search import Ranked, hits_of, ranked


@pytest.fixture
def matter(index, case_files):
    matter = index.matter("m")
    matter.add(case_files, progress=False)
    return matter


def found(*rows: tuple[str, float]) -> list[Found]:
    return [Found(identifier, score, {"document": "a.pdf", "generation": 1}) for identifier, score in rows]


def test_places_carry_the_scores_of_each_arm():
    arms = {"dense": found(("one", 0.9), ("two", 0.4)), "bm25": found(("two", 7.0), ("one", 2.0))}
    places = ranked(arms, FusionWeights(1.0, 0.5, 0.0, method="score"), 5)
    assert [place.id for place in places] == ["one", "two"]
    assert places[0].arms == {"dense": 0.9, "bm25": 2.0}
    assert places[0].score == 1.0
    assert [p.id for p in ranked(arms, FusionWeights(0.5, 1.0, 0.0, method="score"), 1)] == ["two"]


def test_older_versions_of_a_document_are_no_places():
    old = Found("old", 0.99, {"document": "a.pdf", "generation": 0})
    places = ranked({"dense": [old, *found(("new", 0.1))]}, None, 5)
    assert places == [Ranked("new", 0.1, {"dense": 0.1})]


def test_a_point_that_is_gone_leaves_no_gap_in_the_ranks(matter):
    hits = matter.search("fracture", limit=3)
    places = [Ranked("gone", 9.0, {}), Ranked(hits[0].payload["id"], 1.0, {"dense": 1.0})]
    points = matter._points([place.id for place in places[1:]])
    assert [(hit.rank, hit.score) for hit in hits_of(places, points)] == [(1, 1.0)]


def test_stores_give_ranking_its_fields_and_hits_the_whole_payload(matter):
    seen = []
    search = matter._store.search

    def watch(*arguments):
        seen.extend(point for arm in search(*arguments) for point in arm)
        return search(*arguments)

    matter._store.search = watch
    try:
        hits = matter.search("fracture", limit=2)
    finally:
        del matter._store.search
    assert seen
    assert {key for point in seen for key in point.payload} <= set(RANKING_FIELDS)
    assert all(hit.chunk.text and hit.payload["id"] for hit in hits)
