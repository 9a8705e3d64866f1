"""Saving, loading and converting models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st._convert import ConversionReport, convert
from mejurix_st._folders import new_folder
from mejurix_st._layout import write_layout
from mejurix_st._loading import MejurixSentenceTransformer, load_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["ConversionReport", "MejurixSentenceTransformer", "convert", "load_model", "save_model"]


def save_model(
    model: SentenceTransformer, folder: str | Path, *, overwrite: bool = False, card: str | None = None
) -> Path:
    """Saves a model so that sentence-transformers 5.1 and 6 both load it, with no flag and equal vectors.

    The folder appears whole or not at all: it is written beside its place and then renamed.

    Args:
        model: a stack as `build_model` makes it, trained or not.
        folder: where to; must not exist yet, or be empty.
        overwrite: replace a model folder that is there.
        card: text of README.md; the model's own card or a generated one by default.

    Returns:
        The folder.

    Raises:
        InputError: the folder is occupied.
        CheckpointError: the model has a module that would not load back.
    """
    with new_folder(folder, overwrite=overwrite) as place:
        write_layout(model, place, card)
    return Path(folder).expanduser()
