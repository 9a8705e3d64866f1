"""Which texts a step sees: the same for the same seed, and after a restart."""

from collections import Counter
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mejurix_st.training import contrast, relations
from mejurix_st.training.knowledge import KnowledgeBatches, knowledge
from mejurix_st.training.mixture import Cycle, Mixture, build_mixture
from mejurix_st.training.sources import Pair


def make_pairs(name: str, count: int) -> list[Pair]:
    return [
        Pair(f"{name} query {i}", f"{name} text {i}", group=f"{name} {i}", source=name) for i in range(count)
    ]


def make_mixture(seed: int = 3, **options) -> Mixture:
    pairs = {name: Cycle(make_pairs(name, 9), f"{seed} {name}") for name in ("medquad", "korean", "unused")}
    triples = {"contrast en": Cycle([(f"a{i}", f"p{i}", f"n{i}") for i in range(5)], f"{seed} contrast")}
    parallel = Cycle([(f"e{i}", f"k{i}") for i in range(7)], f"{seed} parallel")
    terms = Cycle([(f"t{i}", f"u{i}") for i in range(5)], f"{seed} terms")
    return Mixture(pairs, {"medquad": 3.0, "korean": 1.0}, triples, parallel, terms, seed=seed, **options)


@given(st.integers(1, 12), st.lists(st.integers(0, 9), max_size=8), st.integers(0, 30))
def test_cycle_goes_on_from_any_position(size: int, takes: list[int], more: int):
    whole, parts = (Cycle(range(size), "x") for _ in range(2))
    taken = [row for count in takes for row in parts.take(count)]
    assert taken == whole.take(sum(takes))
    assert Cycle(range(size), "x", at=sum(takes)).take(more) == whole.take(more)


@given(st.integers(1, 12), st.integers(0, 4))
def test_each_pass_has_every_row_once(size: int, passes: int):
    taken = Cycle(range(size), "x").take(size * passes)
    assert Counter(taken) == Counter({i: passes for i in range(size) if passes})


def test_passes_and_seeds_have_orders_of_their_own():
    cycle = Cycle(range(30), "x")
    first, second = cycle.take(30), cycle.take(30)
    assert first != second
    assert first != Cycle(range(30), "y").take(30)
    assert first != list(range(30))


def test_a_cycle_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no rows for 1 medquad"):
        Cycle([], "1 medquad")


def test_batches_are_of_one_source_and_its_size():
    mixture = make_mixture()
    names = Counter()
    for step in range(400):
        batch = mixture.pair_batch(step, size=4, short_size=6, long_size=3)
        (name,) = {pair.source for pair in batch}
        assert len(batch) == (6 if name == "korean" else 4)  # Korean sentences are short
        names[name] += 1
    assert names["unused"] == 0  # no weight, no batch
    assert 0.68 < names["medquad"] / 400 < 0.82  # 3 of 4


def test_the_source_of_a_step_does_not_depend_on_the_steps_before():
    one, other = make_mixture(), make_mixture()
    names = [one.pair_batch(step, 2, 2, 2)[0].source for step in range(50)]
    assert [other.pair_batch(step, 2, 2, 2)[0].source for step in reversed(range(50))] == names[::-1]


def test_a_restored_mixture_goes_on_as_the_first_would():
    def take(mixture: Mixture, steps: range) -> list:
        return [
            (mixture.pair_batch(s, 4, 5, 3), mixture.triples["contrast en"].take(3), mixture.parallel.take(2))
            for s in steps
        ]

    first = make_mixture()
    take(first, range(7))
    positions = first.positions()
    second = make_mixture()
    second.restore(positions)
    assert take(second, range(7, 20)) == take(first, range(7, 20))


def test_positions_are_numbers_by_name():
    mixture = make_mixture()
    mixture.pairs["korean"].take(3)
    mixture.parallel.take(9)
    wanted = {
        "pairs medquad": 0,
        "pairs korean": 3,
        "pairs unused": 0,
        "triples contrast en": 0,
        "parallel": 9,
        "terms": 0,
    }
    assert mixture.positions() == wanted


