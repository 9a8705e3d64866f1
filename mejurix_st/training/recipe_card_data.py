"""Triples of the card's recipe: the rows of a relation, rows kept for evaluation, and mined negatives."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mejurix_st.training.relations import RELATIONS, RelationTriple, relation_triples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import torch
    from sentence_transformers import SentenceTransformer

Key = tuple[str, str, str]
LANGUAGES = ("en", "ko")


def build_rows(seed: int, count: int, exclude: Callable[[str], bool] | None = None) -> list[RelationTriple]:
    """Triples of the ten relations in both languages.

    Args:
        seed: same seed, same rows.
        count: triples of each relation in each language.
        exclude: true for a text that must not be trained on.
    """
    return [
        triple
        for language in LANGUAGES
        for relation in RELATIONS
        for triple in relation_triples(seed, language, (relation,), exclude, limit=count)
    ]


def split_rows(
    rows: Sequence[RelationTriple], evaluation: int, seed: int
) -> tuple[list[RelationTriple], list[RelationTriple]]:
    """Training and evaluation rows, which share no anchor; rows that would are left out of training.

    Args:
        rows: all of them.
        evaluation: about so many rows of each relation in each language are kept for evaluation.
        seed: of the choice.
    """
    groups = _grouped(rows)
    rng = random.Random(f"{seed} evaluation")
    kept: list[RelationTriple] = []
    for members in groups.values():
        by_anchor: dict[str, list[RelationTriple]] = defaultdict(list)
        for row in members:
            by_anchor[row.anchor].append(row)
        anchors = sorted(by_anchor)
        rng.shuffle(anchors)
        chosen: list[RelationTriple] = []
        for anchor in anchors[: len(anchors) // 2]:  # at least half of the anchors stay for training
            if len(chosen) >= evaluation:
                break
            chosen += by_anchor[anchor]
        kept += chosen
    anchors_kept = {row.anchor for row in kept}
    return [row for row in rows if row.anchor not in anchors_kept], kept


def _grouped(rows: Iterable[RelationTriple]) -> dict[tuple[str, str], list[RelationTriple]]:
    groups: dict[tuple[str, str], list[RelationTriple]] = defaultdict(list)
    for row in rows:
        groups[row.relation, row.language].append(row)
    return groups


def key(row: RelationTriple) -> Key:
    """What tells a row from others."""
    return row.anchor, row.positive, row.negative


@dataclass
class Negatives:
    """The mined negative of a row, for the rows that have one; a dataset transform puts it in.

    Attributes:
        mined: negative by row.
    """

    mined: dict[Key, str]

    def __call__(self, batch: dict[str, list[str]]) -> dict[str, list[str]]:
        """Replaces negatives in a batch of the columns anchor, positive, negative."""
        keys = zip(batch["anchor"], batch["positive"], batch["negative"], strict=True)
        return {
            "anchor": batch["anchor"],
            "positive": batch["positive"],
            "negative": [self.mined.get(k, k[2]) for k in keys],
        }

    def write(self, path: Path) -> None:
        """Writes them; the file appears whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        rows = [[*k, negative] for k, negative in self.mined.items()]
        beside.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)

    def read(self, path: Path) -> None:
        """Puts those of a file in place of the present ones."""
        rows = json.loads(path.read_text(encoding="utf-8"))
        self.mined = {(a, p, n): negative for a, p, n, negative in rows}


def mine(
    model: SentenceTransformer,
    rows: Sequence[RelationTriple],
    *,
    ratio: float,
    seed: str,
    batch_size: int = 64,
) -> dict[Key, str]:
    """The semi-hard negative (Schroff et al. 2015) of a share of the rows, by the model as it stands.

    Candidates are all positives and negatives of the row's relation and language. The nearest one to the
    anchor that is less near than the row's positive is taken: a text nearer than the positive is often right
    as well, in another wording. Texts that are a positive of the same anchor are no candidates. Rows without
    any candidate keep the negative they have.

    Args:
        model: gives unit vectors.
        rows: training rows.
        ratio: share of the rows that get a mined negative, (0, 1].
        seed: of the choice of rows.
        batch_size: texts in one pass.
    """
    rng = random.Random(seed)
    mined: dict[Key, str] = {}
    for members in _grouped(rows).values():
        right: dict[str, set[str]] = defaultdict(set)
        for row in members:
            right[row.anchor].add(row.positive)
        chosen = rng.sample(members, round(ratio * len(members)))
        corpus = sorted({text for row in members for text in (row.positive, row.negative)})
        place = {text: i for i, text in enumerate(corpus)}
        documents = _vectors(model.encode_document, corpus, batch_size)
        anchors = _vectors(model.encode_query, [row.anchor for row in chosen], batch_size)
        for row, scores in zip(chosen, anchors @ documents.T, strict=True):
            own = scores[place[row.positive]].item()
            candidates = scores.masked_fill(scores >= own, -2.0)
            candidates[[place[text] for text in right[row.anchor]]] = -2.0
            best = int(candidates.argmax())
            if candidates[best] > -2.0:
                mined[key(row)] = corpus[best]
    return mined


def _vectors(encode: Callable[..., Any], texts: list[str], batch_size: int) -> torch.Tensor:
    vectors: torch.Tensor = encode(
        texts, batch_size=batch_size, convert_to_tensor=True, show_progress_bar=False
    )
    return vectors.float().cpu()
