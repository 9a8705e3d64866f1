"""No query, filter, id or deletion made in one matter reaches another, whatever the user writes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_mejurix import open_index
from qdrant_mejurix.filters import in_matter, models
from qdrant_mejurix.points import record_id

from mejurix_st.errors import InputError

MATTERS = ("smith-v-jones", "smith-v-jones2", "민사 2019가합1")
WORDS = ("knee", "hip", "어깨", "fracture")
_POINTS = [(m, f"{w}{i}") for m in MATTERS for i, w in enumerate(WORDS)]


def _field(key, value):
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


leaves = st.one_of(
    st.sampled_from(MATTERS).map(lambda m: _field("matter", m)),
    st.lists(st.sampled_from(MATTERS), min_size=1, max_size=3).map(
        lambda ms: models.FieldCondition(key="matter", match=models.MatchAny(any=ms))
    ),
    st.sampled_from(MATTERS).map(
        lambda m: models.FieldCondition(key="matter", match=models.MatchExcept(**{"except": [m]}))
    ),
    st.sampled_from(WORDS).map(lambda w: _field("metadata.word", w)),
    st.lists(st.sampled_from(_POINTS), min_size=1, max_size=4).map(
        lambda ps: models.HasIdCondition(has_id=[record_id(m, i) for m, i in ps])
    ),
    st.sampled_from(["matter", "staged", "nothing", "metadata.word"]).map(
        lambda key: models.IsEmptyCondition(is_empty=models.PayloadField(key=key))
    ),
    st.sampled_from(["matter", "metadata.word"]).map(
        lambda key: models.IsNullCondition(is_null=models.PayloadField(key=key))
    ),
    st.integers(0, 3).map(lambda n: models.FieldCondition(key="metadata.number", range=models.Range(gte=n))),
    st.just(models.HasVectorCondition(has_vector="dense")),
    st.just(models.FieldCondition(key="matter", values_count=models.ValuesCount(gte=0))),
)


def _combine(children):
    several = st.lists(children, min_size=1, max_size=3)
    least = st.builds(
        lambda conditions, n: models.MinShould(conditions=conditions, min_count=n), several, st.integers(1, 2)
    )
    return st.builds(
        models.Filter,
        must=st.none() | several,
        should=st.none() | several,
        must_not=st.none() | several,
        min_should=st.none() | least,
    )


filters = _combine(st.recursive(leaves, _combine, max_leaves=6))


def _fill(index):
    for matter in MATTERS:
        index.matter(matter).add_records(
            [f"{w} pain of the claimant" for w in WORDS],
            [{"word": w, "number": i} for i, w in enumerate(WORDS)],
            ids=[f"{w}{i}" for i, w in enumerate(WORDS)],
        )


@pytest.fixture(scope="module", params=["edge", "memory"])
def filled(request, tmp_path_factory, hashing_class):
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("isolation") / "store"
    with open_index(location, hashing_class()) as index:
        _fill(index)
        yield index


@pytest.fixture(scope="module")
def both(tmp_path_factory, hashing_class):
    with (
        open_index(":memory:", hashing_class()) as memory,
        open_index(tmp_path_factory.mktemp("parity") / "store", hashing_class()) as edge,
    ):
        _fill(memory)
        _fill(edge)
        yield memory, edge


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(condition=filters, name=st.sampled_from(MATTERS), mode=st.sampled_from(["hybrid", "dense", "bm25"]))
def test_no_filter_leaves_its_matter(filled, condition, name, mode):
    matter = filled.matter(name)
    hits = matter.search("knee hip fracture pain", limit=50, filter=condition, mode=mode)
    assert {hit.chunk.matter for hit in hits} <= {name}
    records, _ = matter.scroll(limit=50, filter=condition)
    assert {record.chunk.matter for record in records} <= {name}
    assert matter.count(condition) == len(records) <= len(WORDS)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(condition=filters)
def test_translated_filters_mean_the_same(both, condition):
    memory, edge = both
    for name in MATTERS:
        expected = {r.id for r in memory.matter(name).scroll(limit=50, filter=condition)[0]}
        assert {r.id for r in edge.matter(name).scroll(limit=50, filter=condition)[0]} == expected


@settings(max_examples=40, deadline=None)
@given(word=st.sampled_from(WORDS), name=st.sampled_from(MATTERS))
def test_back_ends_rank_alike(both, word, name):
    memory, edge = (index.matter(name).search(f"{word} pain", mode="bm25") for index in both)
    assert {h.payload["id"]: pytest.approx(h.score, rel=1e-4) for h in memory} == {
        h.payload["id"]: h.score for h in edge
    }


def test_ids_of_another_matter_are_unknown(filled):
    mine, other = filled.matter(MATTERS[0]), filled.matter(MATTERS[1])
    other.add_records(["secret"], ids=["secret-1"])
    assert mine.get(["secret-1", record_id(other.name, "secret-1")]) == []
    assert mine.delete_records(["secret-1", record_id(other.name, "secret-1")]) == 0
    assert [r.chunk.text for r in other.get(["secret-1"])] == ["secret"]
    assert other.delete_records(["secret-1"]) == 1


def test_word_statistics_of_another_matter_do_not_show(filled):
    if hasattr(filled.store, "_client") and not hasattr(models, "IdfCorpusParams"):
        pytest.skip("this qdrant-client counts words over the whole collection; 1.19 or newer does not")
    mine, other = filled.matter(MATTERS[0]), filled.matter(MATTERS[1])
    before = [(h.payload["id"], h.score) for h in mine.search("fracture", mode="bm25")]
    ids = other.add_records(["fracture fracture fracture"] * 30)
    after = [(h.payload["id"], h.score) for h in mine.search("fracture", mode="bm25")]
    other.delete_records(ids)
    assert before == after
    assert before


def test_the_matter_stands_beside_the_whole_user_filter():
    user = models.Filter(should=[_field("a", 1)], must_not=[_field("matter", "m")])
    bound = in_matter("m", user)
    assert bound.must == [_field("matter", "m"), user]
    assert (bound.should, bound.must_not, bound.min_should) == (None, None, None)


@pytest.mark.parametrize("wrong", [{"must": []}, "matter = 'x'", [_field("a", 1)], _field("a", 1)])
def test_other_filter_languages_are_refused(filled, wrong):
    with pytest.raises(InputError, match=r"qdrant_client\.models\.Filter"):
        filled.matter(MATTERS[0]).search("knee", filter=wrong)
