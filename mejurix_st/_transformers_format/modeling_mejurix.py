"""Model code of the `mejurix` model type."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from .configuration_mejurix import MejurixConfig


class MejurixModel(PreTrainedModel):
    """Encoder and projection: `last_hidden_state` is (batch, tokens, projection_dim).

    Its first row, the CLS token's, is the text's embedding before normalising; `pooler_output` is the same
    row at unit length. With `entity_type_ids` (batch,), the type's vector is added to every row; -1 adds
    nothing.
    """

    config_class = MejurixConfig
    base_model_prefix = "mejurix"
    main_input_name = "input_ids"
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: MejurixConfig) -> None:
        super().__init__(config)
        inner = config.encoder_config()
        self.encoder = AutoModel.from_config(inner)
        width = getattr(inner, "dim", None) or inner.hidden_size
        self.projection = nn.Linear(width, config.projection_dim)
        if config.num_entity_types:
            self.entity_type_embedding = nn.Embedding(config.num_entity_types, config.entity_type_dim)
            self.entity_type_projection = nn.Linear(config.entity_type_dim, config.projection_dim)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The word embeddings."""
        return self.encoder.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replaces the word embeddings."""
        self.encoder.set_input_embeddings(value)

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        entity_type_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPooling | tuple[torch.Tensor, ...]:
        """Projects every token's last hidden state.

        Args:
            input_ids: (batch, tokens) int64.
            attention_mask: (batch, tokens), 1 for tokens, 0 for padding.
            token_type_ids: (batch, tokens) int64; used where the encoder has token types.
            entity_type_ids: (batch,) int64, 0 to 9, -1 for no type; only for models with an entity table.
            inputs_embeds: (batch, tokens, hidden) float, instead of `input_ids`.
            return_dict: False for a plain tuple.
            **kwargs: passed to the encoder.
        """
        if token_type_ids is not None and self.encoder.config.model_type != "distilbert":
            kwargs["token_type_ids"] = token_type_ids
        output = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            inputs_embeds=inputs_embeds,
            return_dict=True,
            **kwargs,
        )
        states = self.projection(output.last_hidden_state)
        if entity_type_ids is not None:
            if not self.config.num_entity_types:
                raise ValueError("This model has no entity table; call it without entity_type_ids.")
            term = self.entity_type_projection(self.entity_type_embedding(entity_type_ids.clamp(min=0)))
            given = (entity_type_ids >= 0)[:, None, None]
            states = torch.where(given, states + term[:, None, :], states)
        pooled = nn.functional.normalize(states[:, 0], dim=-1)
        if return_dict is False:
            return states, pooled
        return BaseModelOutputWithPooling(
            last_hidden_state=states,
            pooler_output=pooled,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
        )
