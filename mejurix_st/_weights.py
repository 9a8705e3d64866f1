"""Reading weights safely, and saying which ones are missing.

Weight files are read without running code from them: safetensors as it is, `.bin` and `.pt` with
`weights_only=True`.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from mejurix_st.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

SAFETENSORS = "model.safetensors"
BIN = "pytorch_model.bin"

_UNUSED = ("pooler.", "embeddings.position_ids", "embeddings.token_type_ids")


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The encoder's weight files in `folder`: safetensors before `.bin`, one file or the shards of an index.

    Raises:
        CheckpointError: the index names a shard that is absent, or a file outside the folder.
    """
    for name in (SAFETENSORS, BIN):
        if (folder / name).is_file():
            return (folder / name,)
        index = folder / f"{name}.index.json"
        if index.is_file():
            shards = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
            if bad := [s for s in shards if Path(s).name != s or not (folder / s).is_file()]:
                raise CheckpointError(
                    f"{index} names weight files that are not in the folder: {', '.join(bad[:4])}. Copy "
                    "them there."
                )
            return tuple(folder / s for s in shards)
    return ()


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of one weight file, on the CPU.

    Raises:
        CheckpointError: the file is damaged, or holds pickled objects other than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt", device="cpu") as file:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds pickled Python objects, which could run code when loaded; it was refused. "
            "Save a plain state dict of tensors (torch.save(model.state_dict(), path)) or safetensors."
        ) from error
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} is not a readable weight file ({reason}). Copy it again.") from error
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        got = type(state).__name__ if not isinstance(state, dict) else "a dict with values other than tensors"
        raise CheckpointError(f"{path} holds {got}; a plain state dict of tensors is needed.")
    return state


def stored_names(folder: Path) -> set[str] | None:
    """Names of the tensors stored in `folder`; None where there is no weight file.

    Only headers are read for safetensors, so that the check costs no time at load.
    """
    files = weight_files(folder)
    if not files:
        return None
    names: set[str] = set()
    for path in files:
        if path.suffix == ".safetensors":
            try:
                with safe_open(path, framework="pt", device="cpu") as file:
                    names.update(file.keys())
            except (SafetensorError, OSError) as error:
                raise CheckpointError(
                    f"{path} is not a readable weight file ({error}). Copy it again."
                ) from error
        else:
            names.update(read_tensors(path))
    return names


def missing_names(wanted: Iterable[str], stored: Iterable[str], base_prefix: str = "") -> list[str]:
    """Names of the encoder that are not stored, in its own order; the unused pooler is not counted."""
    have = set(stored)
    if base_prefix:
        have |= {name.removeprefix(f"{base_prefix}.") for name in have}
    return [n for n in wanted if n not in have and not n.startswith(_UNUSED)]


def refuse_missing(encoder: nn.Module, folder: Path) -> None:
    """Refuses a folder whose weight files lack weights of `encoder`: they would have been filled at random.

    Raises:
        CheckpointError: with some of the missing names.
    """
    stored = stored_names(folder)
    if stored is None:
        return
    missing = missing_names(encoder.state_dict(), stored, str(getattr(encoder, "base_model_prefix", "")))
    if missing:
        raise CheckpointError(
            f"{folder} lacks {len(missing)} weights of its {type(encoder).__name__} "
            f"(the first: {', '.join(missing[:4])}); they would be random. If this is an original Mejurix "
            "checkpoint, run `mejurix-st convert` on it."
        )
