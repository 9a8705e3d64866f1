"""Entities and assertions on the sentences annotated for this project (`--help` for options)."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from mejurix_st.entities import assert_span, assert_spans, default_recognizer
from mejurix_st.types import EntityType

DATA = Path(__file__).parent / "data"
TYPES = dict(
    zip(
        "DSMTXOVLC",
        (
            "DISEASE",
            "SYMPTOM",
            "MEDICATION",
            "TREATMENT",
            "DIAGNOSIS",
            "OUTCOME",
            "SEVERITY",
            "LEGAL_TERM",
            "COMPENSATION",
        ),
        strict=True,
    )
)
STATUS = {"P": "present", "A": "absent", "U": "possible", "H": "hypothetical"}
SIDES = {"L": "left", "R": "right", "B": "bilateral", "N": ""}
Spans = set[tuple[int, int, str]]


def lines(name: str) -> list[str]:
    """Lines of a data file without comments."""
    text = (DATA / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def language(text: str) -> str:
    """English or Korean."""
    return "Korean" if re.search("[가-힣]", text) else "English"


def parse_entities(line: str) -> tuple[str, Spans]:
    """Plain text and gold spans of a line such as "No {D:fracture}."."""
    text, gold, position = "", set(), 0
    for match in re.finditer(r"\{([A-Z]):([^}]*)\}", line):
        text += line[position : match.start()]
        gold.add((len(text), len(text) + len(match[2]), TYPES[match[1]]))
        text += match[2]
        position = match.end()
    return text + line[position:], gold


def parse_assertion(line: str) -> tuple[str, int, int, dict[str, Any]]:
    """Plain text, target, gold fields; status, time and experiencer always, the rest where given."""
    gold, sentence = line.split("\t")
    start, end = sentence.index("["), sentence.index("]")
    fields: dict[str, Any] = {"status": STATUS[gold[0]], "time": "current", "experiencer": "patient"}
    for token in gold.split()[1:]:
        name, _, value = token.partition("=")
        if name == "hist":
            fields["time"] = "historical"
        elif name in ("fam", "oth"):
            fields["experiencer"] = {"fam": "family", "oth": "other"}[name]
        elif name == "s":
            fields["severity"] = int(value)
        elif name == "lat":
            fields["laterality"] = SIDES[value]
        elif name == "pol":
            fields["polarity"] = value
        else:
            fields["relative"], _, fields["anchor"] = value.partition(":")
    return sentence[:start] + sentence[start + 1 : end] + sentence[end + 1 :], start, end - 1, fields


def entity_scores() -> tuple[dict[str, dict[str, float]], list[str]]:
    """Strict-span micro precision, recall and F1 by split, language and type; and the confusions."""
    recognizer = default_recognizer()
    counts: dict[str, Counter[str]] = {}
    confusions: Counter[str] = Counter()
    for number, line in enumerate(lines("entities.tsv")):
        text, gold = parse_entities(line)
        found: Spans = {(s.start, s.end, s.type.value) for s in recognizer([text])[0]}
        split = ("development", "test")[number % 2]
        for key in ("all", split, language(text), f"{split} {language(text)}"):
            counts.setdefault(key, Counter()).update(hit=len(gold & found), found=len(found), gold=len(gold))
        for kind in EntityType:
            hits = [{span for span in spans if span[2] == kind} for spans in (gold & found, found, gold)]
            if kind is not EntityType.NONE:
                sizes = dict(zip(("hit", "found", "gold"), map(len, hits), strict=True))
                counts.setdefault(kind.value, Counter()).update(sizes)
        for start, end, kind in gold - found:
            rivals = [f for f in found if f[0] < end and start < f[1]]
            seen = f'"{text[rivals[0][0] : rivals[0][1]]}" as {rivals[0][2]}' if rivals else "nothing"
            confusions[f'entity: wanted "{text[start:end]}" as {kind}, found {seen}'] += 1
        for start, end, kind in found - gold:
            if not any(g[0] < end and start < g[1] for g in gold):
                confusions[f'entity: found "{text[start:end]}" as {kind}, wanted nothing'] += 1
    scores = {}
    for key, count in counts.items():
        precision, recall = count["hit"] / max(count["found"], 1), count["hit"] / max(count["gold"], 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        scores[key] = {"precision": precision, "recall": recall, "f1": f1, "spans": count["gold"]}
    return scores, [what for what, _ in confusions.most_common()]


def assertion_scores() -> tuple[dict[str, dict[str, float]], list[str]]:
    """Accuracy of the status alone, and of all annotated fields together, by split and language."""
    counts: dict[str, Counter[str]] = {}
    wrong = []
    for split in ("dev", "test", "blind", "dev2", "test2", "test3"):
        for line in lines(f"assertion_{split}.tsv"):
            text, start, end, gold = parse_assertion(line)
            said = assert_span(text, start, end)
            missed = {
                name: (value, getattr(said, name))
                for name, value in gold.items()
                if getattr(said, name) != value
            }
            keys = [f"{split} {language(text)}"] + ([language(text)] if split in ("dev", "test") else [])
            for key in keys:
                counts.setdefault(key, Counter()).update(
                    sentences=1, status=said.status == gold["status"], fields=not missed
                )
            if missed:
                reasons = "; ".join(f"{name}: wanted {a!r}, got {b!r}" for name, (a, b) in missed.items())
                wrong.append(f'assertion ({split}): "{text}", of "{text[start:end]}": {reasons}')
    return {
        key: {
            "status": count["status"] / count["sentences"],
            "all fields": count["fields"] / count["sentences"],
            "sentences": count["sentences"],
        }
        for key, count in counts.items()
    }, wrong


def speed(repeats: int) -> dict[str, float]:
    """Sentences a second of processor time: vocabulary and rules, assertion, both; the best of three runs."""
    sentences = [parse_entities(line)[0] for line in lines("entities.tsv")] * repeats
    recognizer = default_recognizer()
    best = {"recognize": 0.0, "assert": 0.0, "both": 0.0}
    for _ in range(3):
        began = time.process_time()
        spans = recognizer(sentences)
        middle = time.process_time()
        for text, found in zip(sentences, spans, strict=True):
            assert_spans(text, found)
        ended = time.process_time()
        for name, seconds in (
            ("recognize", middle - began),
            ("assert", ended - middle),
            ("both", ended - began),
        ):
            best[name] = max(best[name], len(sentences) / seconds)
    return best


def main() -> None:
    """Print every figure, and the worst confusions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--confusions", type=int, default=20, help="how many to print")
    parser.add_argument(
        "--repeats", type=int, default=10, help="times the 300 sentences are read for the speed"
    )
    arguments = parser.parse_args()
    entities, confusions = entity_scores()
    assertions, wrong = assertion_scores()
    rates = speed(arguments.repeats)
    for key, row in entities.items():
        figures = f"P {row['precision']:.3f}  R {row['recall']:.3f}  F1 {row['f1']:.3f}"
        print(f"entities   {key:22} {figures}  n {row['spans']}")
    for key, row in assertions.items():
        figures = f"status {row['status']:.3f}  all fields {row['all fields']:.3f}"
        print(f"assertion  {key:22} {figures}  n {row['sentences']}")
    for key, rate in rates.items():
        print(f"speed      {key:22} {rate:,.0f} sentences/s")
    for confusion in [*wrong, *confusions][: arguments.confusions]:
        print(confusion)
    if arguments.json:
        report = {"entities": entities, "assertions": assertions, "speed": rates}
        arguments.json.write_text(json.dumps(report, indent=2), "utf-8")


if __name__ == "__main__":
    main()
