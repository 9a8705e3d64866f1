"""The stack: a `transformers` encoder, its pooled vector, one linear layer, unit length.

`build_model` puts it together from stock sentence-transformers modules, so that what is saved loads anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Dropout, Pooling
from torch import nn

from mejurix_st import _transformers_format
from mejurix_st._weights import refuse_missing
from mejurix_st.errors import InputError, ModelNotFoundError

if TYPE_CHECKING:
    import numpy as np

    from mejurix_st.config import EncoderConfig

    Array = torch.Tensor | np.ndarray

# From here on `AutoModel` reads folders of the "mejurix" type with this package's code, not the folder's.
_transformers_format.register()


def build_model(
    config: EncoderConfig, *, head_weight: Array | None = None, head_bias: Array | None = None
) -> SentenceTransformer:
    """Builds `Transformer → Pooling → Dense(hidden → dimension, Identity) → Normalize` on the CPU.

    With `config.dropout` above 0, a Dropout module stands before the Dense one; it acts in training only.

    Args:
        config: base encoder, pooling, embedding size, prompts, longest input.
        head_weight: (dimension, hidden) float, the head's weight; random orthonormal rows from `config.seed`
            when absent, which keep the geometry of the pooled vectors as far as the size allows.
        head_bias: (dimension,) float, the head's bias; zeros when absent.

    Returns:
        A `SentenceTransformer` with prompts "query" and "document" and cosine similarity;
        `encode` gives (n, dimension) float32 of unit norm.

    Raises:
        ModelNotFoundError: the base is neither a folder nor a reachable hub id.
        CheckpointError: the base lacks encoder weights.
        InputError: the head has the wrong shape, or `config.max_tokens` exceeds the base's positions.
    """
    with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it is
        torch.manual_seed(config.seed)  # what the base leaves open (an unused pooler) is the same each time
        return _build(config, head_weight, head_bias)


def _build(config: EncoderConfig, head_weight: Any, head_bias: Any) -> SentenceTransformer:
    transformer = _transformer(config)
    encoder = transformer.auto_model
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if positions and config.max_tokens > positions:
        raise InputError(
            f"EncoderConfig.max_tokens is {config.max_tokens}, but {config.base} has {positions} positions; "
            f"give {positions} or less."
        )
    hidden = int(encoder.config.hidden_size)
    modules: list[nn.Module] = [transformer, Pooling(hidden, config.pooling)]
    if config.dropout > 0:
        modules.append(Dropout(config.dropout))
    modules += [_head(config, hidden, head_weight, head_bias), Normalize()]
    return SentenceTransformer(
        modules=modules,
        device="cpu",
        prompts={"query": config.query_prompt, "document": config.document_prompt},
        similarity_fn_name="cosine",
    )


def _transformer(config: EncoderConfig) -> Transformer:
    """The encoder module; a base that is incomplete is refused."""
    base = Path(config.base).expanduser()
    try:
        transformer = Transformer(
            str(base) if base.is_dir() else config.base,
            processor_kwargs={"model_max_length": config.max_tokens, "trust_remote_code": False},
            model_kwargs={"trust_remote_code": False, "dtype": torch.float32},
            config_kwargs={"trust_remote_code": False},
        )
    except OSError as error:
        raise ModelNotFoundError(
            f"The base encoder {config.base} could not be loaded ({str(error).splitlines()[0]}). "
            "Give a folder with a transformers encoder and its tokenizer, or a hub id that can be reached."
        ) from error
    if base.is_dir():
        refuse_missing(transformer.auto_model, base)
    return transformer


def _head(config: EncoderConfig, hidden: int, weight: Any, bias: Any) -> Dense:
    """The Dense module; the activation is always named, because the host's default is Tanh."""
    shape = (config.dimension, hidden)
    if weight is None:
        weight = torch.empty(shape)
        nn.init.orthogonal_(weight, generator=torch.Generator().manual_seed(config.seed))
    if bias is None:
        bias = torch.zeros(config.dimension)
    weight, bias = (torch.as_tensor(v, dtype=torch.float32).detach().clone() for v in (weight, bias))
    for name, value, wanted in (("head_weight", weight, shape), ("head_bias", bias, shape[:1])):
        if tuple(value.shape) != wanted:
            raise InputError(f"{name} has shape {tuple(value.shape)}; {wanted} is needed for this base.")
        if not torch.isfinite(value).all():
            raise InputError(f"{name} holds NaN or infinite values; give finite numbers.")
    return Dense(
        hidden, config.dimension, activation_function=nn.Identity(), init_weight=weight, init_bias=bias
    )
