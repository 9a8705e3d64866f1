"""Surface forms of a term: plurals, British and American spelling, Korean spacing."""

from __future__ import annotations

import re

from mejurix_st.entities._fold import is_hangul

#: Spelling pairs, either way round, inside a word.
_SPELLINGS = (
    ("haem", "hem"), ("oedema", "edema"), ("tumour", "tumor"), ("anaes", "anes"), ("paed", "ped"),
    ("fibre", "fiber"), ("ischaem", "ischem"), ("anaem", "anem"), ("diarrhoea", "diarrhea"),
    ("dyspnoea", "dyspnea"), ("apnoea", "apnea"), ("oesoph", "esoph"), ("aesthe", "esthe"),
    ("disc", "disk"), ("labour", "labor"), ("judgement", "judgment"), ("leuk", "leuc"), ("foetal", "fetal"),
    ("defence", "defense"), ("licence", "license"), ("isation", "ization"), ("behaviour", "behavior"),
    ("gynaec", "gynec"),
)  # fmt: skip
_NO_PLURAL = re.compile(r"(?:s|ing|ness|[^aeiou]ia|emia|uria|ility|ism|[\d.%)])$")


def plural(word: str) -> str:
    """Regular English plural of one word, or the word itself where a plural is not used."""
    if word.endswith("sis"):
        return word[:-2] + "es"
    if word.endswith(("ss", "sh", "ch", "x", "us")):
        return word + "es"
    if _NO_PLURAL.search(word) or not word.isalpha():
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _plural_term(term: str) -> str:
    """Plural of a term's head: the last word, or the word before "of"."""
    head, of, rest = term.partition(" of ")
    words = head.split(" ")
    words[-1] = plural(words[-1])
    return " ".join(words) + of + rest


def surface_forms(term: str) -> set[str]:
    """All the forms under which a term is looked up, itself included.

    Args:
        term: one English or Korean form from a table.

    Returns:
        Lower-case English forms (singular, plural, both spellings), or the Korean form with and without
        spaces.
    """
    if is_hangul(term):
        return {term.lower(), term.lower().replace(" ", "")}
    term = term.lower()
    forms = {term, _plural_term(term)} if len(term) > 3 else {term}
    for first, second in _SPELLINGS:
        for old, new in ((first, second), (second, first)):
            forms |= {
                re.sub(rf"\b{old}|(?<=\w){old}", new, form)
                for form in forms
                if old in form and new not in form
            }
    return forms
