"""Where the modules that use entities stand in the stack."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from sentence_transformers import SentenceTransformer
from torch import nn

from mejurix_st.errors import InputError
from mejurix_st.modules import EntityAttention, EntityConditioning, EntitySpanTransformer, EntityTransformer

if TYPE_CHECKING:
    from mejurix_st.training.entity_states import Batch

EntityModule = EntityAttention | EntityConditioning


def new_module(kind: type[EntityModule], model: SentenceTransformer, seed: int = 1) -> EntityModule:
    """A module that fits a model and leaves its vectors as they are until it is trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind is EntityAttention:
            pooling: Any = list(model)[1]
            return EntityAttention(int(pooling.get_embedding_dimension()))
        module = EntityConditioning(out_features=int(model.get_embedding_dimension() or 256))
        # The table alone is random: a projection of zeros adds nothing.
        nn.init.zeros_(module.entity_type_projection.weight)
        nn.init.zeros_(module.entity_type_projection.bias)
        return module


def chain(model: SentenceTransformer, module: EntityModule | None = None) -> nn.ModuleList:
    """What follows Pooling, with the module in its place; the model's own part is a frozen copy.

    Raises:
        InputError: the model does not end in Dense and Normalize, as a stock stack does.
    """
    rest = [copy.deepcopy(m) for m in list(model)[2:]]
    names = [type(m).__name__ for m in rest]
    if names[-2:] != ["Dense", "Normalize"]:
        raise InputError(
            f"The model has {', '.join(names) or 'nothing'} after Pooling; Dense and Normalize are "
            "needed, as in mejurix_st.load()."
        )
    frozen = nn.ModuleList(rest).requires_grad_(False).eval()
    if module is None:
        return frozen
    if isinstance(module, EntityAttention):
        return nn.ModuleList([module, *frozen])
    return nn.ModuleList([*frozen[:-1], module, frozen[-1]])


def assemble(model: SentenceTransformer, module: EntityModule) -> SentenceTransformer:
    """The whole stack with the module in it, ready for `mejurix_st.checkpoint.save_model`."""
    transformer, pooling = list(model)[:2]
    kind = EntitySpanTransformer if isinstance(module, EntityAttention) else EntityTransformer
    return SentenceTransformer(
        modules=[kind.around(transformer), pooling, *chain(model, module)],
        device="cpu",
        prompts={name: prompt or "" for name, prompt in model.prompts.items()},
        similarity_fn_name=model.similarity_fn_name,
    )


def vectors_of(modules: nn.ModuleList, batch: Batch) -> torch.Tensor:
    """(texts, dimension) float32, unit norm: what `encode` gives for these texts.

    Args:
        modules: see `chain`.
        batch: see `StateBank.batch`.
    """
    features = {
        "sentence_embedding": batch.pooled,
        "token_embeddings": batch.states,
        "entity_labels": batch.labels,
        "entity_type_ids": batch.types,
    }
    for module in modules:
        features = module(features)
    return features["sentence_embedding"]
