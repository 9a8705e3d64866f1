"""Converting an original Mejurix checkpoint, with proof that the result computes the same."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from sentence_transformers import SentenceTransformer

from mejurix_st import _legacy
from mejurix_st._card import converted_card
from mejurix_st._folders import new_folder, resolve_folder
from mejurix_st._layout import write_layout
from mejurix_st._loading import load_model
from mejurix_st._original import Original, read_original
from mejurix_st._reference import embed
from mejurix_st._tokenizer_files import write_tokenizer
from mejurix_st._transformers_format import MejurixConfig, MejurixModel
from mejurix_st.config import EncoderConfig
from mejurix_st.errors import CheckpointError, InputError
from mejurix_st.model import build_model
from mejurix_st.modules import EntityConditioning, EntityTransformer, TypedText
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from pathlib import Path

Format = Literal["sentence-transformers", "transformers"]
PARITY_TOLERANCE = 1e-6
_MARKS = ("config.json", "embedder_config.json")
_PATTERNS = ("*.json", "*.txt", "*.safetensors", "*.bin", "*.model", "*.pt", "*.md")
#: Of different lengths, so that padding is part of the proof; in both languages.
_PROBES = (
    "Diagnosed with L3 spinal fracture.",
    "Compensation is needed for lumbar injury.",
    "No evidence of fracture; the plaintiff's claim was denied on appeal because causation was not shown.",
    "요추 3번 압박골절로 진단받았다.",
    "x",
)


@dataclass(frozen=True)
class ConversionReport:
    """What was found, what was written, and how well it agrees.

    Attributes:
        source: folder or hub id.
        output: the new folder.
        format: "sentence-transformers" or "transformers".
        layout: "package" or "hub".
        architecture: "distilbert" or "bert", by the weights.
        layers: encoder layers.
        hidden_size: encoder width.
        heads: attention heads.
        vocabulary: rows of the word embeddings.
        prefixes: what stood before the encoder's stored names; "" for nothing.
        projection: (output size, hidden size).
        entity_table: (types, columns), or None where the checkpoint has none.
        entity_kept: the entity table is part of what was written.
        max_tokens: longest input.
        parity_error: greatest absolute difference between the written model and the original formula.
        files: what was written, with sizes in bytes.
        ignored: stored tensors of no use.
        notes: what a user should know.
    """

    source: str
    output: str
    format: str
    layout: str
    architecture: str
    layers: int
    hidden_size: int
    heads: int
    vocabulary: int
    prefixes: tuple[str, ...]
    projection: tuple[int, int]
    entity_table: tuple[int, int] | None
    entity_kept: bool
    max_tokens: int
    parity_error: float
    files: dict[str, int]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """All fields, for JSON."""
        return asdict(self)


def convert(
    source: str | Path,
    output: str | Path,
    *,
    format: Format = "sentence-transformers",
    entity: bool = False,
    overwrite: bool = False,
    revision: str | None = None,
    cache_folder: str | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> ConversionReport:
    """Converts an original Mejurix checkpoint.

    The encoder is recognised by the names and shapes of its weights; what config.json claims is not believed.
    The folder appears only after the written model, loaded twice, gave equal vectors, and these agree with
    the original formula, computed in plain torch from the stored tensors, to 1e-6.

    Args:
        source: checkpoint folder of either layout, or hub id.
        output: folder to make.
        format: "sentence-transformers", the four-module stack; or "transformers", a folder for `AutoModel`
            whose `last_hidden_state[:, 0]` is the projected vector.
        entity: keep the entity table in a sentence-transformers folder; `mejurix_st.load` then has to load
            it. The transformers format always keeps a table that is there.
        overwrite: replace a model folder at `output`.
        revision: branch, tag or commit on the hub.
        cache_folder: the hub's cache.
        token: hub token.
        local_files_only: never ask the network.

    Returns:
        The report.

    Raises:
        ModelNotFoundError: the source is neither a folder nor reachable.
        CheckpointError: the source is incomplete, contradictory or unsafe, or the result does not agree.
        InputError: unknown format, or the output folder is occupied.
    """
    if format not in get_args(Format):
        raise InputError(f"format is {format!r}; give one of {', '.join(get_args(Format))}.")
    folder = resolve_folder(
        source,
        marks=_MARKS,
        allow_patterns=_PATTERNS,
        revision=revision,
        cache_folder=cache_folder,
        token=token,
        local_files_only=local_files_only,
    )
    with new_folder(output, overwrite=overwrite) as place:
        original = read_original(folder)
        if entity and not original.has_entity_table:
            raise CheckpointError(
                f"{source} has no entity table ({', '.join(_legacy.ENTITY_TABLE)}); convert it without the "
                "entity option."
            )
        if format == "transformers":
            _write_transformers(original, place)
            error = _transformers_error(original, place)
        else:
            _write_stack(original, place, entity)
            error = _stack_error(original, place, entity)
        if not error <= PARITY_TOLERANCE:
            raise CheckpointError(
                f"The converted model differs from the original formula by {error:.1e} (at most "
                f"{PARITY_TOLERANCE:.0e} is allowed), so nothing was written. Please report this with the "
                "checkpoint's config.json."
            )
        files = {str(p.relative_to(place)): p.stat().st_size for p in sorted(place.rglob("*")) if p.is_file()}
    table = original.tensors.get(_legacy.ENTITY_TABLE[0])
    projection = original.tensors["projection.weight"].shape
    return ConversionReport(
        source=str(source),
        output=str(output),
        format=format,
        layout=original.layout,
        architecture=original.architecture.model_type,
        layers=int(original.config.num_hidden_layers),
        hidden_size=int(projection[1]),
        heads=original.heads,
        vocabulary=int(original.config.vocab_size),
        prefixes=original.prefixes,
        projection=(int(projection[0]), int(projection[1])),
        entity_table=None if table is None else (int(table.shape[0]), int(table.shape[1])),
        entity_kept=table is not None and (entity or format == "transformers"),
        max_tokens=original.max_tokens,
        parity_error=error,
        files=files,
        ignored=original.ignored,
        notes=tuple(original.notes),
    )


def _write_stack(original: Original, place: Path, entity: bool) -> None:
    """A sentence-transformers folder."""
    base = place / ".base"  # the host builds its module from a folder
    base.mkdir()
    original.encoder().save_pretrained(base)
    write_tokenizer(original.tokenizer, base)
    weight, bias = (original.tensors[n] for n in _legacy.PROJECTION)
    config = EncoderConfig(base=str(base), dimension=len(weight), max_tokens=original.max_tokens)
    model = build_model(config, head_weight=weight, head_bias=bias)
    if entity:
        model = _with_entity(model, original, base)
    write_layout(model, place, converted_card(model, original))
    shutil.rmtree(base)


def _with_entity(model: SentenceTransformer, original: Original, base: Path) -> SentenceTransformer:
    table, weight, bias = (original.tensors[n] for n in _legacy.ENTITY_TABLE)
    rows, columns = table.shape
    conditioning = EntityConditioning(rows, columns, len(weight))
    conditioning.load_state_dict(dict(zip(_legacy.ENTITY_TABLE, (table, weight, bias), strict=True)))
    encoder = EntityTransformer(str(base), processor_kwargs={"model_max_length": original.max_tokens})
    _, *middle, normalize = model.children()
    return SentenceTransformer(
        modules=[encoder, *middle, conditioning, normalize],
        device="cpu",
        prompts={k: v or "" for k, v in model.prompts.items()},
        similarity_fn_name=model.similarity_fn_name,
    )


def _write_transformers(original: Original, place: Path) -> None:
    """A folder for `AutoModel`, with its code."""
    table = original.tensors.get(_legacy.ENTITY_TABLE[0])
    config = MejurixConfig(
        encoder=original.config.to_diff_dict(),
        projection_dim=len(original.tensors["projection.weight"]),
        num_entity_types=0 if table is None else len(table),
        entity_type_dim=64 if table is None else table.shape[1],
        architectures=["MejurixModel"],
    )
    config.tokenizer_class = type(original.tokenizer).__name__
    model = MejurixModel(config)
    state = {f"encoder.{n}": v for n, v in original.encoder().state_dict().items()}
    head = (*_legacy.PROJECTION, *(_legacy.ENTITY_TABLE if table is not None else ()))
    model.load_state_dict(state | {n: original.tensors[n] for n in head}, strict=True)
    model.save_pretrained(place)
    tokenizer = original.tokenizer
    tokenizer.model_max_length = original.max_tokens
    write_tokenizer(tokenizer, place)
    (place / "README.md").write_text(converted_card(None, original), "utf-8")


def _wanted(original: Original, text: str, entity_type: int | None) -> torch.Tensor:
    ids = original.tokenizer(text, truncation=True, max_length=original.max_tokens)["input_ids"]
    config = original.config
    return embed(
        original.tensors,
        original.architecture,
        ids,
        heads=original.heads,
        activation=str(getattr(config, "activation", None) or config.hidden_act),
        eps=float(getattr(config, "layer_norm_eps", 1e-12)),
        entity_type=entity_type,
    )


def _stack_error(original: Original, place: Path, entity: bool) -> float:
    """Greatest difference to the formula, with and without a type; refuses when two loads disagree."""
    texts: list[str] = list(_PROBES)
    wanted = [_wanted(original, t, None) for t in _PROBES]
    if entity:
        typed = [(_PROBES[k.id % len(_PROBES)], k) for k in EntityType]
        texts += [TypedText(t, k) for t, k in typed]
        wanted += [_wanted(original, t, k.id) for t, k in typed]
    first, second = (load_model(place, device="cpu").encode(texts, convert_to_tensor=True) for _ in range(2))
    _refuse_unequal(first, second)
    return float((first.double() - torch.stack(wanted)).abs().max())


def _transformers_error(original: Original, place: Path) -> float:
    loaded = [MejurixModel.from_pretrained(place, local_files_only=True).eval() for _ in range(2)]
    tokenizer = original.tokenizer
    batch = tokenizer(list(_PROBES), padding=True, return_tensors="pt")
    types: list[int | None] = [None, *(k.id for k in EntityType)] if original.has_entity_table else [None]
    worst = 0.0
    for kind in types:
        more = {} if kind is None else {"entity_type_ids": torch.full((len(_PROBES),), kind)}
        with torch.no_grad():
            first, second = (m(**batch, **more).last_hidden_state[:, 0] for m in loaded)
        _refuse_unequal(first, second)
        wanted = torch.stack([_wanted(original, t, kind) for t in _PROBES])
        got = torch.nn.functional.normalize(first.double(), dim=-1)
        worst = max(worst, float((got - wanted).abs().max()))
    return worst


def _refuse_unequal(first: torch.Tensor, second: torch.Tensor) -> None:
    if not torch.equal(first, second):
        raise CheckpointError(
            "Loaded twice, the converted model gave different vectors: some weights are random. Nothing "
            "was written."
        )
