"""Reading an original Mejurix checkpoint, by the weights' names and shapes, never by its config's label."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModel, BertConfig, DistilBertConfig

from mejurix_st import _legacy
from mejurix_st._reference import check_activation
from mejurix_st._tokenizer_files import read_json, read_tokenizer
from mejurix_st._weights import missing_names, read_tensors, weight_files
from mejurix_st.errors import CheckpointError
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


@dataclass
class Original:
    """An original checkpoint, read and checked.

    Attributes:
        layout: "package" (encoder in its own folder, head in a file beside it) or "hub" (one flat folder).
        architecture: naming of the encoder's layers.
        config: configuration made from the shapes.
        tensors: encoder, projection and entity table by canonical name, float32.
        prefixes: what stood before the encoder's stored names.
        ignored: stored names of no use.
        tokenizer: the checkpoint's own.
        max_tokens: longest input.
        notes: what a user should know.
    """

    layout: str
    architecture: _legacy.Architecture
    config: PretrainedConfig
    tensors: dict[str, torch.Tensor]
    prefixes: tuple[str, ...]
    ignored: tuple[str, ...]
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int
    notes: list[str] = field(default_factory=list)

    @property
    def heads(self) -> int:
        """Attention heads."""
        return int(self.config.num_attention_heads)

    @property
    def has_entity_table(self) -> bool:
        """True where the checkpoint has the entity-type table."""
        return _legacy.ENTITY_TABLE[0] in self.tensors

    def encoder(self) -> PreTrainedModel:
        """The encoder with the checkpoint's weights; the unused pooler is zero where it is absent."""
        encoder = AutoModel.from_config(self.config)
        names = encoder.state_dict()
        state = {n: self.tensors.get(n, torch.zeros_like(v)) for n, v in names.items()}
        encoder.load_state_dict(state, strict=True)
        return encoder.eval()


def read_original(folder: Path) -> Original:
    """Reads a checkpoint of either layout.

    Raises:
        CheckpointError: incomplete, contradictory or unsafe; each case with its own message.
    """
    package = (folder / _legacy.ENCODER_FOLDER).is_dir()
    place = folder / _legacy.ENCODER_FOLDER if package else folder
    files = [*weight_files(place), *([head] if (head := folder / _legacy.HEAD_FILE).is_file() else [])]
    if not weight_files(place):
        raise CheckpointError(
            f"{place} has no encoder weights (model.safetensors or pytorch_model.bin). Give the "
            "checkpoint's folder."
        )
    tensors, prefixes, ignored = _collect(files)
    architecture = _architecture(tensors, place)
    settings = read_json(place / "config.json")
    notes: list[str] = []
    config = _config(architecture, tensors, settings, place, notes)
    _check_encoder(config, tensors, place)
    _check_head(tensors, int(config.hidden_size), folder)
    tokenizer = read_tokenizer(place, config)
    limit = min(int(tokenizer.model_max_length), int(config.max_position_embeddings))
    return Original(
        "package" if package else "hub",
        architecture,
        config,
        tensors,
        prefixes,
        ignored,
        tokenizer,
        limit,
        notes,
    )


def _collect(files: list[Path]) -> tuple[dict[str, torch.Tensor], tuple[str, ...], tuple[str, ...]]:
    """Tensors by canonical name, prefixes seen, names ignored."""
    tensors: dict[str, torch.Tensor] = {}
    prefixes: set[str] = set()
    ignored: list[str] = []
    for path in files:
        for stored, tensor in read_tensors(path).items():
            name = _legacy.canonical_name(stored)
            if _legacy.is_ignored(name) and not name.startswith("pooler."):
                ignored.append(stored)
                continue
            if name in tensors and not torch.equal(tensors[name], tensor.float()):
                raise CheckpointError(
                    f"{path} holds two different tensors for {name} (one as {stored}). Keep the right one "
                    "only."
                )
            if not tensor.is_floating_point():
                raise CheckpointError(f"{path}: {stored} is {tensor.dtype}, where floating point is needed.")
            if not torch.isfinite(tensor).all():
                raise CheckpointError(
                    f"{path}: {stored} holds NaN or infinite values. Use an undamaged copy."
                )
            tensors[name] = tensor.float()
            if name.startswith(("embeddings.", "transformer.", "encoder.")):
                prefixes.add(_legacy.stored_prefix(stored))
    return tensors, tuple(sorted(prefixes)), tuple(ignored)


