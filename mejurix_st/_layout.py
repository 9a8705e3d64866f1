"""The folder layout that sentence-transformers 5.1 and 6 both read.

sentence-transformers 6 names its modules by paths that 5.1 does not have, and calls some settings
differently. The older names are read by both, so they are what is published. Module classes of this package
keep their own name, which `mejurix_st.load` allows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Dropout, Pooling
from torch import nn

from mejurix_st._card import model_card
from mejurix_st._tokenizer_files import write_tokenizer
from mejurix_st.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

OWN_MODULES = "mejurix_st.modules"
_STOCK = "sentence_transformers.models"
_STOCK_KINDS = (Transformer, Pooling, Dense, Dropout, Normalize)
_POOLING_SWITCHES = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def write_layout(model: SentenceTransformer, folder: Path, card: str | None = None) -> None:
    """Writes `model` into the empty `folder`.

    Args:
        model: a stack of Transformer, Pooling, Dense, Dropout, Normalize and modules of `mejurix_st.modules`.
        folder: where to write.
        card: text of README.md; the card that the model was loaded with, or a generated one, by default.

    Raises:
        CheckpointError: a module that one of the two versions could not load back.
    """
    entries = []
    for index, (name, module) in enumerate(model.named_children()):
        path = "" if index == 0 else f"{index}_{type(module).__name__}"
        place = folder / path
        place.mkdir(exist_ok=True)
        class_ref = _write_module(module, place)
        entry: dict[str, Any] = {"idx": index, "name": name, "path": path, "type": class_ref}
        if kwargs := (model.module_kwargs or {}).get(name):
            entry["kwargs"] = kwargs
        entries.append(entry)
    write_json(folder / "modules.json", entries)
    settings: dict[str, Any] = {
        # sentence-transformers warns of folders made by a newer version than itself; this layout has none.
        "__version__": {"transformers": transformers.__version__, "pytorch": torch.__version__},
        "model_type": "SentenceTransformer",
        "prompts": model.prompts,
        "default_prompt_name": model.default_prompt_name,
        "similarity_fn_name": model.similarity_fn_name,
    }
    if model.truncate_dim is not None:
        settings["truncate_dim"] = model.truncate_dim
    write_json(folder / "config_sentence_transformers.json", settings)
    (folder / "README.md").write_text(card or model._model_card_text or model_card(model), "utf-8")


def write_json(path: Path, value: object) -> None:
    """Writes JSON with stable key order, Korean readable as it is."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _write_module(module: nn.Module, place: Path) -> str:
    """Writes one module and returns the class reference for modules.json."""
    kind = type(module)
    own = kind.__module__.startswith(f"{OWN_MODULES}.")
    if not own and kind not in _STOCK_KINDS:  # a subclass too would come back as something else
        raise CheckpointError(
            f"A {kind.__module__}.{kind.__name__} module cannot be saved in the layout that both versions "
            f"of sentence-transformers read; use {', '.join(k.__name__ for k in _STOCK_KINDS)} or "
            f"{OWN_MODULES}."
        )
    if isinstance(module, Transformer):
        _write_transformer(module, place)
    elif own:
        module.save(str(place), safe_serialization=True)  # type: ignore[operator]
    elif isinstance(module, Pooling):
        _write_pooling(module, place)
    elif isinstance(module, Dense):
        _write_dense(module, place)
    elif isinstance(module, Dropout):
        write_json(place / "config.json", {"dropout": module.dropout})
    elif isinstance(module, Normalize):
        if (module.module_input_name, module.module_output_name) != ("sentence_embedding",) * 2:
            raise CheckpointError(
                "A Normalize module over other features than the embedding cannot be saved."
            )
        write_json(place / "config.json", {})
    return f"{OWN_MODULES if own else _STOCK}.{kind.__name__}"


def _write_transformer(module: Transformer, place: Path) -> None:
    tokenizer = module.tokenizer
    if (
        tokenizer is None
        or module.transformer_task != "feature-extraction"
        or list(module.modality_config) != ["text"]
    ):
        raise CheckpointError("Only text encoders can be saved in this layout.")
    module.auto_model.save_pretrained(place)
    write_tokenizer(tokenizer, place)
    write_json(
        place / "sentence_bert_config.json",
        {"max_seq_length": module.max_seq_length, "do_lower_case": module.do_lower_case},
    )


def _write_pooling(module: Pooling, place: Path) -> None:
    modes = (module.pooling_mode,) if isinstance(module.pooling_mode, str) else module.pooling_mode
    switches = {switch: mode in modes for mode, switch in _POOLING_SWITCHES.items()}
    write_json(
        place / "config.json",
        {
            "word_embedding_dimension": module.embedding_dimension,
            **switches,
            "include_prompt": module.include_prompt,
        },
    )


def _write_dense(module: Dense, place: Path) -> None:
    if (
        module.use_residual
        or (module.module_input_name, module.module_output_name) != ("sentence_embedding",) * 2
    ):
        raise CheckpointError(
            "A Dense module with a residual or over other features cannot be saved in this layout."
        )
    activation = type(module.activation_function)
    # Read back without trust only from torch; anything else would become Tanh in silence.
    if not activation.__module__.startswith("torch.nn."):
        raise CheckpointError(
            f"The Dense activation {activation.__name__} is not of torch.nn and cannot be saved."
        )
    config = module.get_config_dict()
    write_json(
        place / "config.json",
        {k: config[k] for k in ("in_features", "out_features", "bias", "activation_function")},
    )
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in module.state_dict().items()},
        place / "model.safetensors",
        metadata={"format": "pt"},
    )
