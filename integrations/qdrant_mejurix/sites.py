"""Where in the body an entity is, by rule, for the payload field `entities[].site`."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from mejurix_st.errors import InputError


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], re.Pattern[str], dict[str, str]]:
    """The site of each group of the pattern, the pattern, and the larger part each site belongs to."""
    groups: dict[str, str] = {}
    larger: dict[str, str] = {}
    parts: list[str] = []
    lines = (files("qdrant_mejurix") / "sites.tsv").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(line for line in lines if line and not line.startswith("#")):
        site, parent, english, korean = line.split("\t")
        groups[f"s{number}"] = site
        larger[site] = "" if parent == "-" else parent
        # A Korean form of one syllable must be a word's beginning and end ("간" is not in "간병").
        long = [form for form in korean.split("|") if len(form) > 1]
        short = [form for form in korean.split("|") if len(form) == 1]
        forms = [rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])", *long]
        if short:
            forms.append(rf"(?<![가-힣])(?:{'|'.join(short)})(?=[은는이가을를의에과와도]?(?![가-힣]))")
        parts.append(f"(?P<s{number}>{'|'.join(forms)})")
    return groups, re.compile("|".join(parts)), larger


def with_larger(site: str) -> list[str]:
    """A site and the parts of the body that hold it: lumbar spine, spine, trunk."""
    _, _, larger = _table()
    chain = [site]
    while parent := larger[chain[-1]]:
        chain.append(parent)
    return chain


def find_sites(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int, str]]:
    """Mentions of sites in `text[start:end]`, in order: start, end (code points of `text`) and the site."""
    groups, pattern, _ = _table()
    lowered = text.lower()
    if len(lowered) != len(text):  # rare letters change length; offsets must not
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    stop = len(text) if end is None else end
    found: list[tuple[int, int, str]] = []
    for match in pattern.finditer(lowered, start, stop):
        site = groups[match.lastgroup or ""]
        if found and site in with_larger(found[-1][2]) and lowered[found[-1][1] : match.start()] in ("", " "):
            found[-1] = (found[-1][0], match.end(), found[-1][2])  # "lumbar spine" is one mention
        else:
            found.append((match.start(), match.end(), site))
    return found


def site_of(name: str) -> str:
    """The site that a person names, in either language.

    Raises:
        InputError: it names none that is known; the message lists them.
    """
    found = find_sites(name) if isinstance(name, str) else []
    if not found:
        known = ", ".join(sorted(_table()[2]))
        raise InputError(f"The site is {name!r}, which is not known; known sites: {known}.")
    return found[0][2]
