"""The twins of `benchmarks.assertions`: a query, a passage that meets it, and a near copy that does not."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.evaluation.triples import AXES, load_triples
from mejurix_st.samples import sample_twins

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILLERS = ("diagnosis_treatment", "disease_medication", "treatment_outcome")
_GENERATED = {"en": 13, "ko": 7}  # of each axis
_HELD = Path(__file__).parent / "data" / "twins_held.tsv"
_TEMPLATES = Path(__file__).parent / "data" / "assertion_twins.tsv"
_CONDITIONS = {
    "en": (
        "fracture",
        "disc herniation",
        "hearing loss",
        "pneumonia",
        "neuropathy",
        "depression",
        "arthritis",
    ),
    "ko": ("골절", "추간판탈출증", "난청", "폐렴", "신경병증", "우울증", "관절염"),
}


@dataclass
class Twin:
    """A query with the ids of its right and wrong passage, and each arm's scores by id."""

    id: str
    set: str
    axis: str
    language: str
    query: str
    right: str
    wrong: str
    found: dict[str, dict[str, float]] = field(default_factory=dict)


def digest(identifier: str) -> bytes:
    """An order that has nothing to do with the content."""
    return hashlib.sha256(identifier.encode()).digest()


def own_twins() -> list[Twin]:
    """The sample twins, on which the arm was developed, and as many held ones, on which it was not."""
    found = [
        Twin(t.id, "sample twins", t.axis, t.language, t.query, t.right, t.wrong) for t in sample_twins()
    ]
    rows = [line for line in _HELD.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for number, (axis, language, *texts) in enumerate(row.split("\t") for row in rows):
        found.append(Twin(f"held {number}", "held twins", axis, language, *texts))
    return found


def twins() -> list[Twin]:
    """The sample twins, held ones, generated ones, and development triples."""
    found = own_twins()
    draw = random.Random(4)  # noqa: S311 - a fixed choice, not a secret
    rows = [line.split("\t") for line in _TEMPLATES.read_text(encoding="utf-8").splitlines()[1:]]
    for language, number in _GENERATED.items():
        fillers = [triple.anchor for name in _FILLERS for triple in load_triples(name, language)]

        def entry(text: str, around: Sequence[str]) -> str:
            return f"{around[0]} {text} {around[1]}"

        for axis in dict.fromkeys(row[0] for row in rows):
            templates = [row[2:] for row in rows if row[:2] == [axis, language]]
            pairs = [(template, name) for template in templates for name in _CONDITIONS[language]]
            for place, (template, name) in enumerate(draw.sample(pairs, number)):
                query, right, wrong = (text.replace("{c}", name) for text in template)
                around = draw.sample(fillers, 2)
                found.append(
                    Twin(
                        f"generated {axis} {language} {place}", "generated files", axis, language,
                        query, entry(right, around), entry(wrong, around),
                    )
                )  # fmt: skip
        for axis in AXES:
            for triple in sorted(load_triples(axis, language), key=lambda t: digest(t.id))[: number // 2]:
                around = draw.sample(fillers, 2)
                right, wrong = entry(triple.positive, around), entry(triple.negative, around)
                found.append(
                    Twin(triple.id, "development triples", axis, language, triple.anchor, right, wrong)
                )
    return found
