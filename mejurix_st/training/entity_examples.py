"""Texts that entity modules are trained on: the project's triples and parallel sentences, and some real pairs."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.training.entity_states import files_digest
from mejurix_st.training.mixture import build_mixture
from mejurix_st.training.recipe_data import natural_rows
from mejurix_st.training.run import GENERATED_GUARDS, refuse_texts
from mejurix_st.training.sources import SOURCES, negation_triples
from mejurix_st.training.step import DOCUMENT, QUERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mejurix_st.training.entity_states import Key
    from mejurix_st.training.sources import Pair

# Shares of the texts, and of the pairs' sources.
_TRIPLES, _PARALLEL, _PAIRS = 0.7, 0.12, 0.18
_SOURCES = {
    "medquad": 0.3,
    "us_code": 0.25,
    "clinical_notes": 0.2,
    "decisions": 0.1,
    "korean": 0.1,
    "icd10cm": 0.05,
}
_SPREAD = 0.1  # share of a source's pairs that is drawn from, so that they are not all of its beginning
_SYMMETRIC = 0.6  # share of triples and parallel sentences whose sides all take the query's prompt
_HELD_OUT = 10  # one in so many


@dataclass(frozen=True)
class Examples:
    """What is trained on; every text with its prompt.

    Attributes:
        triples: anchor, positive, negative.
        parallel: two texts of one meaning, English and Korean in either order.
        pairs: query, document.
        groups: of each pair, source first; pairs of a group are never each other's negatives.
    """

    triples: tuple[tuple[Key, Key, Key], ...]
    parallel: tuple[tuple[Key, Key], ...]
    pairs: tuple[tuple[Key, Key], ...]
    groups: tuple[tuple[str, str], ...]

    def texts(self) -> list[Key]:
        """Every text once."""
        rows = (*self.triples, *self.parallel, *self.pairs)
        return list(dict.fromkeys(key for row in rows for key in row))

    def split(self) -> tuple[Examples, Examples]:
        """What is trained on, and a tenth by anchor, text or group that decides when to stop.

        A triple that shares a text with a held-out one is in neither part.
        """
        kept = [t for t in self.triples if _held(t[0][1])]
        known = {key[1] for triple in kept for key in triple}
        free = [t for t in self.triples if not any(key[1] in known for key in t)]
        sides = [_held(one[1]) or _held(other[1]) for one, other in self.parallel]
        parts = [_held(group[1]) for group in self.groups]
        train, held = (
            Examples(
                tuple(triples),
                tuple(row for row, out in zip(self.parallel, sides, strict=True) if out is part),
                tuple(row for row, out in zip(self.pairs, parts, strict=True) if out is part),
                tuple(group for group, out in zip(self.groups, parts, strict=True) if out is part),
            )
            for triples, part in ((free, False), (kept, True))
        )
        return train, held


def _held(text: str) -> bool:
    return hashlib.blake2b(text.encode(), digest_size=2).digest()[0] % _HELD_OUT == 0


def gather_examples(data: Path, *, texts: int = 20_000, seed: int = 1, cache: Path | None = None) -> Examples:
    """Draws training texts: triples by the weights of the default recipe, behind its leak guards.

    Args:
        data: the development data folder.
        texts: about how many.
        seed: of every choice.
        cache: folder that keeps what was drawn; read again as long as the training data's code is the same.
    """
    path = None
    if cache is not None:
        path = cache / f"examples-{texts}-{seed}-{files_digest(Path(__file__).parent)}.json"
        if path.is_file():
            return _read(path)
    real = _real_pairs(data, round(texts * _PAIRS / 2), seed)
    mixture = build_mixture(
        real,
        weights={},
        seed=seed,
        guards=GENERATED_GUARDS,
        natural=natural_rows(real, seed, GENERATED_GUARDS["contrast"]),
        negations=negation_triples(data, GENERATED_GUARDS["contrast"]),
    )
    rng = random.Random(f"{seed} entity examples")
    wanted = round(texts * _TRIPLES / 3)
    drawn: dict[tuple[str, str, str], None] = {}
    for step in range(wanted + 1):
        if len(drawn) >= wanted:
            break
        drawn.update(dict.fromkeys(mixture.triple_batch(step, 120)))
    triples = []
    for anchor, positive, negative in list(drawn)[:wanted]:
        other = QUERY if rng.random() < _SYMMETRIC else DOCUMENT
        triples.append(((QUERY, anchor), (other, positive), (other, negative)))
    parallel = []
    for row in mixture.parallel.take(round(texts * _PARALLEL / 2)):
        one, two = rng.sample(row, 2)
        parallel.append(((QUERY, one), (QUERY if rng.random() < _SYMMETRIC else DOCUMENT, two)))
    pairs = [((QUERY, p.query), (DOCUMENT, p.positive)) for rows in real.values() for p in rows]
    groups = [(name, p.group) for name, rows in real.items() for p in rows]
    examples = Examples(tuple(triples), tuple(dict.fromkeys(parallel)), tuple(pairs), tuple(groups))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(examples), ensure_ascii=False), encoding="utf-8")
    return examples


def _real_pairs(data: Path, count: int, seed: int) -> dict[str, list[Pair]]:
    refuse = refuse_texts(data)
    found = {}
    for name, share in _SOURCES.items():
        rng = random.Random(f"{seed} entity pairs {name}")
        rows = _drawn(SOURCES[name](data, rng), random.Random(f"{seed} {name}"), refuse)
        found[name] = [row for row, _ in zip(rows, range(round(count * share)), strict=False)]
    return found


def _drawn(rows: Iterator[Pair], rng: random.Random, refuse: Callable[[str], bool]) -> Iterator[Pair]:
    for pair in rows:
        if rng.random() < _SPREAD and not (refuse(pair.query) or refuse(pair.positive)):
            yield pair


def _read(path: Path) -> Examples:
    stored = json.loads(path.read_text(encoding="utf-8"))
    rows: list[Any] = [
        tuple(tuple((prompt, text) for prompt, text in row) for row in stored[name])
        for name in ("triples", "parallel", "pairs")
    ]
    rows.append(tuple((source, group) for source, group in stored["groups"]))
    return Examples(*rows)
