"""Other recognizers behind the same protocol: spaCy, and Hugging Face token classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mejurix_st.entities.protocol import without_overlaps
from mejurix_st.errors import InputError, MissingExtraError
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Labels of widely used medical models, upper case without B-/I- → this project's types.
DEFAULT_LABELS: dict[str, EntityType] = {
    **{entity_type.value: entity_type for entity_type in EntityType if entity_type is not EntityType.NONE},
    "CHEMICAL": EntityType.MEDICATION,
    "DRUG": EntityType.MEDICATION,
    "PROBLEM": EntityType.DISEASE,
    "TEST": EntityType.DIAGNOSIS,
    "DIAGNOSTIC_PROCEDURE": EntityType.DIAGNOSIS,
    "SIGN_SYMPTOM": EntityType.SYMPTOM,
    "DISEASE_DISORDER": EntityType.DISEASE,
    "THERAPEUTIC_PROCEDURE": EntityType.TREATMENT,
    "PROCEDURE": EntityType.TREATMENT,
    "LAW": EntityType.LEGAL_TERM,
    "MONEY": EntityType.COMPENSATION,
}


class SpacyRecognizer:
    """A spaCy pipeline with entities (a model, or a blank pipeline with an entity ruler) as a recognizer."""

    def __init__(
        self, pipeline: Any, labels: Mapping[str, EntityType] | None = None, *, batch_size: int = 64
    ) -> None:
        """Take a loaded pipeline, or the name or path of an installed one.

        Args:
            pipeline: a `spacy.language.Language`, or what `spacy.load` takes.
            labels: pipeline label → entity type; labels that are not in it are left out. `DEFAULT_LABELS`
                when None.
            batch_size: texts a batch.

        Raises:
            MissingExtraError: spaCy is not installed.
        """
        if isinstance(pipeline, str):
            try:
                import spacy
            except ImportError as error:
                raise MissingExtraError("The spaCy recognizer", "ner") from error
            pipeline = spacy.load(pipeline)
        self._pipeline = pipeline
        self._labels = _upper(labels)
        self._batch_size = batch_size

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text; see `mejurix_st.entities.Recognizer`."""
        results = []
        for text, document in zip(
            texts, self._pipeline.pipe(texts, batch_size=self._batch_size), strict=True
        ):
            found = [
                _span(text, entity.start_char, entity.end_char, entity_type)
                for entity in document.ents
                if (entity_type := self._labels.get(entity.label_.upper()))
            ]
            results.append(without_overlaps(found))
        return results


class TokenClassificationRecognizer:
    """A Hugging Face token-classification model as a recognizer."""

    def __init__(
        self, model: Any, labels: Mapping[str, EntityType] | None = None, *, minimum_score: float = 0.5
    ) -> None:
        """Take a transformers pipeline, or the name or path of a model.

        Args:
            model: a `transformers` token-classification pipeline with `aggregation_strategy` set, or a
                local model's name or path.
            labels: model label (without B- or I-) → entity type. `DEFAULT_LABELS` when None.
            minimum_score: leave out entities below this score, in [0, 1].

        Raises:
            InputError: `minimum_score` is outside [0, 1].
        """
        if not 0 <= minimum_score <= 1:
            raise InputError(f"Got minimum_score={minimum_score}; wanted a number from 0 to 1.")
        if isinstance(model, str):
            from transformers import pipeline

            model = pipeline("token-classification", model=model, aggregation_strategy="simple")
        self._model = model
        self._labels = _upper(labels)
        self._minimum = minimum_score

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text; see `mejurix_st.entities.Recognizer`."""
        results = []
        for text in texts:
            found = []
            for entity in self._model(text) if text.strip() else []:
                label = str(entity.get("entity_group") or entity.get("entity", "")).upper()
                label = label[2:] if label[:2] in ("B-", "I-", "E-", "S-") else label
                entity_type = self._labels.get(label)
                score = float(entity["score"])
                if entity_type and score >= self._minimum:
                    found.append(_span(text, int(entity["start"]), int(entity["end"]), entity_type, score))
            results.append(without_overlaps(found))
        return results


def _upper(labels: Mapping[str, EntityType] | None) -> dict[str, EntityType]:
    """Label table with upper-case keys."""
    return {
        label.upper(): EntityType(kind)
        for label, kind in (DEFAULT_LABELS if labels is None else labels).items()
    }


def _span(text: str, start: int, end: int, entity_type: EntityType, score: float = 1.0) -> EntitySpan:
    """A span without the white space that some tokenizers leave at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    surface = text[start:end]
    return EntitySpan(
        start, end, surface, entity_type, " ".join(surface.lower().split()), "", min(score, 1.0)
    )
