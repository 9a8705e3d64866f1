"""What a sentence does in a record or a decision: state a rule, find, report evidence, reason, or cite.

The roles are those of the annotation of Board decisions by Walker et al. ("Automatic classification of
rhetorical roles for sentences", ASAIL 2019). The cues are this project's own (`role_cues.tsv`): words by
role and language, weighed; no model. They are a filter before ranking, not a verdict.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Literal, cast

Role = Literal["rule", "finding", "evidence", "reasoning", "citation", "other"]
ROLES: tuple[Role, ...] = ("rule", "finding", "evidence", "reasoning", "citation", "other")

#: Where two roles score the same, the earlier one is taken.
_ORDER: tuple[Role, ...] = ("finding", "rule", "reasoning", "evidence")
_SIGNAL = re.compile(
    r"^\W*(?:see(?: also)?|cf\.|but see|id\.|accord|citing|quoting|e\.g\.)[\s,]", re.IGNORECASE
)
_AUTHORITY = re.compile(
    r"\d+ (?:C\.?F\.?R\.?|U\.?S\.?C\.?(?:A\.?)?|Vet\. App\.|F\.[23]d|Fed\. Reg\.|Mass\.)|\bv\. [A-Z]|§"
)
_PLAIN_WORD = re.compile(r"\b[a-z]{3,}\b")
_FEW_WORDS, _SOME_WORDS = 4, 12  # plain words beside an authority, and after a signal such as "See"


@cache
def _cues() -> tuple[tuple[float, Role, re.Pattern[str]], ...]:
    text = resources.files(__package__).joinpath("role_cues.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        (float(weight), cast("Role", role), re.compile(pattern, re.IGNORECASE))
        for weight, role, pattern in rows
    )


def sentence_role(sentence: str) -> Role:
    """The role of a sentence, by the cue words that it holds.

    Args:
        sentence: one sentence, English or Korean.

    Returns:
        "rule", "finding", "evidence", "reasoning", "citation", or "other" where no cue speaks.

    >>> sentence_role("Service connection requires a present disability.")
    'rule'
    >>> sentence_role("The Board finds that the tinnitus began in service.")
    'finding'
    """
    text = " ".join(sentence.split())
    if not text:
        return "other"
    if _is_citation(text):
        return "citation"
    scores = dict.fromkeys(_ORDER, 0.0)
    for weight, role, pattern in _cues():
        if pattern.search(text):
            scores[role] += weight
    best = max(_ORDER, key=lambda role: scores[role])
    return best if scores[best] > 0 else "other"


def _is_citation(text: str) -> bool:
    """Whether little stands in the sentence but authorities."""
    words = len(_PLAIN_WORD.findall(text))
    if _SIGNAL.match(text):
        return words < _SOME_WORDS or _AUTHORITY.search(text) is not None
    return words <= _FEW_WORDS and _AUTHORITY.search(text) is not None
