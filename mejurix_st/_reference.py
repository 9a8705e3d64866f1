"""The original forward pass in plain torch, from the stored tensors alone.

It shares no code with `transformers` or sentence-transformers, so that agreement means something. Post-norm
transformer encoder after Devlin et al. 2019 (BERT) and Sanh et al. 2019 (DistilBERT), in float64.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from mejurix_st.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mejurix_st._legacy import Architecture

_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": functional.gelu,
    "relu": functional.relu,
    "gelu_new": lambda x: functional.gelu(x, approximate="tanh"),
}


def check_activation(name: str) -> None:
    """Refuses an activation that the formula does not know."""
    if name not in _ACTIVATIONS:
        raise CheckpointError(f"The encoder's activation is {name!r}; known are {', '.join(_ACTIVATIONS)}.")


def embed(
    tensors: Mapping[str, torch.Tensor],
    architecture: Architecture,
    input_ids: Sequence[int],
    *,
    heads: int,
    activation: str = "gelu",
    eps: float = 1e-12,
    entity_type: int | None = None,
) -> torch.Tensor:
    """One text's embedding by the original formula.

    Args:
        tensors: encoder, projection and, for an entity type, the entity table, by canonical name.
        architecture: the names of the layer's parts.
        input_ids: token ids, special tokens included, no padding.
        heads: attention heads.
        activation: of the feed-forward part.
        eps: of the layer norms.
        entity_type: row of the type table, or None for no type.

    Returns:
        (dimension,) float64 of unit norm.
    """
    cls = _encode(tensors, architecture, input_ids, heads, activation, eps)[0]
    vector = _linear(tensors, "projection", cls)
    if entity_type is not None:
        row = tensors["entity_type_embedding.weight"][entity_type].double()
        vector = vector + _linear(tensors, "entity_type_projection", row)
    return vector / vector.norm()


def _encode(
    tensors: Mapping[str, torch.Tensor],
    a: Architecture,
    input_ids: Sequence[int],
    heads: int,
    activation: str,
    eps: float,
) -> torch.Tensor:
    """(tokens, hidden) float64: the last layer's output."""
    ids = torch.tensor(list(input_ids))
    x = tensors["embeddings.word_embeddings.weight"][ids].double()
    x = x + tensors["embeddings.position_embeddings.weight"][: len(ids)].double()
    if a.token_types:
        x = x + tensors["embeddings.token_type_embeddings.weight"][0].double()
    x = _norm(tensors, "embeddings.LayerNorm", x, eps)
    layer = 0
    while f"{a.layer.format(layer)}{a.query}.weight" in tensors:
        at = a.layer.format(layer)
        q, k, v = (
            _linear(tensors, at + part, x).unflatten(-1, (heads, -1)).transpose(0, 1)
            for part in (a.query, a.key, a.value)
        )
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), dim=-1)
        mixed = (weights @ v).transpose(0, 1).flatten(1)
        x = _norm(tensors, at + a.attention_norm, x + _linear(tensors, at + a.output, mixed), eps)
        inner = _ACTIVATIONS[activation](_linear(tensors, at + a.up, x))
        x = _norm(tensors, at + a.norm, x + _linear(tensors, at + a.down, inner), eps)
        layer += 1
    return x


def _linear(tensors: Mapping[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    return x @ tensors[f"{name}.weight"].double().T + tensors[f"{name}.bias"].double()


def _norm(tensors: Mapping[str, torch.Tensor], name: str, x: torch.Tensor, eps: float) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)
    return scaled * tensors[f"{name}.weight"].double() + tensors[f"{name}.bias"].double()
