"""The translation of filters to Qdrant Edge: every kind of condition, and refusal of what it lacks."""

from __future__ import annotations

import datetime as dt

import pytest
from qdrant_mejurix import open_index
from qdrant_mejurix.edge_filters import to_edge
from qdrant_mejurix.filters import models

from mejurix_st.errors import InputError

METADATA = [
    {
        "day": "2019-03-03T00:00:00Z",
        "at": {"lon": 127.0, "lat": 37.5},
        "tags": ["a", "b"],
        "n": 1,
        "name": "Kim",
        "parts": [{"side": "left", "grade": 1}, {"side": "right", "grade": 3}],
    },
    {
        "day": "2020-07-01T12:00:00Z",
        "at": {"lon": -77.0, "lat": 38.9},
        "tags": [],
        "n": 2.5,
        "name": "Kim Lee",
        "parts": [{"side": "left", "grade": 3}],
    },
    {"day": None, "n": 3, "name": "Park", "ok": True},
]


def _field(key, **part):
    return models.FieldCondition(key=f"metadata.{key}", **part)


seoul = models.GeoPoint(lon=127.0, lat=37.5)
square = [models.GeoPoint(lon=x, lat=y) for x, y in ((126, 37), (128, 37), (128, 38), (126, 38), (126, 37))]
left_severe = models.Filter(
    must=[
        models.FieldCondition(key="side", match=models.MatchValue(value="left")),
        models.FieldCondition(key="grade", range=models.Range(gte=3)),
    ]
)

CASES = [
    # condition, positions in METADATA that it keeps
    (_field("n", range=models.Range(gt=1, lte=3)), {1, 2}),
    (_field("n", match=models.MatchValue(value=3)), {2}),
    (_field("ok", match=models.MatchValue(value=True)), {2}),
    (_field("name", match=models.MatchAny(any=["Park", "Choi"])), {2}),
    (_field("name", match=models.MatchExcept(**{"except": ["Park"]})), {0, 1}),
    (_field("name", match=models.MatchText(text="Kim")), {0, 1}),
    (_field("tags", match=models.MatchValue(value="b")), {0}),
    (_field("tags", values_count=models.ValuesCount(gte=2)), {0}),
    (_field("tags", is_empty=True), {1, 2}),
    (_field("day", range=models.DatetimeRange(gte=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))), {1}),
    (
        _field(
            "day",
            range=models.DatetimeRange(
                lt=dt.datetime(2019, 3, 3, 9, tzinfo=dt.timezone(dt.timedelta(hours=9)))
            ),
        ),
        set(),
    ),
    (_field("day", range=models.DatetimeRange(lte=dt.date(2019, 3, 3))), {0}),
    (_field("at", geo_radius=models.GeoRadius(center=seoul, radius=10_000)), {0}),
    (
        _field(
            "at",
            geo_bounding_box=models.GeoBoundingBox(
                top_left=models.GeoPoint(lon=126, lat=38), bottom_right=models.GeoPoint(lon=128, lat=37)
            ),
        ),
        {0},
    ),
    (_field("at", geo_polygon=models.GeoPolygon(exterior=models.GeoLineString(points=square))), {0}),
    (models.IsNullCondition(is_null=models.PayloadField(key="metadata.day")), {2}),
    (models.IsEmptyCondition(is_empty=models.PayloadField(key="metadata.parts")), {2}),
    (models.NestedCondition(nested=models.Nested(key="metadata.parts", filter=left_severe)), {1}),
    (models.HasVectorCondition(has_vector="assertions"), set()),
    (
        models.MinShould(
            conditions=[
                _field("n", range=models.Range(gte=2)),
                _field("name", match=models.MatchText(text="Kim")),
            ],
            min_count=2,
        ),
        {1},
    ),
]


@pytest.fixture(scope="module", params=["edge", "memory"])
def matter(request, tmp_path_factory, hashing_class):
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("conditions") / "store"
    with open_index(location, hashing_class()) as index:
        matter = index.matter("m")
        matter.add_records(["x", "y", "z"], METADATA, ids=["0", "1", "2"])
        yield matter


@pytest.mark.parametrize(("condition", "kept"), CASES)
def test_each_condition(matter, condition, kept):
    if isinstance(condition, models.MinShould):
        condition = models.Filter(min_should=condition)
    records, _ = matter.scroll(filter=models.Filter(must=condition))
    assert {int(record.id) for record in records} == kept
    records, _ = matter.scroll(filter=models.Filter(must_not=[condition]))
    assert {int(record.id) for record in records} == {0, 1, 2} - kept


def test_empty_filter_keeps_everything(matter):
    assert matter.count(models.Filter()) == 3


def test_what_edge_lacks_is_refused_by_name():
    if not hasattr(models, "SliceCondition"):
        pytest.skip("this qdrant-client has no condition that Edge lacks")
    condition = models.SliceCondition.model_construct()
    with pytest.raises(InputError, match="SliceCondition"):
        to_edge(models.Filter.model_construct(must=[models.Filter.model_construct(must_not=[condition])]))


def test_a_condition_that_asks_for_nothing_is_refused():
    with pytest.raises(InputError, match="asks for nothing"):
        to_edge(models.Filter(must=[models.FieldCondition(key="x")]))


def test_every_condition_of_the_client_is_translated_or_refused():
    from typing import get_args

    known = {
        "FieldCondition",
        "IsEmptyCondition",
        "IsNullCondition",
        "HasIdCondition",
        "HasVectorCondition",
        "NestedCondition",
        "Filter",
    }
    for kind in get_args(models.Condition):
        if kind.__name__ not in known:
            with pytest.raises(InputError, match=kind.__name__):
                to_edge(models.Filter.model_construct(must=[kind.model_construct()]))
