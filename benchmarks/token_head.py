"""The trained token head on BC5CDR, NCBI disease and the project's own sentences (`--help` for options).

The head reads the base encoder's lower layers, which the default model leaves as they are; by default the base
is run here, and `--model` runs the installed default model instead.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from entities import language, lines, parse_entities

from mejurix_st.entities import default_recognizer
from mejurix_st.entities.combined import CombinedRecognizer
from mejurix_st.entities.token_head import TRAINED, TokenHeadRecognizer
from mejurix_st.entities.token_states import EncoderStates
from mejurix_st.evaluation.data import data_folder
from mejurix_st.training.token_head_data import Example, base_states
from mejurix_st.training.token_head_run import SOURCES, examples

if TYPE_CHECKING:
    from mejurix_st.entities import Recognizer

KINDS = {"Disease": "DISEASE", "Chemical": "MEDICATION"}
Counts = dict[str, list[int]]
Span = tuple[int, int, str]


def add(total: Counts, name: str, found: set[Span], gold: set[Span]) -> None:
    """Counts what is right, found and annotated."""
    row = total.setdefault(name, [0, 0, 0])
    for place, spans in enumerate((found & gold, found, gold)):
        row[place] += len(spans)


def figures(total: Counts) -> dict[str, dict[str, float]]:
    """Strict-span precision, recall and F1."""
    return {
        name: {
            "precision": right / max(found, 1),
            "recall": right / max(gold, 1),
            "f1": 2 * right / max(found + gold, 1),
            "spans": gold,
        }
        for name, (right, found, gold) in total.items()
    }


def spans_of(recognizer: Recognizer, texts: list[str]) -> list[set[Span]]:
    """Entities of each text."""
    return [{(s.start, s.end, s.type.value) for s in spans} for spans in recognizer(texts)]


def corpora(recognizer: Recognizer, part: str, passages: int | None) -> tuple[Counts, Counter[str], int]:
    """Counts by source and kind, the confusions, and the number of words."""
    total: Counts = {}
    wrong: Counter[str] = Counter()
    rows: list[Example] = examples(data_folder(), part, passages=passages)
    for row, found in zip(rows, spans_of(recognizer, [row.text for row in rows]), strict=True):
        gold = {(start, end, KINDS[kind]) for start, end, kind in row.spans()}
        source = list(SOURCES)[row.partial]
        for kind in ("DISEASE",) if row.partial else KINDS.values():
            wanted, said = ({s for s in spans if s[2] == kind} for spans in (gold, found))
            add(total, f"{source} {kind}", said, wanted)
            for start, end, _ in wanted - said:
                rivals = sorted(f for f in found if f[0] < end and start < f[1])
                seen = ", ".join(f'"{row.text[a:b]}" as {k}' for a, b, k in rivals) or "nothing"
                wrong[f'{source}: wanted "{row.text[start:end]}" as {kind}, found {seen}'] += 1
            for start, end, _ in said - wanted:
                if not any(g[0] < end and start < g[1] for g in gold):
                    wrong[f'{source}: found "{row.text[start:end]}" as {kind}, wanted nothing'] += 1
    return total, wrong, sum(len(row.bounds) for row in rows)


def own_sentences(recognizers: dict[str, Recognizer]) -> Counts:
    """Micro counts on the project's nine-type sentences: all, test half, by language and for two types."""
    total: Counts = {}
    parsed = [parse_entities(line) for line in lines("entities.tsv")]
    texts = [text for text, _ in parsed]
    for name, recognizer in recognizers.items():
        for number, found in enumerate(spans_of(recognizer, texts)):
            text, gold = parsed[number]
            keys = ["all", language(text)] + (["test half"] if number % 2 else [])
            for key in keys:
                add(total, f"{name}: {key}", found, gold)
            for kind in KINDS.values():
                wanted, said = ({s for s in spans if s[2] == kind} for spans in (gold, found))
                add(total, f"{name}: {language(text)} {kind}", said, wanted)
    return total


def main() -> None:
    """Print every figure, and the most frequent confusions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="devel", choices=("devel", "train"))
    parser.add_argument("--passages", type=int, help="seed: neighbouring sentences joined into passages")
    parser.add_argument("--model", action="store_true", help="run the installed default model")
    parser.add_argument("--head", type=Path, default=TRAINED, help="folder of the head")
    parser.add_argument("--own-only", action="store_true", help="the project's sentences only")
    parser.add_argument("--confusions", type=int, default=20, help="how many to print")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    if arguments.model:
        from mejurix_st import load

        states = EncoderStates(load())
    else:
        states = base_states()
    trained = TokenHeadRecognizer(states, folder=arguments.head)
    total: Counts = {}
    wrong: Counter[str] = Counter()
    if not arguments.own_only:
        began = time.perf_counter()
        total, wrong, words = corpora(trained, arguments.part, arguments.passages)
        seconds = time.perf_counter() - began
        print(f"{words:,} words in {seconds:.0f} s: {words / seconds:,.0f} words/s")
    vocabulary = default_recognizer()
    recognizers: dict[str, Recognizer] = {
        "vocabulary": vocabulary,
        "trained": trained,
        "both": CombinedRecognizer(vocabulary, trained),
    }
    total |= own_sentences(recognizers)
    rows = figures(total)
    for name, row in rows.items():
        print(
            f"{name:32} P {row['precision']:.3f}  R {row['recall']:.3f}  F1 {row['f1']:.3f}  n {row['spans']}"
        )
    for confusion, count in wrong.most_common(arguments.confusions):
        print(f"{count:3} {confusion}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2), "utf-8")


if __name__ == "__main__":
    main()
