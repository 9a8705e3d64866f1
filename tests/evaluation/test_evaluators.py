from __future__ import annotations

import copy

import pytest

from mejurix_st.evaluation.data import RetrievalSet
from mejurix_st.evaluation.encoders import from_sentence_transformer
from mejurix_st.evaluation.evaluators import (
    MejurixGeometryEvaluator,
    MejurixRetrievalEvaluator,
    MejurixTripletEvaluator,
)
from mejurix_st.evaluation.pairs import score_triples
from mejurix_st.evaluation.triples import Triple

TRIPLES = [
    Triple(
        "1", "lumbar fracture diagnosed", "spinal fracture", "no fracture", "medical", ("fracture",), "no"
    ),
    Triple("2", "surgery denied", "no surgery", "surgery", "medical", ("surgery",), "no"),
    Triple("3", "환자 통증 없음", "통증 없다", "환자 통증", "medical", ("통증",), "없음"),
]
TASK = RetrievalSet(
    "small",
    ("lumbar fracture", "claim denied"),
    ("the patient has a lumbar fracture", "the claim was denied by the court", "severe pain"),
    (frozenset({0}), frozenset({1})),
    (frozenset(), frozenset()),
    ("", "", ""),
)


def test_triplet_evaluator_agrees_with_the_measures(tiny_model):
    model = copy.deepcopy(tiny_model)
    evaluator = MejurixTripletEvaluator({("negation", "en"): TRIPLES}, name="dev")
    metrics = evaluator(model)
    scores = score_triples(from_sentence_transformer(model, "tiny"), TRIPLES, "negation", "en")
    assert evaluator.primary_metric == "dev_auc_hard"
    assert metrics["dev_auc_hard"] == pytest.approx(scores.auc_hard)
    assert metrics["dev_negation_en_accuracy"] == pytest.approx(scores.accuracy)


def test_development_triples_are_the_default():
    evaluator = MejurixTripletEvaluator()
    assert ("negation", "en") in evaluator.triples
    assert ("disease_medication", "ko") in evaluator.triples


def test_geometry_evaluator_prefers_less(tiny_model):
    evaluator = MejurixGeometryEvaluator(["fracture", "trial", "claim", "pain"], name="dev")
    metrics = evaluator(copy.deepcopy(tiny_model))
    assert not evaluator.greater_is_better
    assert -1 <= metrics[evaluator.primary_metric] <= 1
    assert 1 <= metrics["dev_effective_rank"] <= 4


def test_evaluators_inside_a_training_run(tiny_model, tmp_path):
    datasets = pytest.importorskip("datasets", reason="the train extra is not installed")
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.base.evaluation import SequentialEvaluator
    from sentence_transformers.sentence_transformer.losses import TripletLoss

    model = copy.deepcopy(tiny_model)
    rows = {
        "anchor": [item.anchor for item in TRIPLES],
        "positive": [item.positive for item in TRIPLES],
        "negative": [item.negative for item in TRIPLES],
    }
    evaluator = SequentialEvaluator(
        [
            MejurixTripletEvaluator({("negation", "en"): TRIPLES}, name="dev"),
            MejurixRetrievalEvaluator([TASK], name="dev"),
        ]
    )
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path),
        max_steps=4,
        per_device_train_batch_size=3,
        learning_rate=5e-3,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        seed=1,
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=datasets.Dataset.from_dict(rows),
        loss=TripletLoss(model),
        evaluator=evaluator,
    )
    before = evaluator(model)
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "eval_dev_auc_hard" in entry]
    assert [entry["step"] for entry in logged] == [2, 4]
    assert all(0 <= entry["eval_dev_ndcg@10"] <= 1 for entry in logged)
    # Each step measures the model as it then stands, not vectors kept from an earlier one.
    margins = [before["dev_margin"], *(entry["eval_dev_margin"] for entry in logged)]
    assert len(set(margins)) == 3
