"""Entity-enhanced attention: the pooled vector looks once more at the tokens of the entities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from sentence_transformers.util import batch_to_device
from torch import nn
from torch.nn import functional

from mejurix_st.errors import InputError
from mejurix_st.modules.entity_transformer import SEVERITIES, SIDES, STATUSES, EntitySpanTransformer
from mejurix_st.modules.stored_module import StoredModule
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer

    from mejurix_st.entities import Assertion
    from mejurix_st.types import EntitySpan

_START = 0.1  # standard deviation of the tables at the start; the states beside them have 1
_BATCH = 32


class EntityAttention(StoredModule):
    """Gated cross-attention from the pooled vector over the tokens of entities.

    It stands after Pooling, behind an `EntitySpanTransformer`. Keys and values are the entities' token states
    with a vector for the entity's type and for what is said of it (status, severity, side). What is read is
    added to the pooled vector times `tanh(gate)`. The gate starts at 0 (as in Alayrac et al. 2022,
    "Flamingo"), so an untrained module leaves every vector as it is. So does a text without entities, always.

    Args:
        in_features: size of token states and pooled vector.
        num_heads: heads of the attention.
        head_features: size of a head.
    """

    config_keys: ClassVar[list[str]] = ["in_features", "num_heads", "head_features"]  # type: ignore[misc]

    def __init__(self, in_features: int = 384, num_heads: int = 4, head_features: int = 64) -> None:
        super().__init__()
        self.in_features = in_features
        self.num_heads = num_heads
        self.head_features = head_features
        inner = num_heads * head_features
        self.type_embedding = nn.Embedding(len(EntityType), in_features)
        self.status_embedding = nn.Embedding(len(STATUSES), in_features)
        self.severity_embedding = nn.Embedding(SEVERITIES, in_features)
        self.side_embedding = nn.Embedding(len(SIDES), in_features)
        for table in self._tables():
            nn.init.normal_(table.weight, std=_START)
        self.query = nn.Linear(in_features, inner)
        self.key = nn.Linear(in_features, inner, bias=False)  # a bias would be the same for all keys
        self.value = nn.Linear(in_features, inner)
        self.output = nn.Linear(inner, in_features, bias=False)
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds what the entities say to `features["sentence_embedding"]`: (batch, in_features) float.

        Args:
            features: with `token_embeddings`: (batch, tokens, in_features), and `entity_labels`: (batch,
                tokens, 5) int64.
            **kwargs: other modules' arguments; ignored.

        Returns:
            The same dictionary.

        Raises:
            InputError: there are no labels, or they do not fit the tokens.
        """
        del kwargs
        states, labels = features["token_embeddings"], features.get("entity_labels")
        if labels is None or labels.shape[:2] != states.shape[:2]:
            found = "none" if labels is None else f"shape {tuple(labels.shape)}"
            raise InputError(
                f"EntityAttention needs entity_labels for tokens {tuple(states.shape[:2])}, got {found}; "
                "the first module must be a mejurix_st.modules.EntitySpanTransformer."
            )
        features["sentence_embedding"], _ = self.attend(features["sentence_embedding"], states, labels)
        return features

    def attend(
        self, pooled: torch.Tensor, states: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The attention itself.

        Args:
            pooled: (batch, in_features).
            states: (batch, tokens, in_features).
            labels: (batch, tokens, 5) int64; tokens whose first column is 0 are not looked at.

        Returns:
            The new pooled vectors, as `pooled`, and the weights: (batch, heads, tokens) float, which sum to
            1 over the entity tokens of a text, and are 0 for a text without any.
        """
        kind = self.gate.dtype
        numbers, *columns = labels.unbind(-1)
        mask = numbers > 0
        keys = functional.layer_norm(states.to(kind), (self.in_features,))
        for table, column in zip(self._tables(), columns, strict=True):
            keys = keys + table(column)
        query = self.query(functional.layer_norm(pooled.to(kind), (self.in_features,)))
        query = query.unflatten(-1, (self.num_heads, self.head_features))
        # With one query to a text it is cheaper to take the key's matrix to the query than to all tokens, and
        # the value's matrix to the mean than to what it is the mean of.
        shape = (self.num_heads, self.head_features)
        turned = torch.einsum("bhd,hdi->bhi", query, self.key.weight.unflatten(0, shape))
        scores = torch.einsum("bhi,bti->bht", turned, keys) / math.sqrt(self.head_features)
        scores = scores.masked_fill(~mask[:, None], torch.finfo(kind).min)
        weights = scores.softmax(-1) * mask[:, None]
        mean = torch.einsum("bht,bti->bhi", weights, keys)
        values = torch.einsum("bhi,hdi->bhd", mean, self.value.weight.unflatten(0, shape))
        values = values + self.value.bias.unflatten(0, shape)
        change = torch.tanh(self.gate) * self.output(values.flatten(1))
        changed = pooled + change.to(pooled.dtype)
        return torch.where(mask.any(-1, keepdim=True), changed, pooled), weights

    def get_embedding_dimension(self) -> int:
        """Size of the pooled vector, which stays."""
        return self.in_features

    def _tables(self) -> tuple[nn.Embedding, ...]:
        """In the order of the labels' columns after the first."""
        return self.type_embedding, self.status_embedding, self.severity_embedding, self.side_embedding


@dataclass(frozen=True, slots=True)
class EntityWeight:
    """How much an entity had to say in a text's vector.

    Attributes:
        span: the entity, with offsets into the text.
        assertion: what the text says of it.
        weight: its share of the attention, mean over heads, [0, 1]; the shares of a text sum to 1. 0 for an
            entity beyond the encoder's longest input.
    """

    span: EntitySpan
    assertion: Assertion
    weight: float


def explain_entities(
    model: SentenceTransformer, texts: Sequence[str], *, prompt_name: str | None = "document"
) -> list[list[EntityWeight]]:
    """Reads the attention over each text's entities, to show what a match rests on.

    Args:
        model: a stack with an `EntitySpanTransformer` and an `EntityAttention`.
        texts: source texts.
        prompt_name: "query", "document", or None for no prompt.

    Returns:
        One list per text: its entities in order of start. Whatever the weights, a gate of 0 means that the
        vector does not depend on them: see `EntityAttention.gate`.

    Raises:
        InputError: the model has no entity attention.
    """
    modules = list(model)
    place = next((i for i, module in enumerate(modules) if isinstance(module, EntityAttention)), None)
    if place is None or not isinstance(modules[0], EntitySpanTransformer):
        raise InputError(
            "explain_entities needs a model with EntitySpanTransformer and EntityAttention; it got "
            f"{', '.join(type(module).__name__ for module in modules)}."
        )
    reader, attention = modules[0], modules[place]
    assert isinstance(attention, EntityAttention)  # noqa: S101 - chosen so above; for the type checker
    prompt = (model.prompts or {}).get(prompt_name) if prompt_name else None
    device = next(model.parameters()).device
    explained = []
    for first in range(0, len(texts), _BATCH):
        batch = list(texts[first : first + _BATCH])
        features = batch_to_device(reader.preprocess(batch, prompt=prompt), device)
        with torch.inference_mode():
            for module in modules[:place]:
                features = module(features)
            labels = features["entity_labels"]
            _, weights = attention.attend(
                features["sentence_embedding"], features["token_embeddings"], labels
            )
        for (spans, said), numbers, shares in zip(
            reader.read(batch), labels[..., 0], weights.mean(1), strict=True
        ):
            total = shares.new_zeros(len(spans) + 1).index_add(0, numbers, shares)[1:].tolist()
            explained.append([EntityWeight(*row) for row in zip(spans, said, total, strict=True)])
    return explained