def test_near_batches_are_picked_from_ten_times_as_many_of_the_pool():
    asked = []

    def neighbours(rows, count):
        asked.append((len(rows), count, {row.source for row in rows}))
        return list(rows[:count])

    mixture = make_mixture(neighbours=neighbours, hard_share=1.0, hard_pool=8)
    batch = mixture.pair_batch(0, 2, 2, 2)
    assert len(batch) == 2
    assert asked[0][:2] == (8, 2)  # the pool is smaller than ten batches
    assert len(asked[0][2]) == 1
    assert mixture.positions()[f"pairs {batch[0].source}"] == 0
    assert mixture.pair_batch(0, 2, 2, 2) == batch
    never = make_mixture(neighbours=neighbours, hard_share=0.0)
    never.pair_batch(0, 2, 2, 2)
    assert len(asked) == 2


def test_build_mixture_keeps_refused_texts_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(contrast, "contrast_triples", partial(contrast.contrast_triples, limit=400))
    monkeypatch.setattr(relations, "relation_triples", partial(relations.relation_triples, limit=400))
    banned = "골절"
    guards = {name: (lambda text: banned in text) for name in ("contrast", "relations", "parallel")}
    built = {"medquad": make_pairs("medquad", 3), "decisions": []}
    mixture = build_mixture(built, weights={"medquad": 1.0}, seed=1, guards=guards)
    assert set(mixture.triples) == {
        f"{kind}{lang}"
        for kind in ("contrast ", "relations ", "written contrast_", "written relations_")
        for lang in ("en", "ko")
    } | {"written crosslingual", "translated contrast_en", "translated relations_en"}
    assert list(mixture.pairs) == ["medquad"]  # an empty source has no cycle
    texts = [text for cycle in mixture.triples.values() for row in cycle.rows for text in row]
    texts += [text for row in mixture.parallel.rows + mixture.terms.rows for text in row]
    assert texts
    assert not any(banned in text for text in texts)
    free = build_mixture(built, weights={"medquad": 1.0}, seed=1, guards={})
    assert any(banned in text for row in free.triples["relations ko"].rows for text in row)
    assert any(banned in text for row in free.parallel.rows for text in row)


def test_a_triple_batch_is_half_of_one_kind_and_half_of_all():
    mixture = make_mixture()
    rows = {
        k: [(f"{k} {i}", f"p{i}", f"n{i}") for i in range(9)]
        for k in ("contrast en", "relations ko", "natural")
    }
    mixture.triples = {kind: Cycle(found, kind) for kind, found in rows.items()}
    batch = mixture.triple_batch(3, 12)
    kinds = [anchor.rpartition(" ")[0] for anchor, _, _ in batch]
    assert len(batch) == 12
    assert len(set(kinds[:6])) == 1
    mixture.restore(dict.fromkeys(mixture.positions(), 0))
    assert mixture.triple_batch(3, 12) == batch
    seen = {row[0].rpartition(" ")[0] for step in range(20) for row in mixture.triple_batch(step, 4)}
    assert seen == set(rows)


def test_contrasts_and_relations_have_batches_of_their_own():
    mixture = make_mixture()
    kinds = ("contrast en", "written contrast_ko", "relations ko", "written crosslingual")
    rows = {k: [(f"{k} {i}", f"p{i}", f"n{i}") for i in range(9)] for k in kinds}
    mixture.triples = {kind: Cycle(found, kind) for kind, found in rows.items()}
    contrasts = {row[0].rpartition(" ")[0] for step in range(30) for row in mixture.contrast_batch(step, 6)}
    relations = {
        row[0].rpartition(" ")[0] for step in range(30) for row in mixture.relation_batch(step, 6, 6)
    }
    assert contrasts == set(kinds[:2])
    assert relations == set(kinds[2:])


def test_every_other_batch_of_relations_comes_from_the_table_and_is_resumed():
    def make() -> Mixture:
        mixture = make_mixture()
        mixture.triples = {"relations en": Cycle([("a", "p", "n")] * 5, "r")}
        mixture.knowledge = KnowledgeBatches(knowledge()[:60], seed=1)
        return mixture

    one, two = make(), make()
    batches = [one.relation_batch(step, 5, 5) for step in range(4)]
    assert [("a", "p", "n") in batch for batch in batches] == [True, False, True, False]
    positions = one.positions()
    assert positions["knowledge"] == 2
    two.restore(positions)
    assert two.relation_batch(5, 5, 5) == one.relation_batch(5, 5, 5)
