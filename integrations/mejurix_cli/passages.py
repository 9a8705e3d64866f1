"""Hits for people: where a passage stands, why it was found, and its words with those of the query marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from mejurix_st.types import Chunk, Hit

EXCERPT = 420
"""Characters of a passage that are shown unless the whole is asked for."""
WIDEST = 110
"""Columns of a passage at most: longer lines are hard to read."""
_WORD = re.compile(r"[0-9A-Za-z가-힣]+")
_KOREAN_ENDING = re.compile(
    r"(?:[하되]었습니까|[하되]였습니까|[했됐]습니까|합니까|됩니까|입니까|이라고|라고|에서|에게|까지|부터|으로|하다고"
    r"|[은는이가을를의에로과와도만])$"
)
_NEW_LINE = re.compile(r"[-•*·#|○●▪]|\(?\d{1,2}[.)]|[A-Za-z가-힣][.)]\s|[QASOP][.:]\s|\[")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been by did do does for from had has have he her his how in into is it its of "
        "on or she that the their there these they this to was were what when where which who whom why will "
        "with would 것 수 및 등 때문 무엇 어떻게 언제 누가 있습니까 없습니까 하였습니까 됩니까 입니까",
    )
)


def query_words(query: str) -> re.Pattern[str] | None:
    """Pattern of the query's words with any ending: "fractures" finds "fracture", "골절이" finds "골절은"."""
    stems = {_stem(word) for word in _WORD.findall(query) if word.lower() not in _STOP}
    parts = [_pattern(stem) for stem in sorted(stems, key=lambda s: (-len(s), s)) if stem]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _stem(word: str) -> str:
    if "가" <= word[0] <= "힣":
        bare = _KOREAN_ENDING.sub("", word)
        return bare if len(bare) > 1 else word
    word = word.lower()
    if len(word) > 4 and not word.isdigit():
        return re.sub(r"(?:ing|ed|es|s)$", "", word)
    return word if len(word) > 1 else ""


def _pattern(stem: str) -> str:
    if "가" <= stem[0] <= "힣":
        return re.escape(stem)
    ending = r"\w{0,4}" if len(stem) > 3 and not stem.isdigit() else "s?"
    return rf"(?<!\w){re.escape(stem)}{ending}(?!\w)"


def reflow(text: str) -> str:
    """The passage with the line breaks that fill a page undone; those of lists, labels and headings stay."""
    lines = [" ".join(line.split()) for line in re.split(r"[\n\f]", text)]
    full = max((len(line) for line in lines), default=0)
    parts: list[str] = []
    for line, before in zip(lines, ["", *lines], strict=False):
        if not line:
            continue
        if before and len(before) >= 0.7 * full and not _NEW_LINE.match(line):
            parts[-1] += f" {line}"
        else:
            parts.append(line)
    return "\n".join(parts)


def excerpt(text: str, words: re.Pattern[str] | None, limit: int = EXCERPT) -> str:
    """The part of a passage around its sentence with most of the query's words; all of a short passage.

    Args:
        text: the passage, reflowed.
        words: of the query.
        limit: most characters.
    """
    if len(text) <= limit:
        return text
    starts = [0, *(m.end() for m in re.finditer(r"[.!?;]\s+|\n", text) if m.end() < len(text))]
    sentences = list(zip(starts, [*starts[1:], len(text)], strict=True))
    best, stop = max(sentences, key=lambda sentence: (_distinct(text[slice(*sentence)], words), -sentence[0]))
    start = 0 if stop <= limit else min(best, _word_start(text, len(text) - limit))
    end = start + limit
    if end < len(text):
        end = text.rfind(" ", start, end + 1) if " " in text[start + limit // 2 : end + 1] else end
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def _word_start(text: str, position: int) -> int:
    found = text.find(" ", position)
    return position if found < 0 else found + 1


def _distinct(part: str, words: re.Pattern[str] | None) -> int:
    return len({match[0].lower()[:4] for match in words.finditer(part)}) if words else 0


def pages(chunk: Chunk) -> str:
    """Where a passage stands, as "page 3" or "pages 3–4"."""
    if chunk.page_start == chunk.page_end:
        return f"page {chunk.page_start}"
    return f"pages {chunk.page_start}–{chunk.page_end}"


def arms(hit: Hit) -> str:
    """Each arm's own score, as "dense 0.712, bm25 12.3"."""
    digits = {"dense": 3, "bm25": 1}
    return ", ".join(f"{arm} {score:.{digits.get(arm, 2)}f}" for arm, score in hit.arms.items())


def hit_text(
    console: Console, hit: Hit, words: re.Pattern[str] | None, *, limit: int | None = EXCERPT
) -> Text:
    """One hit: a line of where and why, and the passage under it, indented; ends with a blank line."""
    chunk = hit.chunk
    head = Text.assemble(
        (f"{hit.rank:>2}  ", "bold"), (chunk.document, "bold cyan"), (f", {pages(chunk)}", "cyan"),
        (f"   score {hit.score:.4f} ({arms(hit)})\n", "dim"),
    )  # fmt: skip
    shown = reflow(chunk.text)
    body = Text(_printable(shown if limit is None else excerpt(shown, words, limit)))
    if words:
        body.highlight_regex(words, "bold yellow")
    return head.append_text(indented(console, body, 4))


def indented(console: Console, text: Text, columns: int) -> Text:
    """A text wrapped to the console's width behind a margin; no line ends in blanks."""
    result = Text()
    for line in text.wrap(console, max(20, min(console.width, WIDEST) - columns)):
        line.rstrip()
        result.append(" " * columns if line else "").append_text(line).append("\n")
    return result


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def print_hits(console: Console, hits: Sequence[Hit], query: str, *, limit: int | None = EXCERPT) -> None:
    """Prints hits for people.

    Args:
        console: where to.
        hits: in the order of their rank.
        query: whose words are marked on a terminal.
        limit: most characters of each passage; None for all.
    """
    words = query_words(query)
    for hit in hits:
        console.print(hit_text(console, hit, words, limit=limit), soft_wrap=True)


def hit_record(hit: Hit) -> dict[str, Any]:
    """A hit for `search --json`. All offsets, also those of entities, point into the document's text."""
    chunk = hit.chunk
    stored: Any = hit.payload.get("entities")
    entities = _entities(chunk, stored)
    return {
        "rank": hit.rank,
        "score": hit.score,
        "arms": hit.arms,
        "document": chunk.document,
        "page_start": chunk.page_start,
        "page_end": chunk.page_end,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "entities": entities,
    }


def _entities(chunk: Chunk, stored: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The entities that the index holds of a passage, or those recognised now where it holds none."""
    from mejurix_st.entities import recognize
    from mejurix_st.entities.display import to_dicts
    from mejurix_st.types import EntitySpan, EntityType

    if stored is None:
        entities = to_dicts(chunk.text, recognize(chunk.text))
    else:
        spans = [
            EntitySpan(
                entity["start"] - chunk.start,
                entity["end"] - chunk.start,
                entity["text"],
                EntityType(entity["type"]),
                entity["normalized"],
                entity.get("code", ""),
            )
            for entity in stored
        ]
        entities = to_dicts(chunk.text, spans)  # decides again: the deciding words are not stored
        for shown, entity in zip(entities, stored, strict=True):
            said = shown["assertion"]
            said.update({name: entity[name] for name in said if name in entity})
    for entity in entities:
        for part in (entity, *entity["assertion"]["cues"]):
            part["start"] += chunk.start
            part["end"] += chunk.start
    return entities
