"""The encoder module of entity-conditioned models."""

from __future__ import annotations

from typing import Any

import torch
from sentence_transformers.base.modules import Transformer

from mejurix_st.modules.typed_text import TypedText, entity_type_id

NO_TYPE = -1


class EntityTransformer(Transformer):
    """A stock Transformer that also passes on the entity type of each text, as the feature `entity_type_ids`.

    The encoder itself does not see the types; `EntityConditioning` uses them after the Dense module.
    """

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
