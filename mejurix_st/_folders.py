"""Model folders: finding one by path or hub id, and writing one whole or not at all."""

from __future__ import annotations

import re
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_MODEL_MARKS = ("modules.json", "config.json", "embedder_config.json")


def resolve_folder(
    source: str | Path,
    *,
    marks: Sequence[str],
    allow_patterns: Sequence[str] | None = None,
    revision: str | None = None,
    cache_folder: str | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> Path:
    """Folder of a model given by path or hub id; the disk and the hub's cache are asked before the network.

    Args:
        source: a folder, or a hub id ("owner/name").
        marks: file names of which a usable copy has at least one; a cached copy without any is fetched again.
        allow_patterns: files to fetch from the hub; all by default.
        revision: branch, tag or commit on the hub.
        cache_folder: the hub's cache; its usual place by default.
        token: hub token.
        local_files_only: never ask the network.

    Raises:
        ModelNotFoundError: neither a folder nor cached nor reachable.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelNotFoundError(f"{source} is a file; give the model's folder or a hub id (owner/name).")
    name = str(source)
    if not _HUB_ID.fullmatch(name):
        raise ModelNotFoundError(
            f"There is no folder {source}, and it is no hub id (owner/name). Check the path."
        )

    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    def fetch(local: bool) -> Path:
        return Path(
            snapshot_download(
                name,
                revision=revision,
                cache_dir=cache_folder,
                token=token,
                local_files_only=local,
                allow_patterns=list(allow_patterns) if allow_patterns else None,
            )
        )

    try:
        cached = fetch(local=True)
        if local_files_only or any((cached / mark).is_file() for mark in marks):
            return cached
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        pass
    if not local_files_only:
        try:
            return fetch(local=False)
        except (HfHubHTTPError, HFValidationError, OSError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelNotFoundError(
                f"{name} is not a folder, not in the local Hugging Face cache, and could not be fetched "
                f"({reason}). Connect to the network, or download it elsewhere and give the folder's path."
            ) from error
    raise ModelNotFoundError(
        f"{name} is not a folder and not in the local Hugging Face cache, and the network was not to be "
        "used. Download it first, or give the folder's path."
    )


@contextmanager
def new_folder(output: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to write into that takes the name `output` only when the block ends without an error.

    Args:
        output: the folder to make; an empty one may exist.
        overwrite: replace an existing model folder. Any other existing folder or file is always refused.

    Yields:
        A new, empty folder beside `output`.

    Raises:
        InputError: `output` exists and may not be replaced.
    """
    target = Path(output).expanduser().absolute()
    _refuse_occupied(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: a rename is atomic only within one file system.
    partial = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.partial"
    partial.mkdir()
    try:
        yield partial
        _share(partial)
        _refuse_occupied(target, overwrite)
        if target.is_dir() and any(target.iterdir()):
            old = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.old"
            target.rename(old)
            try:
                partial.rename(target)
            except OSError:
                old.rename(target)
                raise
            shutil.rmtree(old)
        else:
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _share(folder: Path) -> None:
    """Gives files the permissions of ordinary new files; weight writers make them private."""
    probe = folder / f".{uuid.uuid4().hex[:8]}"
    probe.touch()
    mode = probe.stat().st_mode & 0o777
    probe.unlink()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)


def _refuse_occupied(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{target} is a file; give a folder that does not exist yet.")
    if not any(target.iterdir()):
        return
    if not overwrite:
        raise InputError(
            f"{target} exists and is not empty; choose another folder, or allow it to be overwritten."
        )
    if not any((target / mark).is_file() for mark in _MODEL_MARKS):
        raise InputError(
            f"{target} is not empty and holds no model; it is not overwritten. Choose another folder."
        )
