"""Terms from open data in an optional package: names and inclusion terms of ICD-10-CM.

ICD-10-CM is in the public domain; the package `simple-icd-10-cm` (MIT) carries it, and comes with the extra
`ner`. The terms are read from it once, and kept as a table in the user's cache folder. Without the package
the vocabulary is this project's own.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from mejurix_st.entities.vocabulary import Vocabulary

_PACKAGE = "simple-icd-10-cm"
#: Raised when the way terms are made changes, so that an old table is not read.
_FORMAT = 1
#: What a classification says and a record does not.
_DROP = re.compile(
    r",? (?:initial|subsequent) encounter.*| (?:nos|nec)$|,? unspecified(?: site| side| ear| eye)?$"
    r"|^unspecified |,? not otherwise specified"
    r"|\s*\[[^\]]*\]|\s*\([^)]*\)",
    re.IGNORECASE,
)
_UNFIT = re.compile(
    r"\b(?:other|elsewhere|unspecified|not|sequela|encounter|due to|classified|without|with|and/or)\b"
)
#: One-word names that are ordinary words in a record.
_COMMON_WORDS = frozenset(
    [
        "accident",
        "agent",
        "alert",
        "assault",
        "cold",
        "collapse",
        "contact",
        "counseling",
        "crushing",
        "delivery",
        "exposure",
        "family",
        "finding",
        "health",
        "history",
        "injury",
        "labor",
        "personal",
        "pain",
        "problem",
        "shock",
        "state",
        "stress",
        "trauma",
        "unspecified",
        "drug",
        "fall",
        "bite",
        "cut",
        "tear",
    ]
)
_MAXIMUM_WORDS = 7


def cache_folder() -> Path:
    """Folder for tables that can be made again: `$MEJURIX_CACHE`, or the user's cache folder."""
    if folder := os.environ.get("MEJURIX_CACHE"):
        return Path(folder)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mejurix-st"


def icd_terms() -> list[tuple[str, str, str]]:
    """Terms of ICD-10-CM, `(term, type, code)`, from cache or package; empty without the package."""
    if find_spec("simple_icd_10_cm") is None:
        return []
    try:
        release = version(_PACKAGE)
    except PackageNotFoundError:
        release = "unknown"
    path = cache_folder() / f"icd10cm-{release}-{_FORMAT}.tsv"
    try:
        lines = path.read_text("utf-8").splitlines()
        return [(term, kind, code) for term, kind, code in (line.split("\t") for line in lines)]
    except (OSError, ValueError):
        pass  # no table yet, or one that was cut short: make it
    terms = _read_package()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text("".join("\t".join(term) + "\n" for term in terms), "utf-8")
        temporary.replace(path)
    except OSError:
        pass  # a read-only home: read the package again next time
    return terms


def _read_package() -> list[tuple[str, str, str]]:
    """Make the terms of diseases, symptoms and injuries (chapters A to T)."""
    import simple_icd_10_cm as icd

    seen: dict[str, tuple[str, str, str]] = {}
    for code in icd.get_all_codes(with_dots=True):
        if "-" in code or not "A" <= code[0] <= "T":
            continue
        kind = EntityType.SYMPTOM if code[0] == "R" else EntityType.DISEASE
        for name in (icd.get_description(code), *icd.get_inclusion_term(code)):
            term = " ".join(_DROP.sub("", name).split()).lower()
            words = term.split()
            if not words or len(words) > _MAXIMUM_WORDS or _UNFIT.search(term) or len(term) < 4:
                continue
            if len(words) == 1 and term in _COMMON_WORDS:
                continue
            seen.setdefault(term, (term, kind.value, f"ICD10CM:{code}"))
    return list(seen.values())


def add_open_terms(vocabulary: Vocabulary) -> Vocabulary:
    """Add the open terms to a vocabulary, behind what it already has.

    Args:
        vocabulary: not changed; a form that it has keeps its sense.

    Returns:
        A new vocabulary.
    """
    vocabulary = vocabulary.copy()
    for term, kind, code in icd_terms():
        vocabulary.add_concept(EntityType(kind), [term], code)
    return vocabulary
