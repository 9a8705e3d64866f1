"""The development retrieval sets, read from the data folder beside the project."""

from __future__ import annotations

import gzip
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.errors import InputError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

RETRIEVAL_SETS: tuple[str, ...] = ("bva_rule_to_statute", "bva_rule_to_rule", "medquad_cancer_heart")
"""Names of the development retrieval sets, in the order in which every table lists them."""

# A section's own text starts at its first lettered paragraph; what stands before it is the heading.
_STATUTE_HEADING = re.compile(r"§\s*[\w.–-]+\.\s.{3,150}?(?=\s\(\w{1,3}\)\s|$)")
_HEADING_WORDS = 14


class DataNotFoundError(ModelNotFoundError):
    """Development data is absent; the message names what is missing and how to point to it."""


@dataclass(frozen=True)
class RetrievalSet:
    """One retrieval task. Documents are referred to by their position in `corpus`.

    Attributes:
        name: the set's name, as in the tables.
        queries: the query texts.
        corpus: the document texts.
        relevant: for each query, the positions of its relevant documents (binary relevance), never empty.
        exclude: for each query, positions that are no candidates (the query itself, its own decision).
        headers: for each document, a heading that goes before each of its passages but the first,
            which holds the heading already; "" for none.
    """

    name: str
    queries: tuple[str, ...]
    corpus: tuple[str, ...]
    relevant: tuple[frozenset[int], ...]
    exclude: tuple[frozenset[int], ...]
    headers: tuple[str, ...]

    def __post_init__(self) -> None:
        queries, documents = len(self.queries), len(self.corpus)
        if not len(self.relevant) == len(self.exclude) == queries or len(self.headers) != documents:
            raise InputError(
                f"RetrievalSet {self.name!r}: {queries} queries with {len(self.relevant)} relevant and "
                f"{len(self.exclude)} exclude lists, {documents} documents with {len(self.headers)} headers; "
                "give one list per query and one header per document."
            )
        if any(not found or max(found) >= documents for found in self.relevant):
            raise InputError(
                f"RetrievalSet {self.name!r}: each query needs relevant documents, below {documents}."
            )


def data_folder() -> Path:
    """The development data folder: `MEJURIX_DATA`, else `../shared/data` beside the repository.

    Raises:
        DataNotFoundError: neither is a folder.
    """
    named = os.environ.get("MEJURIX_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        source = "MEJURIX_DATA names" if named else "MEJURIX_DATA is not set, and the default is"
        raise DataNotFoundError(
            f"No development data: {source} {folder}, which is not a folder. "
            "Set MEJURIX_DATA to the folder that holds retrieval/*.json.gz."
        )
    return folder


def statute_heading(text: str) -> str:
    """The heading of a statute section ("§ 106. Certain service deemed …"), or "" where there is none."""
    found = _STATUTE_HEADING.match(text)
    return " ".join(found.group().split()[:_HEADING_WORDS]) if found else ""


def load_retrieval_set(name: str, folder: Path | None = None) -> RetrievalSet:
    """Reads one development retrieval set.

    Args:
        name: one of `RETRIEVAL_SETS`.
        folder: the data folder; `data_folder()` if not given.

    Raises:
        InputError: no such set.
        DataNotFoundError: the folder or the set's file is absent.
    """
    if name not in RETRIEVAL_SETS:
        raise InputError(f"No retrieval set {name!r}; the sets are {', '.join(RETRIEVAL_SETS)}.")
    path = (folder or data_folder()) / "retrieval" / f"{name}.json.gz"
    if not path.is_file():
        raise DataNotFoundError(
            f"Retrieval set {name!r} needs {path}, which is absent. Set MEJURIX_DATA to its folder."
        )
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = json.load(file)
    queries = tuple(content["queries"])
    return RetrievalSet(
        name=name,
        queries=queries,
        corpus=tuple(content["documents"]),
        relevant=tuple(frozenset(found) for found in content["relevant"]),
        exclude=tuple(frozenset(found) for found in content.get("exclude") or [()] * len(queries)),
        headers=tuple(map(statute_heading, content["documents"])),
    )


def load_retrieval_sets(
    names: Sequence[str] = RETRIEVAL_SETS, folder: Path | None = None
) -> list[RetrievalSet]:
    """Reads the development retrieval sets; see `load_retrieval_set`."""
    return [load_retrieval_set(name, folder) for name in names]
