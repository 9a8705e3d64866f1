"""A tokenizer's files: read without running code, written for old and new `transformers`."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoTokenizer

from mejurix_st.errors import CheckpointError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

_TOKENIZER_MODELS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model")
_TOKENIZER_FILES = (
    *_TOKENIZER_MODELS,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
# Names that transformers 5 writes for classes that 4 calls differently; both read the latter.
_CLASS_NAMES = {"TokenizersBackend": "PreTrainedTokenizerFast"}
# Facts about this machine or this load, of no use to a reader.
_DROPPED = (
    "is_local",
    "local_files_only",
    "name_or_path",
    "subfolder",
    "token",
    "revision",
    "cache_dir",
    "trust_remote_code",
    "_commit_hash",
)


def write_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Writes the tokenizer with every optional file that can be written.

    A hub client asks for each optional file by name and, without a network, waits for each that is absent; so
    what can be said is said: vocab.txt for WordPiece, special_tokens_map.json, added_tokens.json.
    """
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    settings: dict[str, Any] = json.loads(path.read_text("utf-8"))
    settings = {k: v for k, v in settings.items() if k not in _DROPPED}
    name = settings.get("tokenizer_class")
    if name in _CLASS_NAMES:
        settings["tokenizer_class"] = _CLASS_NAMES[name]
    if not settings.get("extra_special_tokens"):
        settings.pop("extra_special_tokens", None)  # a list in transformers 5, a dict in 4
    _write(path, settings)
    special = {k: str(v) for k, v in tokenizer.special_tokens_map.items() if isinstance(v, str)}
    _write(folder / "special_tokens_map.json", special)
    backend = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    base = backend["model"].get("vocab", {})
    pieces = set(base) if isinstance(base, dict) else {piece for piece, _ in base}
    added = {t["content"]: t["id"] for t in backend.get("added_tokens", []) if t["content"] not in pieces}
    _write(folder / "added_tokens.json", added)
    if backend["model"].get("type") == "WordPiece":
        ordered = sorted(base, key=base.__getitem__)
        if [base[p] for p in ordered] == list(range(len(ordered))) and not any("\n" in p for p in ordered):
            (folder / "vocab.txt").write_text("".join(f"{p}\n" for p in ordered), "utf-8")


def read_tokenizer(place: Path, config: PretrainedConfig) -> PreTrainedTokenizerBase:
    """A checkpoint's tokenizer, loaded beside the right configuration and without any code of the folder.

    Args:
        place: folder with the tokenizer's files.
        config: configuration of the encoder that it belongs to.

    Raises:
        CheckpointError: absent, damaged, of another vocabulary, or without a CLS token in front.
    """
    if not any((place / name).is_file() for name in _TOKENIZER_MODELS):
        raise CheckpointError(
            f"{place} has no tokenizer ({', '.join(_TOKENIZER_MODELS)}). Copy the tokenizer's files into it."
        )
    with tempfile.TemporaryDirectory() as scratch:
        for name in _TOKENIZER_FILES:
            if (place / name).is_file():
                shutil.copy(place / name, scratch)
        settings = read_json(place / "tokenizer_config.json")
        settings.pop("auto_map", None)
        (Path(scratch) / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
        config.save_pretrained(scratch)
        try:
            tokenizer = AutoTokenizer.from_pretrained(scratch, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # whatever a damaged file makes a tokenizer raise
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CheckpointError(
                f"The tokenizer in {place} cannot be read ({reason}). Copy it again."
            ) from error
    if len(tokenizer) > config.vocab_size:
        raise CheckpointError(
            f"The tokenizer in {place} has {len(tokenizer)} pieces, the encoder {config.vocab_size} "
            "embeddings: they do not belong together."
        )
    ids = tokenizer("a")["input_ids"]
    if tokenizer.cls_token_id is None or not ids or ids[0] != tokenizer.cls_token_id:
        raise CheckpointError(
            f"The tokenizer in {place} does not put a CLS token first, which the model embeds."
        )
    return tokenizer


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no file."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is not valid JSON ({error}). Copy it again.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} holds a {type(value).__name__}; an object is needed.")
    return value


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
