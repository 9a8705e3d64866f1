"""A tokenizer's files, for old and new `transformers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Names that transformers 5 writes for classes that 4 calls differently; both read the latter.
_CLASS_NAMES = {"TokenizersBackend": "PreTrainedTokenizerFast"}
# Facts about this machine or this load, of no use to a reader.
_DROPPED = ("is_local", "local_files_only", "name_or_path", "subfolder", "token", "revision", "cache_dir", "trust_remote_code", "_commit_hash")


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


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
