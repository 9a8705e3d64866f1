"""The table of medical knowledge, and the batches made of it."""

from __future__ import annotations

import re

import pytest

from mejurix_st.training.knowledge import (
    COLUMNS,
    Illness,
    Item,
    KnowledgeBatches,
    knowledge,
    knowledge_terms,
)

HANGUL = re.compile(r"[가-힣]")


def item(name: str) -> Item:
    return Item(name, f"{name}의")


def make_rows(count: int = 40) -> list[Illness]:
    """Every disease has a drug of its own, one shared by two neighbours, and one that all have."""
    return [
        Illness(
            item(f"disease{i}"),
            (item(f"drug{i}"), item(f"shared{i // 2}"), item("everywhere")),
            (item(f"operation{i}"),),
            (item(f"sign{i}"), item(f"other sign{i}")),
        )
        for i in range(count)
    ]


def numbers(text: str) -> set[int]:
    return {int(n) for n in re.findall(r"\d+", text)}


def test_every_item_of_the_table_has_both_languages_and_no_disease_stands_twice():
    rows = knowledge()
    assert len(rows) >= 950
    assert len({row.disease.en.lower() for row in rows}) == len(rows)
    for row in rows:
        for name in (row.disease, *row.medications, *row.treatments, *row.symptoms):
            assert name.en, row
            assert not HANGUL.search(name.en), name
            assert name.ko, row
            assert "=" not in name.ko, name
        assert row.symptoms


def test_terms_are_distinct_pairs():
    terms = knowledge_terms()
    assert len(terms) == len(set(terms)) > 8000


def test_batches_name_right_partners_and_wrong_ones():
    batches = KnowledgeBatches(make_rows(), seed=1)
    kinds = set()
    for _ in range(60):
        batch = batches.take(12)
        assert 6 <= len(batch) <= 12
        for anchor, positive, negative in ([text.lower() for text in row] for row in batch):
            (kind,) = re.findall(r"drug|shared|operation|disease", positive)[:1]
            kinds.add(kind)
            assert "everywhere" not in positive + negative
            asked, right, wrong = numbers(anchor), numbers(positive), numbers(negative)
            if "shared" in positive:
                continue  # numbered otherwise
            assert asked & right, (anchor, positive)
            assert not asked & wrong or "shared" in negative, (anchor, negative)
    assert {"drug", "operation", "disease"} <= kinds


def test_no_item_of_a_batch_suits_another_disease_of_it():
    rows = make_rows()
    batches = KnowledgeBatches(rows, seed=2)
    for _ in range(40):
        shared = [re.findall(r"shared\d+", positive.lower()) for _, positive, _ in batches.take(30)]
        flat = [name for names in shared for name in names]
        assert len(flat) == len(set(flat))


def test_the_same_seed_and_position_give_the_same_batch():
    one, two = KnowledgeBatches(make_rows(), seed=3), KnowledgeBatches(make_rows(), seed=3)
    one.take(5)
    two.at = one.at
    assert one.take(5) == two.take(5)


def test_facts_that_a_guard_refuses_are_left_out_in_both_languages():
    def refuse(text: str) -> bool:
        words = set(re.split(r"[ ,.?:]+", text))
        return {"disease3", "drug3"} <= words or {"disease5의", "operation5의"} <= words

    batches = KnowledgeBatches(make_rows(), seed=4, exclude=refuse)
    assert [drug.en for drug in batches.rows[3].medications] == ["shared1", "everywhere"]
    assert batches.rows[5].treatments == ()
    assert batches.rows[4] == make_rows()[4]


def test_items_that_a_guard_refuses_only_together_lose_the_last():
    def refuse(text: str) -> bool:
        return all(name in text for name in ("disease7", "sign7", "other sign7"))

    assert KnowledgeBatches(make_rows(), seed=4, exclude=refuse).rows[7].symptoms == (item("sign7"),)


def test_columns_without_items_are_passed_over():
    rows = [Illness(item(f"d{i}"), (), (item(f"t{i}"),), (item(f"s{i}"),)) for i in range(20)]
    batches = KnowledgeBatches(rows, seed=5)
    assert {len(batches.take(8)) for _ in range(30)} == {8}


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        KnowledgeBatches([], seed=1)


def test_columns_are_those_of_the_table():
    assert COLUMNS == ("medications", "treatments", "symptoms")
