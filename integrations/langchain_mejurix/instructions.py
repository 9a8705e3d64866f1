"""Text inside documents that gives orders to whoever reads it: found, so that it is never taken as evidence.

A record or a decision states things. It does not address a language model, imitate a conversation's roles, or
say what an answer must contain. Text that does is kept out of what may support a sentence, together with the
rest of its paragraph and what follows in its passage: an order says what to claim, and the claim often stands
in the next sentence.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_READER = (
    r"(?:(?:AI|A\.I\.|virtual|digital|helpful)(?: (?:assistant|model|agent|reader|system))?"
    r"|assistant|language model|LLM|chat ?bot|GPT|system prompt|summari[sz]er|copilot)"
)


@lru_cache(maxsize=1)
def _order() -> re.Pattern[str]:
    """All patterns of `instruction_patterns.tsv` as one."""
    table = resources.files("langchain_mejurix").joinpath("instruction_patterns.tsv").read_text("utf-8")
    patterns = [line.partition("\t")[2] for line in table.split("\n") if line and not line.startswith("#")]
    whole = "|".join(f"(?:{pattern.replace('{reader}', _READER)})" for pattern in patterns)
    return re.compile(whole, re.IGNORECASE | re.MULTILINE)


_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# Letters of other scripts that look like Latin ones and are used to hide words.
_LOOKALIKE = str.maketrans(
    "аеорсухіјѕԁӏԛԝвнкмтАЕОРСУХІЈЅВНКМТαοεινρτυχΑΒΕΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdlqwbhkmtAEOPCYXIJSBHKMTaoeivptuxABEHIKMNOPTYX",
)


def find_instructions(text: str) -> list[tuple[int, int]]:
    """Half-open spans of `text` that must not serve as evidence: from an order's paragraph to the end.

    Hidden characters are left out, and look-alike letters of other scripts are read as what they look like,
    so that orders spelled with zero-width spaces or Cyrillic letters are found too. The spans count code
    points of `text` as given.
    """
    plain, places = _plain(text)
    hidden = _hidden_runs(text)
    starts = []
    for match in _order().finditer(plain):
        blank = len(match[0]) - len(match[0].lstrip())
        starts.append(places[match.start() + blank])
    starts += [start for start, _ in hidden]
    if not starts:
        return []
    first = min(starts)
    begin = 0
    for gap in _PARAGRAPH.finditer(text, 0, first):
        begin = gap.end()
    return [(begin, len(text))]


def visible(text: str) -> str:
    """The text as a reader sees it: no control, format, tag or private-use characters."""
    return "".join(
        c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs", "Cn")
    )


def withheld(text: str, unsafe: Sequence[tuple[int, int]]) -> str:
    """A passage as a model gets to see it: what gives orders is replaced by a note, hidden characters go."""
    shown, reach = "", 0
    for start, end in sorted(unsafe):
        if end > reach:
            shown += (
                visible(text[reach : max(reach, start)]) + "[text withheld: it gives orders to its reader]"
            )
            reach = end
    return shown + visible(text[reach:])


def _plain(text: str) -> tuple[str, list[int]]:
    """A text with compatibility forms resolved and hidden characters out, and where each character was."""
    characters: list[str] = []
    places: list[int] = []
    for position, character in enumerate(text):
        if ord(character) < 128:
            shown = character
        elif unicodedata.category(character) in ("Cf", "Co", "Cn", "Mn", "Me"):
            continue
        elif "가" <= character <= "힣":
            shown = character
        else:
            shown = unicodedata.normalize("NFKC", character).translate(_LOOKALIKE)
        characters.append(shown)
        places.extend([position] * len(shown))
    return "".join(characters), [*places, len(text)]


def _hidden_runs(text: str) -> list[tuple[int, int]]:
    """Characters that only hide or reorder text: bidirectional overrides, tags, runs of zero width."""
    return [
        m.span()
        for m in re.finditer(
            "[\u202a-\u202e\u2066-\u2069]|[\U000e0000-\U000e007f]+|[\u200b-\u200f\u2060\ufeff]{3,}", text
        )
    ]
