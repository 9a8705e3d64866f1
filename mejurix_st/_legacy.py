"""The original checkpoint's names, as data.

Two layouts and several ways of naming are in circulation (a trained model's own state dict, one saved inside
a wrapper, one published flat). Each row below says how one of them becomes the name that `transformers` uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Pattern → replacement, applied in this order to every stored name.
RENAMES: tuple[tuple[str, str], ...] = (
    (r"^module\.", ""),  # saved from a data-parallel wrapper
    (r"^bert_model\.", ""),  # the original wrapper's attribute
    (r"^(?:distilbert|bert)\.", ""),  # a transformers model with a task head
    (r"LayerNorm\.gamma$", "LayerNorm.weight"),  # names of the first BERT ports
    (r"LayerNorm\.beta$", "LayerNorm.bias"),
)

#: Prefixes in use, each a way to write a name that `RENAMES` leads back from.
PREFIXES: tuple[str, ...] = (
    "",
    "distilbert.",
    "bert.",
    "bert_model.",
    "bert_model.distilbert.",
    "bert_model.bert.",
    "module.bert_model.",
)

PROJECTION = ("projection.weight", "projection.bias")
ENTITY_TABLE = (
    "entity_type_embedding.weight",
    "entity_type_projection.weight",
    "entity_type_projection.bias",
)
HEAD_FILE = "embedder_state.pt"
HEAD_CONFIG = "embedder_config.json"
ENCODER_FOLDER = "bert_model"

#: Stored beside some encoders and of no use here: heads of the pretraining task, buffers.
IGNORED = (
    r"^pooler\.",
    r"position_ids$",
    r"token_type_ids$",
    r"^cls\.",
    r"^vocab_",
    r"^qa_outputs\.",
    r"^classifier\.",
)


@dataclass(frozen=True)
class Architecture:
    """How one encoder family names the parts of a post-norm transformer layer.

    Attributes:
        model_type: the name in `transformers`.
        layer: prefix of one layer's names, with `{}` for its number.
        query, key, value, output: the linear maps of self-attention.
        attention_norm: layer norm after attention and its residual.
        up, down: the feed-forward maps.
        norm: layer norm after the feed-forward part and its residual.
        token_types: the embeddings include token types.
    """

    model_type: str
    layer: str
    query: str
    key: str
    value: str
    output: str
    attention_norm: str
    up: str
    down: str
    norm: str
    token_types: bool


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        model_type="distilbert",
        layer="transformer.layer.{}.",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        output="attention.out_lin",
        attention_norm="sa_layer_norm",
        up="ffn.lin1",
        down="ffn.lin2",
        norm="output_layer_norm",
        token_types=False,
    ),
    Architecture(
        model_type="bert",
        layer="encoder.layer.{}.",
        query="attention.self.query",
        key="attention.self.key",
        value="attention.self.value",
        output="attention.output.dense",
        attention_norm="attention.output.LayerNorm",
        up="intermediate.dense",
        down="output.dense",
        norm="output.LayerNorm",
        token_types=True,
    ),
)

#: Settings that shapes do not tell: our name → the names in a config.json, the architecture's own first.
SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "distilbert": {
        "n_heads": ("n_heads", "num_attention_heads"),
        "activation": ("activation", "hidden_act"),
        "dropout": ("dropout", "hidden_dropout_prob"),
        "attention_dropout": ("attention_dropout", "attention_probs_dropout_prob"),
    },
    "bert": {
        "num_attention_heads": ("num_attention_heads", "n_heads"),
        "hidden_act": ("hidden_act", "activation"),
        "hidden_dropout_prob": ("hidden_dropout_prob", "dropout"),
        "attention_probs_dropout_prob": ("attention_probs_dropout_prob", "attention_dropout"),
        "layer_norm_eps": ("layer_norm_eps",),
    },
}
LAYER_COUNTS = {"distilbert": ("n_layers",), "bert": ("num_hidden_layers", "n_layers")}


def canonical_name(stored: str) -> str:
    """The name in `transformers` (or of the head) for a stored name."""
    for pattern, replacement in RENAMES:
        stored = re.sub(pattern, replacement, stored)
    return stored


def stored_prefix(stored: str) -> str:
    """What `canonical_name` takes off the front of a stored name."""
    name = stored
    for pattern, replacement in RENAMES:
        if pattern.startswith("^"):
            name = re.sub(pattern, replacement, name)
    return stored.removesuffix(name)


def is_ignored(name: str) -> bool:
    """True for stored tensors that the embedding does not use, by canonical name."""
    return any(re.search(pattern, name) for pattern in IGNORED)
