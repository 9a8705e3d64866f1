"""Training pairs over long texts, up to 250 words: sections, answers, windows of notes and decisions.

The sources of `sources.py` hold at most 110 words of a text. A model trained on those alone forgets how to read
longer ones: its retrieval of whole sections of a code fell while that of their first 144 tokens did not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mejurix_st.training.glossary import read_table
from mejurix_st.training.passages import decision_passages, note_sections, sentences, windows
from mejurix_st.training.sources import HELD_OUT_MEDQUAD, Pair, read_lines

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

WORDS = 250  # of a document; about 380 tokens
_NUMBER = re.compile(r"^.*?§ ?\S+\.? ")
_BRACKETS = re.compile(r"^(\([A-Za-z0-9]+\) ?)+")


def sections(folder: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Sections of the US Code with their rows in order; each row is given its number in the file as `row`."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for number, row in enumerate(read_lines(folder / "pairs/us_code.jsonl.gz")):
        name = row.get("section") or row["query"]
        found.setdefault((row.get("title", 0), name), []).append(row | {"row": number})
    return [(name, rows) for (_, name), rows in found.items()]


def code_sections(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Heading, or one clause, to its section, from the start or from a later row.

    The clause stays in the section half of the time.
    """
    for name, rows in sections(folder):
        texts = [row["positive"] for row in rows]
        total = sum(len(text.split()) for text in texts)
        if total < 60:
            continue
        for _ in range(1 if total < 400 else 2):
            kind = rng.random()
            start = 0 if kind < 0.6 else rng.randrange(len(texts))
            body = _join(texts[start:])
            parts = [s for s in sentences(body) if 8 <= len(s.split()) <= 60]
            if kind < 0.2 or len(parts) < 3:
                query, header = _NUMBER.sub("", name), ""
            else:
                chosen = rng.choice(parts)
                query, header = _BRACKETS.sub("", chosen), f"{name}\n"
                if rng.random() < 0.5:
                    body = body.replace(chosen, " ")
            yield Pair(query, header + body, group=name, source="us_code")


def written_rules(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Rules, situations and questions written for this project to the section of the US Code that decides them."""
    queries: dict[int, list[str]] = {}
    for written in read_table("written_rules.tsv"):
        queries.setdefault(int(written["row"]), []).append(written["query"])
    for name, rows in sections(folder):
        before = 0
        for at, row in enumerate(rows):
            size = len(row["positive"].split())
            for query in queries.get(row["row"], ()):
                start = 0 if before + size <= WORDS and rng.random() < 0.5 else at
                body = _join([r["positive"] for r in rows[start:]])
                header = f"{name}\n" if rng.random() < 0.7 else ""
                yield Pair(query, header + body, group=name, source="us_code")
            before += size


def answers(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Health question to its answer, of at least 130 words."""
    for row in read_lines(folder / "pairs/medquad.jsonl.gz"):
        words = row["positive"].split()
        if row.get("source") in HELD_OUT_MEDQUAD or len(words) < 130:
            continue
        yield Pair(row["query"], _cut(words, rng), group=row["query"].lower(), source="medquad")


def long_notes(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """A sentence of a clinical note to 250 words around it, headings included."""
    for row in read_lines(folder / "text/clinical_notes/notes.jsonl.gz"):
        parts = [f"{h.capitalize()}: {b}" if h else b for h, b in note_sections(row["text"])]
        yield from _sentence_to_window(parts, rng, f"note {row['id']}", "clinical_notes")


def written_notes(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Questions and search sentences written for this project to the piece of a note that answers them."""
    queries = {row["key"]: row["query"] for row in read_table("written_notes.tsv")}
    notes = {row["id"]: row["text"] for row in read_lines(folder / "text/clinical_notes/notes.jsonl.gz")}
    for key, query in queries.items():
        note, start, end = (int(x) for x in key.split(":"))
        if note not in notes:
            continue
        before, after = (rng.choice([0, 0, rng.randrange(400)]) for _ in range(2))
        text = notes[note][max(0, start - before) : end + after]
        yield Pair(query, _join([text]), group=f"note {note}", source="clinical_notes")


def long_decisions(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """A sentence of a decision to the 250 words around it."""
    for path in sorted((folder / "text/bva").glob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        parts = [body for _, body in decision_passages(text)]
        yield from _sentence_to_window(parts, rng, path.stem, "bva")


def _sentence_to_window(parts: Sequence[str], rng: random.Random, group: str, source: str) -> Iterator[Pair]:
    for window in windows(" ".join(parts), WORDS):
        found = sentences(window)
        good = [i for i, s in enumerate(found) if 6 <= len(s.split()) <= 45]
        if len(found) < 4 or not good:
            continue
        for chosen in rng.sample(good, min(2, len(good))):
            rest = found if rng.random() < 0.25 else found[:chosen] + found[chosen + 1 :]
            yield Pair(found[chosen], " ".join(rest), group=group, source=source)


def _join(texts: Sequence[str]) -> str:
    return " ".join(" ".join(texts).split()[:WORDS])


def _cut(words: Sequence[str], rng: random.Random) -> str:
    return " ".join(words[: rng.choice([WORDS // 2, WORDS, WORDS])])


def korean_passages(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Questions and statements written for this project to Korean passages written for it."""
    yield from _written_passages("written_korean_passages.tsv")


def case_passages(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """The same in English: passages of reports, letters, policies, testimony, judgments, regulations."""
    yield from _written_passages("written_case_passages.tsv")


def _written_passages(table: str) -> Iterator[Pair]:
    for row in read_table(table):
        yield Pair(row["query"], row["passage"], group=row["passage"], source="written")


LONG_SOURCES: dict[str, Callable[[Path, random.Random], Iterator[Pair]]] = {
    "code_sections": code_sections,
    "written_rules": written_rules,
    "answers": answers,
    "long_notes": long_notes,
    "written_notes": written_notes,
    "long_decisions": long_decisions,
    "korean_passages": korean_passages,
    "case_passages": case_passages,
}
