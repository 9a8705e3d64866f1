"""Configuration of the `mejurix` model type."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, PretrainedConfig


class MejurixConfig(PretrainedConfig):
    """An encoder, a projection of every token, and optionally a table of entity types.

    Args:
        encoder: the encoder's own configuration, as a dictionary with its `model_type`.
        projection_dim: size of the vectors that come out.
        num_entity_types: rows of the entity table; 0 for none.
        entity_type_dim: columns of the entity table.
        **kwargs: the general settings of a transformers configuration.
    """

    model_type = "mejurix"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        projection_dim: int = 256,
        num_entity_types: int = 0,
        entity_type_dim: int = 64,
        **kwargs: Any,
    ) -> None:
        self.encoder = dict(encoder) if encoder else {"model_type": "distilbert"}
        self.projection_dim = projection_dim
        self.num_entity_types = num_entity_types
        self.entity_type_dim = entity_type_dim
        inner = self.encoder_config()
        kwargs.setdefault("vocab_size", inner.vocab_size)
        kwargs.setdefault("max_position_embeddings", inner.max_position_embeddings)
        kwargs.setdefault("pad_token_id", inner.pad_token_id)
        kwargs.setdefault("hidden_size", projection_dim)
        super().__init__(**kwargs)

    def encoder_config(self) -> PretrainedConfig:
        """The encoder's configuration as an object."""
        return AutoConfig.for_model(**self.encoder)
