"""Loading a saved model: stock modules and this package's own, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.util import import_from_string
from torch import nn

from mejurix_st._folders import resolve_folder
from mejurix_st._weights import refuse_missing
from mejurix_st.errors import CheckpointError, MejurixError

if TYPE_CHECKING:
    from pathlib import Path

_ALLOWED = ("sentence_transformers.", "mejurix_st.")


class MejurixSentenceTransformer(SentenceTransformer):
    """A `SentenceTransformer` that also loads the module classes of `mejurix_st`, and refuses all others.

    sentence-transformers asks for `trust_remote_code=True` for every class that is not its own, a flag that
    would also let a folder bring code along. Here two packages are allowed by name, and a folder's code never
    runs.
    """

    def _load_module_class_from_ref(self, class_ref: str, *args: Any, **kwargs: Any) -> type:
        del args, kwargs  # where the folder lies does not matter: nothing is imported from it
        return module_class(class_ref)


def module_class(class_ref: str) -> type[nn.Module]:
    """The class that a modules.json names.

    Raises:
        CheckpointError: the class is of another package, does not exist, or is no module.
    """
    if not class_ref.startswith(_ALLOWED):
        raise CheckpointError(
            f"The model names the module class {class_ref!r}; only classes of sentence_transformers and "
            "mejurix_st are loaded. Use a model made of these, or load it with sentence-transformers "
            "yourself if you trust it."
        )
    try:
        found = import_from_string(class_ref)  # maps the older module paths without a warning
    except (ImportError, AttributeError) as error:
        raise CheckpointError(
            f"The model names the module class {class_ref!r}, which the installed version does not have. "
            "Install the version that the model was made with."
        ) from error
    if not (isinstance(found, type) and issubclass(found, nn.Module) and hasattr(found, "load")):
        raise CheckpointError(
            f"The model names {class_ref!r}, which is not a module class. Make the folder again."
        )
    return found


def load_model(
    folder_or_id: str | Path,
    *,
    device: str | None = None,
    revision: str | None = None,
    cache_folder: str | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    truncate_dim: int | None = None,
    model_kwargs: dict[str, Any] | None = None,
) -> MejurixSentenceTransformer:
    """Loads a sentence-transformers folder, by path or hub id, without running code from it.

    The disk comes first: a folder, then the hub's cache, then the network. A folder is read as it is, with no
    request to the hub for the files it lacks.

    Args:
        folder_or_id: folder, or hub id ("owner/name").
        device: torch device; the best one by default.
        revision: branch, tag or commit on the hub.
        cache_folder: the hub's cache; its usual place by default.
        token: hub token.
        local_files_only: never ask the network.
        truncate_dim: keep the first so many numbers of each vector (they are not normalised again).
        model_kwargs: passed to the `transformers` encoder, for example `{"dtype": torch.bfloat16}`.

    Returns:
        The model, with its saved prompts and similarity.

    Raises:
        ModelNotFoundError: neither a folder nor cached nor reachable.
        CheckpointError: incomplete, damaged, or with module classes of another package.
    """
    folder = resolve_folder(
        folder_or_id,
        marks=("modules.json",),
        revision=revision,
        cache_folder=cache_folder,
        token=token,
        local_files_only=local_files_only,
    )
    _check(folder)
    try:
        model = MejurixSentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            truncate_dim=truncate_dim,
            model_kwargs=dict(model_kwargs) if model_kwargs else None,
        )
    except MejurixError:
        raise
    except Exception as error:  # whatever a damaged file makes the host libraries raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise CheckpointError(
            f"{folder} could not be loaded ({type(error).__name__}: {reason}). "
            "If the folder is at fault, save or copy the model again."
        ) from error
    encoder = getattr(model[0], "auto_model", None)
    if encoder is not None and not (folder / "adapter_config.json").is_file():
        refuse_missing(encoder, folder)
    return model


def _check(folder: Path) -> None:
    """Refuses what sentence-transformers would load into something else in silence."""
    path = folder / "modules.json"
    if not path.is_file():
        raise CheckpointError(
            f"{folder} has no modules.json, so it is no sentence-transformers folder. "
            "For an original Mejurix checkpoint, run `mejurix-st convert` on it first."
        )
    try:
        entries = json.loads(path.read_text("utf-8"))
        kinds = [(folder / str(e["path"]), str(e["type"])) for e in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({error}). Save or copy the model again.") from error
    for place, class_ref in kinds:
        if class_ref.rpartition(".")[2] != "Dense" or not (place / "config.json").is_file():
            continue
        activation = json.loads((place / "config.json").read_text("utf-8")).get(
            "activation_function", "torch."
        )
        if not str(activation).startswith("torch."):
            raise CheckpointError(
                f"{place / 'config.json'} names the activation {activation!r}, which is not of torch; "
                "it would be replaced by Tanh. Use a torch.nn activation."
            )
