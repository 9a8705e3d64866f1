"""The encoder modules of models that know of entities: what they pass on beside the stock features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sentence_transformers.base.modules import Transformer

from mejurix_st.entities.assertion import assert_spans
from mejurix_st.entities.token_words import project_terms
from mejurix_st.modules.typed_text import TypedText, entity_type_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mejurix_st.entities import Assertion, Recognizer
    from mejurix_st.types import EntitySpan

NO_TYPE = -1
#: What a text says of an entity, as one row of a table; family stands for everyone but the patient.
STATUSES = ("present", "absent", "possible", "hypothetical", "historical", "family")
SEVERITIES = 6  # none said, then grades 0 (trivial) to 4 (profound)
SIDES = ("", "left", "right", "bilateral", "unilateral")
#: Columns of the feature `entity_labels`: number of the span from 1, type, status, severity, side.
LABELS = 5


class EntityTransformer(Transformer):
    """A stock Transformer that also passes on the entity type of each text, as the feature `entity_type_ids`.

    The encoder itself does not see the types; `EntityConditioning` uses them after the Dense module.
    """

    @classmethod
    def around(cls, transformer: Transformer) -> Self:
        """The same encoder as a module of this class; weights and tokenizer are shared, not copied."""
        made = cls.__new__(cls)
        made.__dict__.update(transformer.__dict__)
        made._modules = dict(transformer._modules)  # another encoder put in its place stays out of the first
        return made

    def preprocess(  # type: ignore[override]
        self, inputs: list[Any], prompt: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Tokenises texts and adds their types.

        Args:
            inputs: texts; a `TypedText` has a type, any other text has none.
            prompt: put before each text.
            **kwargs: passed to the stock module.

        Returns:
            The stock features, and `entity_type_ids`: (batch,) int64, -1 where no type is given.
        """
        features = super().preprocess(inputs, prompt=prompt, **kwargs)
        ids = [entity_type_id(t.entity_type) if isinstance(t, TypedText) else NO_TYPE for t in inputs]
        features["entity_type_ids"] = torch.tensor(ids, dtype=torch.long)
        return features


class EntitySpanTransformer(EntityTransformer):
    """A Transformer that finds the entities of each text and marks their tokens, for `EntityAttention`.

    Entities come from the project's own vocabulary, the same on every machine whatever extras are installed,
    so that a text has one vector. What the text says of each is decided by `assert_spans`.

    Attributes:
        recognizer: another recogniser in its place; it is not saved with the model.
    """

    recognizer: Recognizer | None = None

    def read(self, texts: Sequence[str]) -> list[tuple[list[EntitySpan], list[Assertion]]]:
        """Entities of each text, and what it says of them."""
        found = (self.recognizer or project_terms())(texts)
        return [(spans, assert_spans(text, spans)) for text, spans in zip(texts, found, strict=True)]

    def preprocess(  # type: ignore[override]
        self, inputs: list[Any], prompt: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Tokenises texts and marks the tokens of their entities.

        Args:
            inputs: texts.
            prompt: put before each text; entities are looked for in the text alone.
            **kwargs: passed to the stock module.

        Returns:
            The features of `EntityTransformer`, and `entity_labels`: (batch, tokens, 5) int64, the columns
            being number of the span (from 1, in the order of `read`), type, status, severity and side; all 0
            for a token of no entity.
        """
        own = dict(kwargs.pop("processing_kwargs", None) or {})
        own["text"] = {**own.get("text", {}), "return_offsets_mapping": True}
        features = super().preprocess(inputs, prompt=prompt, processing_kwargs=own, **kwargs)
        if "offset_mapping" not in features:  # no inputs, or inputs that are no texts
            return features
        offsets = np.asarray(features.pop("offset_mapping"), dtype=np.int64)
        texts = [text if isinstance(text, str) else "" for text in inputs]
        rows = [
            label_tokens(offset - len(prompt or ""), spans, assertions)
            for offset, (spans, assertions) in zip(offsets, self.read(texts), strict=True)
        ]
        features["entity_labels"] = torch.from_numpy(np.stack(rows))
        return features

    def _should_flatten_inputs(self, *args: Any, **kwargs: Any) -> bool:
        """Never: labels stand beside padded tokens."""
        del args, kwargs
        return False


def label_tokens(
    offsets: NDArray[np.int64], spans: Sequence[EntitySpan], assertions: Sequence[Assertion]
) -> NDArray[np.int64]:
    """Marks the tokens that share a character with an entity.

    Args:
        offsets: (tokens, 2) half-open offsets into the text; a token that ends at 0 or before (of the prompt,
            special, padding) belongs to none, as does an empty one.
        spans: entities in order of start, without overlaps.
        assertions: one for each span.

    Returns:
        (tokens, 5) int64; see `EntitySpanTransformer.preprocess`.
    """
    labels = np.zeros((len(offsets), LABELS), np.int64)
    if not spans:
        return labels
    starts = np.array([span.start for span in spans])
    ends = np.array([span.end for span in spans])
    table = np.array(
        [
            (number, span.type.id, *assertion_labels(said))
            for number, (span, said) in enumerate(zip(spans, assertions, strict=True), start=1)
        ]
    )
    start, end = offsets[:, 0], offsets[:, 1]
    last = np.searchsorted(starts, end) - 1  # the last span that starts before the token ends
    inside = (last >= 0) & (end > np.maximum(start, 0)) & (ends[last] > start)
    labels[inside] = table[last[inside]]
    return labels


def assertion_labels(said: Assertion) -> tuple[int, int, int]:
    """Rows of status, severity and side for an assertion."""
    status: str = said.status
    if said.experiencer != "patient":
        status = "family"
    elif said.time == "historical" and status == "present":
        status = "historical"
    side = SIDES.index(said.laterality) if said.laterality in SIDES else 0
    return STATUSES.index(status), 0 if said.severity is None else said.severity + 1, side
