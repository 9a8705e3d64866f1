"""Loading the model and opening the index, as every command does it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_cli.console import busy, note
from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from qdrant_mejurix import Index
    from sentence_transformers import SentenceTransformer


def load_encoder(model: str | None, *, dtype: str = "float32", quiet: bool = False) -> SentenceTransformer:
    """The model by folder or hub id, or the default one, which is installed on first use."""
    with busy("loading the model", quiet=quiet):
        from mejurix_st import hub

        first = model in (None, hub.DEFAULT_ID) and hub.installed() is None
        if first and not quiet:
            note(f"The default model {hub.DEFAULT_ID} is put together; this happens once.")
        silence()
        return hub.load(model, dtype=dtype)


def silence() -> None:
    """Keeps the host libraries from drawing bars of their own while they load."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def open_case_files(
    location: str, model: str | None, *, create: bool, dtype: str = "float32", quiet: bool = False
) -> Index:
    """The index at a location, with the model; a new one stores entities and what is said of them.

    Raises:
        StoreError: with `create` False, there is no index; or it is held, damaged, or another model's.
    """
    from qdrant_mejurix import open_index, open_store

    made = False
    folder = "://" not in location
    if not create or not folder or (Path(location).expanduser() / "manifest.sqlite3").exists():
        store = open_store(location, create=False)  # refused before the model takes its seconds
        try:
            made = store.manifest.settings() is not None
        finally:
            store.close()
    encoder = load_encoder(model, dtype=dtype, quiet=quiet)
    return open_index(location, encoder, create=create, entities=None if made else True)


def check_location(location: str) -> None:
    """Refuses a store in memory, which would be gone when the command ends.

    Raises:
        InputError: the location is ":memory:".
    """
    if location.strip() == ":memory:":
        raise InputError("A store in memory is gone when the command ends; give a folder or a server's URL.")