def _architecture(tensors: dict[str, torch.Tensor], place: Path) -> _legacy.Architecture:
    """The family whose layer names occur."""
    found = [a for a in _legacy.ARCHITECTURES if any(_layer_pattern(a).match(n) for n in tensors)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CheckpointError(
            f"{place} holds layers named as both BERT and DistilBERT. Keep the ones it was trained with."
        )
    some = ", ".join(list(tensors)[:4]) or "none"
    raise CheckpointError(
        f"{place} has no encoder weights: no layer is named as in BERT or DistilBERT (names found: {some})."
    )


def _layer_pattern(architecture: _legacy.Architecture) -> re.Pattern[str]:
    # Attention names tell the families apart; the rest of a layer may be missing and is reported later.
    parts = "|".join(re.escape(p) for p in (architecture.query, architecture.key, architecture.up))
    before, after = (re.escape(part) for part in architecture.layer.split("{}"))
    return re.compile(rf"{before}(\d+){after}(?:{parts})\.")


def _config(
    architecture: _legacy.Architecture,
    tensors: dict[str, torch.Tensor],
    settings: dict[str, Any],
    place: Path,
    notes: list[str],
) -> PretrainedConfig:
    """Configuration from shapes; only what shapes cannot tell is taken from config.json."""

    def shape(name: str, dim: int) -> int:
        if name not in tensors:
            raise CheckpointError(
                f"{place} lacks encoder weights: {name} is missing. Copy the checkpoint again."
            )
        if tensors[name].dim() != 2:
            raise CheckpointError(
                f"{name} has shape {tuple(tensors[name].shape)}; two dimensions are needed."
            )
        return int(tensors[name].shape[dim])

    kind = architecture.model_type
    numbers = [int(m.group(1)) for n in tensors if (m := _layer_pattern(architecture).match(n))]
    layers = max(numbers) + 1
    stated = next((settings[k] for k in _legacy.LAYER_COUNTS[kind] if k in settings), layers)
    if isinstance(stated, int) and stated > layers:
        at = architecture.layer.format(layers)
        raise CheckpointError(
            f"{place} lacks encoder weights: config.json says {stated} layers, the file has {layers} "
            f"(missing: {at}{architecture.query}.weight and so on). Copy the checkpoint again."
        )
    hidden = shape("embeddings.word_embeddings.weight", 1)
    values: dict[str, Any] = {}
    for ours, theirs in _legacy.SETTINGS[kind].items():
        if (found := next((settings[k] for k in theirs if settings.get(k) is not None), None)) is not None:
            values[ours] = found
    heads_key = "n_heads" if kind == "distilbert" else "num_attention_heads"
    if heads_key not in values:
        values[heads_key] = max(1, hidden // 64)
        notes.append(
            f"config.json states no number of attention heads; {values[heads_key]} assumed (64 per head)"
        )
    if hidden % int(values[heads_key]):
        raise CheckpointError(
            f"config.json says {values[heads_key]} attention heads, which do not divide {hidden}."
        )
    if (label := settings.get("model_type")) not in (None, kind):
        notes.append(f"config.json is labelled {label!r}; the weights are of {kind!r}, which was used")
    common = {
        "vocab_size": shape("embeddings.word_embeddings.weight", 0),
        "max_position_embeddings": shape("embeddings.position_embeddings.weight", 0),
        "pad_token_id": settings.get("pad_token_id", 0),
    }
    inner = shape(f"{architecture.layer.format(0)}{architecture.up}.weight", 0)
    if kind == "distilbert":
        config: PretrainedConfig = DistilBertConfig(
            dim=hidden, n_layers=layers, hidden_dim=inner, **common, **values
        )
        check_activation(str(config.activation))
    else:
        config = BertConfig(
            hidden_size=hidden,
            num_hidden_layers=layers,
            intermediate_size=inner,
            type_vocab_size=shape("embeddings.token_type_embeddings.weight", 0),
            **common,
            **values,
        )
        check_activation(str(config.hidden_act))
    return config


def _check_encoder(config: PretrainedConfig, tensors: dict[str, torch.Tensor], place: Path) -> None:
    with torch.device("meta"):
        wanted = AutoModel.from_config(config).state_dict()
    if missing := missing_names(wanted, tensors):
        raise CheckpointError(
            f"{place} lacks {len(missing)} encoder weights (the first: {', '.join(missing[:4])}); "
            "they would be random. Copy the checkpoint again."
        )
    _check_shapes({n: tuple(v.shape) for n, v in wanted.items() if n in tensors}, tensors)
    known = (*wanted, *_legacy.PROJECTION, *_legacy.ENTITY_TABLE)
    if extra := [n for n in tensors if n not in known and not n.startswith("pooler.")]:
        raise CheckpointError(
            f"{place} holds weights that are neither of the encoder nor of the head: {', '.join(extra[:4])}. "
            "They would be lost, so this is not a checkpoint that can be converted."
        )


def _check_head(tensors: dict[str, torch.Tensor], hidden: int, folder: Path) -> None:
    if not all(n in tensors for n in _legacy.PROJECTION):
        raise CheckpointError(
            f"{folder} has no projection ({' and '.join(_legacy.PROJECTION)}), neither beside the encoder "
            f"nor in {_legacy.HEAD_FILE}: it is an encoder without its head. Give the folder of the whole "
            "checkpoint."
        )
    out = int(tensors["projection.weight"].shape[0])
    wanted: dict[str, tuple[int, ...]] = {"projection.weight": (out, hidden), "projection.bias": (out,)}
    table = [n for n in _legacy.ENTITY_TABLE if n in tensors]
    if table:
        if absent := [n for n in _legacy.ENTITY_TABLE if n not in tensors]:
            raise CheckpointError(f"{folder} has an incomplete entity table: {', '.join(absent)} missing.")
        width = int(tensors[_legacy.ENTITY_TABLE[0]].shape[-1])
        shapes = ((len(EntityType), width), (out, width), (out,))
        wanted.update(zip(_legacy.ENTITY_TABLE, shapes, strict=True))
    _check_shapes(wanted, tensors)


def _check_shapes(wanted: dict[str, tuple[int, ...]], tensors: dict[str, torch.Tensor]) -> None:
    wrong = [
        f"{n} is {tuple(tensors[n].shape)}, not {s}"
        for n, s in wanted.items()
        if tuple(tensors[n].shape) != s
    ]
    if wrong:
        raise CheckpointError(f"{len(wrong)} weights have the wrong shape: {'; '.join(wrong[:4])}.")
