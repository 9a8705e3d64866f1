"""The same measures as sentence-transformers evaluators, for use inside its trainer.

Each returns a dictionary, names its `primary_metric`, and encodes with the model as it stands at that step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from sentence_transformers.base.evaluation import BaseEvaluator

from mejurix_st.evaluation.encoders import CachedEncoder, from_sentence_transformer
from mejurix_st.evaluation.geometry import effective_rank, mean_random_cosine
from mejurix_st.evaluation.pairs import TripleLike, mean_of, score_triples
from mejurix_st.evaluation.retrieval import PASSAGE_TOKENS, embed_task, score_rankings
from mejurix_st.evaluation.triples import triple_sets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.model import BaseModel

    from mejurix_st.evaluation.data import RetrievalSet


class _Evaluator(BaseEvaluator):
    """Common part: wraps the model, prefixes and stores the metrics."""

    def __init__(self, name: str, primary_metric: str, batch_size: int) -> None:
        super().__init__()
        self.name = name
        self.primary_metric = primary_metric
        self.batch_size = batch_size

    def measure(self, encoder: CachedEncoder) -> dict[str, float]:
        """The metrics, without the evaluator's name before them."""
        raise NotImplementedError

    def __call__(
        self,
        model: BaseModel,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> dict[str, float]:
        """Measures the model; nothing is written to `output_path`, the trainer logs the metrics itself."""
        encoder = from_sentence_transformer(
            cast("SentenceTransformer", model), "model", self.batch_size, progress=False
        )
        metrics: dict[str, float] = self.prefix_name_to_metrics(self.measure(encoder), self.name)
        self.store_metrics_in_model_card_data(model, metrics, epoch, steps)
        return metrics


class MejurixTripletEvaluator(_Evaluator):
    """Relation types and axes: AUC against hard negatives, accuracy, margin, mean cosine of positives.

    Args:
        triples: sets of triples by name and language; the development sets if not given.
        name: goes before each metric.
        batch_size: texts per forward pass.
    """

    def __init__(
        self,
        triples: Mapping[tuple[str, str], Sequence[TripleLike]] | None = None,
        name: str = "mejurix",
        batch_size: int = 32,
    ) -> None:
        super().__init__(name, "auc_hard", batch_size)
        self.triples = dict(triples) if triples is not None else development_triples()

    def measure(self, encoder: CachedEncoder) -> dict[str, float]:
        """Per set and language, and the means over sets."""
        scores = [score_triples(encoder, found, *key) for key, found in self.triples.items()]
        metrics = {
            "auc_hard": mean_of(scores, "auc_hard"),
            "auc_unrelated": mean_of([item for item in scores if item.random.size], "auc_random"),
            "accuracy": mean_of(scores, "accuracy"),
            "margin": mean_of(scores, "margin"),
        }
        for item in scores:
            prefix = f"{item.name}_{item.language}"
            metrics[f"{prefix}_auc_hard"] = item.auc_hard
            metrics[f"{prefix}_accuracy"] = item.accuracy
            metrics[f"{prefix}_mean_positive"] = item.mean_positive
        return metrics


class MejurixRetrievalEvaluator(_Evaluator):
    """nDCG@10 and recall@10 on retrieval sets, long documents by their best passage.

    Args:
        tasks: the sets.
        name: goes before each metric.
        batch_size: texts per forward pass.
        passage_tokens: most tokens of a passage.
    """

    def __init__(
        self,
        tasks: Sequence[RetrievalSet],
        name: str = "mejurix",
        batch_size: int = 32,
        passage_tokens: int = PASSAGE_TOKENS,
    ) -> None:
        super().__init__(name, "ndcg@10", batch_size)
        self.tasks = tuple(tasks)
        self.passage_tokens = passage_tokens

    def measure(self, encoder: CachedEncoder) -> dict[str, float]:
        """Per set, and the means over sets."""
        metrics: dict[str, float] = {"ndcg@10": 0.0}
        results = []
        for task in self.tasks:
            embedded = embed_task(encoder, task, passage_tokens=self.passage_tokens)
            results.append(score_rankings("model", task, embedded.scores()))
            metrics[f"{task.name}_ndcg@10"] = float(results[-1].ndcg.mean())
            metrics[f"{task.name}_recall@10"] = float(results[-1].recall.mean())
        metrics["ndcg@10"] = float(np.mean([result.ndcg.mean() for result in results]))
        return metrics


class MejurixGeometryEvaluator(_Evaluator):
    """Mean cosine of random pairs and effective rank: the guard against collapse.

    Args:
        texts: different texts, two or more.
        name: goes before each metric.
        batch_size: texts per forward pass.
    """

    def __init__(self, texts: Sequence[str], name: str = "mejurix", batch_size: int = 32) -> None:
        super().__init__(name, "mean_random_cosine", batch_size)
        self.texts = tuple(texts)
        self.greater_is_better = False

    def measure(self, encoder: CachedEncoder) -> dict[str, float]:
        """The two measures."""
        vectors = encoder.encode(self.texts, "document")
        return {"mean_random_cosine": mean_random_cosine(vectors), "effective_rank": effective_rank(vectors)}


def development_triples() -> dict[tuple[str, str], Sequence[TripleLike]]:
    """All relation and axis sets in both languages, by name and language."""
    return {(item.name, item.language): item.load() for item in triple_sets()}
