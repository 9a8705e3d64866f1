"""The original model's entity term: a vector per entity type, added before the vector is normalised."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn

from mejurix_st.modules.stored_module import StoredModule
from mejurix_st.modules.typed_text import entity_type_id
from mejurix_st.types import EntityType


class EntityConditioning(StoredModule):
    """Adds `entity_type_projection(entity_type_embedding(type))` to the vector of each text that has a type.

    It stands after Dense and before Normalize, which gives the original model's formula
    `normalize(projection(CLS) + entity_type_projection(entity_type_embedding(type)))`. A text with no type is
    left as it is. The type `NONE` is a type too: it adds row 0 of the table, as in the original.

    Args:
        num_types: rows of the type table.
        type_dim: columns of the type table.
        out_features: size of the embedding.
    """

    config_keys: ClassVar[list[str]] = ["num_types", "type_dim", "out_features"]  # type: ignore[misc]
    forward_kwargs: ClassVar[set[str]] = {"entity_type"}  # type: ignore[misc]

    def __init__(self, num_types: int = len(EntityType), type_dim: int = 64, out_features: int = 256) -> None:
        super().__init__()
        self.num_types = num_types
        self.type_dim = type_dim
        self.out_features = out_features
        self.entity_type_embedding = nn.Embedding(num_types, type_dim)
        self.entity_type_projection = nn.Linear(type_dim, out_features)

    def forward(
        self, features: dict[str, Any], entity_type: EntityType | str | int | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Conditions `features["sentence_embedding"]`: (batch, out_features) float.

        Args:
            features: with `entity_type_ids`: (batch,) int64, -1 for none, where the texts carry types.
            entity_type: type of all texts of the call that carry none of their own.
            **kwargs: other modules' arguments; ignored.

        Returns:
            The same dictionary.
        """
        del kwargs
        embedding = features["sentence_embedding"]
        ids = features.get("entity_type_ids")
        if ids is None:
            ids = torch.full(embedding.shape[:1], -1, dtype=torch.long)
        ids = ids.to(embedding.device)
        if entity_type is not None:
            ids = torch.where(ids < 0, entity_type_id(entity_type), ids)
        term = self.entity_type_projection(self.entity_type_embedding(ids.clamp(min=0)))
        features["sentence_embedding"] = torch.where((ids >= 0).unsqueeze(-1), embedding + term, embedding)
        return features

    def get_embedding_dimension(self) -> int:
        """Size of the embedding."""
        return self.out_features
