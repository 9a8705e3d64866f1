from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mejurix_st.errors import InputError
from mejurix_st.evaluation.data import RetrievalSet
from mejurix_st.evaluation.fusion import FusionWeights, candidates, fit_fusion, fuse, scaled
from mejurix_st.evaluation.retrieval import score_rankings

QUERIES, DOCUMENTS, FOLDS = 40, 60, 4


def make_set(name: str, seed: int) -> tuple[RetrievalSet, dict[str, np.ndarray]]:
    """Two arms that are each right about half of the queries."""
    generator = np.random.default_rng(seed)
    relevant = generator.integers(0, DOCUMENTS, QUERIES)
    arms = {arm: generator.random((QUERIES, DOCUMENTS)) for arm in ("dense", "bm25")}
    for query, document in enumerate(relevant):
        arms["dense" if query % 2 else "bm25"][query, document] = 1.2
        arms["bm25" if query % 2 else "dense"][query, document] += 0.4
    task = RetrievalSet(
        name,
        tuple(f"q{i}" for i in range(QUERIES)),
        tuple(f"d{i}" for i in range(DOCUMENTS)),
        tuple(frozenset({int(d)}) for d in relevant),
        tuple(frozenset() for _ in range(QUERIES)),
        ("",) * DOCUMENTS,
    )
    return task, arms


def test_rrf_by_hand():
    exclude = [frozenset({2})]
    arms = {"dense": np.array([[0.9, 0.8, 1.0, 0.1]]), "bm25": np.array([[0.0, 5.0, 9.0, 4.0]])}
    fused = fuse(arms, FusionWeights({"dense": 0.25, "bm25": 0.75}, "rrf", 10), exclude)
    expected = [[0.25 / 11 + 0.75 / 13, 0.25 / 12 + 0.75 / 11, 0.0, 0.25 / 13 + 0.75 / 12]]
    np.testing.assert_allclose(fused, expected)


def test_score_fusion_scales_each_arm_over_the_candidates():
    found = scaled(np.array([[2.0, 6.0, 100.0, 4.0]]), "score", 60, [frozenset({2})])
    np.testing.assert_allclose(found, [[0.0, 1.0, 0.0, 0.5]])
    np.testing.assert_allclose(scaled(np.full((1, 3), 7.0), "score", 60, [frozenset()]), np.zeros((1, 3)))


def test_candidates_hold_each_single_arm():
    options = candidates(["dense", "bm25"], step=0.25)
    assert len(options) == 4 * 5
    assert all(sum(option.weights.values()) == pytest.approx(1) for option in options)
    assert any(option.weights == {"dense": 0.0, "bm25": 1.0} for option in options)


def test_fusion_beats_either_arm_where_they_complete_each_other():
    task, arms = make_set("one", 3)
    fit = fit_fusion([task], [arms])
    best_arm = max(score_rankings(arm, task, scores).ndcg.mean() for arm, scores in arms.items())
    assert fit.held_out["one"].ndcg.mean() > best_arm + 0.02


def test_weights_of_a_fold_do_not_depend_on_its_queries():
    pairs = [make_set("one", 1), make_set("two", 2)]
    tasks, arms = [task for task, _ in pairs], [found for _, found in pairs]
    before = fit_fusion(tasks, arms, folds=FOLDS, seed=9)
    # The folds are dealt per set, in order, from one generator with this seed.
    generator = np.random.default_rng(9)
    dealt = [generator.permutation(np.arange(QUERIES) % FOLDS) for _ in tasks]
    changed = 0
    for fold in range(FOLDS):
        spoiled = []
        for task, fold_of in zip(tasks, dealt, strict=True):
            relevant = [
                frozenset({(min(found) + 17) % DOCUMENTS}) if fold_of[query] == fold else found
                for query, found in enumerate(task.relevant)
            ]
            spoiled.append(dataclasses.replace(task, relevant=tuple(relevant)))
        after = fit_fusion(spoiled, arms, folds=FOLDS, seed=9)
        assert after.folds[fold] == before.folds[fold]
        changed += after.folds != before.folds
    # The same change does reach the folds that learn from those queries, so the test above can fail.
    assert changed > 0


def test_each_set_counts_the_same_whatever_its_size():
    task, arms = make_set("large", 4)
    small = RetrievalSet("small", ("q",), ("a", "b"), (frozenset({0}),), (frozenset(),), ("", ""))
    # In the small set only bm25 is right; in a pooled mean its one query would not count.
    small_arms = {"dense": np.array([[0.0, 1.0]]), "bm25": np.array([[1.0, 0.0]])}
    dense_only = {**arms, "bm25": np.zeros_like(arms["bm25"])}
    options = [FusionWeights({"dense": 1.0, "bm25": 0.0}), FusionWeights({"dense": 0.0, "bm25": 1.0})]
    fit = fit_fusion([task, small], [dense_only, small_arms], options, folds=2)
    means = [
        np.mean(
            [
                score_rankings("x", t, fuse(a, o, t.exclude)).ndcg.mean()
                for t, a in ((task, dense_only), (small, small_arms))
            ]
        )
        for o in options
    ]
    assert fit.weights == options[int(np.argmax(means))]


def test_fusion_json_round_trip(tmp_path):
    weights = FusionWeights({"dense": 0.6, "bm25": 0.4}, "score", 60)
    path = tmp_path / "fusion.json"
    weights.save(path, figures={"bva_rule_to_rule": 0.5})
    content = json.loads(path.read_text())
    assert content["dense"] == 0.6
    assert content["method"] == "score"
    assert FusionWeights.from_dict(content) == weights


def test_bad_weights_and_missing_arms_are_refused():
    with pytest.raises(InputError, match="0 or more"):
        FusionWeights({"dense": -1.0})
    with pytest.raises(InputError, match="rrf and score"):
        FusionWeights({"dense": 1.0}, "sum")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no scores for bm25"):
        fuse({"dense": np.ones((1, 2))}, FusionWeights({"dense": 0.5, "bm25": 0.5}), [frozenset()])
