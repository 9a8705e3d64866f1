"""Training pairs from public data: deterministic, streamed, each with its group and licence.

Every builder reads the development data folder and yields `Pair`s. Pairs of one group are never each other's
in-batch negatives. `LICENCES` goes into the model card.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mejurix_st.training.passages import decision_passages, note_sections, sentences, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pair:
    """A query and a text that answers it, with an optional hard negative.

    Attributes:
        query: embedded with the query prompt.
        positive: embedded with the document prompt.
        negative: a text close to the positive that is wrong for the query; empty for none.
        group: pairs with the same group are not each other's negatives.
        source: key of `LICENCES`.
    """

    query: str
    positive: str
    negative: str = ""
    group: str = ""
    source: str = ""


LICENCES = {
    "medquad": "MedQuAD, CC BY 4.0 (sources 1_CancerGov_QA and 8_NHLBI_QA_XML left out)",
    "us_code": "United States Code, public domain (text), MIT (chunking)",
    "disease_ontology": "Human Disease Ontology, CC0 1.0",
    "icd10cm": "ICD-10-CM, public domain (a fifth of the categories left out)",
    "abbreviations": "chart abbreviations, MIT",
    "mts_dialog": "MTS-Dialog and ACI-Bench, CC BY 4.0",
    "pubmedqa": "PubMedQA, MIT",
    "va_contentions": "VA contention classification and diagnostic codes, public domain",
    "va_exam_worksheets": "VA examination worksheets, Apache 2.0 / public domain",
    "bva": "Board of Veterans' Appeals decisions, US Government work",
    "clinical_notes": "MTSamples clinical notes, CC0 / MIT",
    "korsts": "KorSTS, CC BY-SA 4.0",
    "korean_nli": "KLUE-NLI and XNLI (ko), CC BY-SA 4.0",
    "written": "written for this project, MIT",
    "cannot": "CANNOT negation pairs, CC BY-SA 4.0",
}
HELD_OUT_MEDQUAD = {"1_CancerGov_QA", "8_NHLBI_QA_XML"}


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _cut(text: str, words: int = 110) -> str:
    return " ".join(text.split()[:words])


def medquad(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Health question to a window of its answer (the answer's start, and one later window)."""
    for row in read_lines(folder / "pairs/medquad.jsonl.gz"):
        if row.get("source") in HELD_OUT_MEDQUAD:
            continue
        parts = windows(row["positive"], 110)
        chosen = parts[:1] + ([rng.choice(parts[1:])] if len(parts) > 1 and rng.random() < 0.3 else [])
        for part in chosen:
            yield Pair(row["query"], part, group=row["query"].lower(), source="medquad")


def us_code(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Section heading to text; one clause to the rest of its section (inverse cloze); clause to clause."""
    for row in read_lines(folder / "pairs/us_code.jsonl.gz"):
        heading, text, section = row["query"], row["positive"], row.get("section") or row["query"]
        short = re.sub(r"^.*?(§ ?\S+\.? )", r"\1", heading)
        if len(text.split()) < 12:
            continue
        kind = rng.random()
        if kind < 0.35:
            bare = re.sub(r"^§ ?\S+\.? ", "", short)
            yield Pair(rng.choice([heading, short, bare]), _cut(text), group=section, source="us_code")
            continue
        parts = [s for s in sentences(text) if 8 <= len(s.split()) <= 60]
        if len(parts) < 2:
            yield Pair(short, _cut(text), group=section, source="us_code")
            continue
        chosen = rng.choice(parts)
        query = re.sub(r"^(\([A-Za-z0-9]+\) ?)+", "", chosen)
        rest = [s for s in parts if s is not chosen] if rng.random() < 0.75 else parts
        body = _cut(" ".join(rest), rng.choice([40, 80, 110]))
        header = f"{short}\n" if kind < 0.8 else ""
        yield Pair(query, header + body, group=section, source="us_code")


def disease_ontology(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Disease to synonym or definition, and definition to disease."""
    for row in read_lines(folder / "pairs/disease_ontology.jsonl.gz"):
        query, positive = row["query"], row["positive"]
        if row["kind"] != "synonyms" and rng.random() < 0.5:
            query, positive = positive, query
        elif row["kind"] == "synonyms" and rng.random() < 0.6:
            continue
        yield Pair(query, positive, group=row["query"].lower(), source="disease_ontology")


def icd10cm(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Inclusion term to description, with a sibling code's description as the hard negative."""
    rows = [r for r in read_lines(folder / "pairs/icd10cm.jsonl.gz") if sum(map(ord, r["code"][:3])) % 5]
    siblings: dict[str, list[str]] = {}
    for row in rows:
        siblings.setdefault(row["code"][:-1], []).append(row["description"])
    for row in rows:
        others = [d for d in siblings[row["code"][:-1]] if d != row["description"]]
        negative = rng.choice(others) if others else ""
        for term in row["inclusion_terms"][:3]:
            yield Pair(term, row["description"], negative, group=row["code"][:3], source="icd10cm")


def notes_and_dialogues(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Doctor-patient dialogue to its note section; research question or conclusion to abstract."""
    for row in read_lines(folder / "pairs/mts_dialog.jsonl.gz"):
        if len(row["positive"].split()) > 6:
            query = _cut(row["query"], 90)
            yield Pair(_cut(row["positive"], 60), query, group=query, source="mts_dialog")
    for row in read_lines(folder / "pairs/pubmedqa.jsonl.gz"):
        query = row["query"] if rng.random() < 0.6 else row["conclusion"]
        yield Pair(_cut(query, 50), _cut(row["positive"]), group=row["query"], source="pubmedqa")


def abbreviations(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Chart abbreviation to expansion."""
    for row in read_lines(folder / "pairs/abbreviations.jsonl.gz"):
        if rng.random() < 0.5 and 1 < len(row["query"]) < 12 and len(row["positive"]) > 4:
            yield Pair(row["query"], row["positive"], group=row["query"].lower(), source="abbreviations")


def va_contentions(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Veterans' claim wording and rated issues to their classification."""
    for row in read_lines(folder / "pairs/va_contentions.jsonl.gz"):
        values = {k: str(v).strip() for k, v in row.items() if k != "file" and v and str(v).strip()}
        text = [
            v
            for k, v in values.items()
            if re.search(r"contention|issue|name|text|description|class", k, re.I)
        ]
        text = [v for v in dict.fromkeys(text) if not v.isdigit() and len(v) > 3]
        if len(text) >= 2 and text[0].lower() != text[1].lower():
            yield Pair(text[0], text[1], group=text[1].lower(), source="va_contentions")
        elif text and "Body System" in values:
            extra = f"{values['Body System']}: {values.get('Category', '')}".strip(": ")
            yield Pair(text[0], extra, group=extra.lower(), source="va_contentions")


def clinical_notes(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """A sentence of a note to the rest of its passage; a heading with the specialty to its section."""
    for row in read_lines(folder / "text/clinical_notes/notes.jsonl.gz"):
        group = f"note {row['id']}"
        for heading, body in note_sections(row["text"]):
            if rng.random() < 0.25:
                query = f"{heading.capitalize()}, {row['specialty']}"
                yield Pair(query, _cut(body), group=query.lower(), source="clinical_notes")
            yield from _inverse_cloze(body, rng, group, "clinical_notes", heading.capitalize())


def decisions(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """A sentence of a decision to the rest of its passage."""
    for path in sorted((folder / "text/bva").glob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for heading, body in decision_passages(text):
            yield from _inverse_cloze(body, rng, path.stem, "bva", heading)


def worksheets(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """A line of an examination form to the rest of its passage, under the form's title."""
    for row in read_lines(folder / "text/va_exam_worksheets.jsonl.gz"):
        title = re.sub(r"^\S+ ;+\S* *-? *", "", row["header"]).split(";")[0].strip().capitalize()
        for part in windows(re.sub(r"[_\s]{2,}", " ", row["text"]), 90)[:6]:
            yield from _inverse_cloze(part, rng, row["id"], "va_exam_worksheets", title)


def _inverse_cloze(
    body: str, rng: random.Random, group: str, source: str, heading: str, size: int = 100
) -> Iterator[Pair]:
    """A sentence as the query for the passage around it (Lee et al. 2019), which keeps it one time in four."""
    for part in windows(body, size):
        found = sentences(part)
        good = [i for i, s in enumerate(found) if 6 <= len(s.split()) <= 45]
        if len(found) < 3 or not good:
            continue
        chosen = rng.choice(good)
        rest = found if rng.random() < 0.25 else found[:chosen] + found[chosen + 1 :]
        header = f"{heading}\n" if heading and rng.random() < 0.6 else ""
        yield Pair(found[chosen], header + " ".join(rest), group=group, source=source)


def korean(folder: Path, rng: random.Random) -> Iterator[Pair]:
    """Korean sentence pairs: near-equal in KorSTS; entailed, with a contradicted one as hard negative, in NLI."""
    lines = (folder / "korean/korsts_train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        cells = line.split("\t")
        if len(cells) >= 7 and float(cells[4]) >= 4:
            yield Pair(cells[5], cells[6], group=cells[5], source="korsts")
    rows = json.loads((folder / "korean/klue_nli_dev.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["premise"], {})[row["gold_label"]] = row["hypothesis"]
    for line in (folder / "korean/xnli_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        premise, hypothesis, label = line.split("\t")[:3]
        found.setdefault(premise, {})[label] = hypothesis
    for premise, labels in found.items():
        if "entailment" in labels:
            negative = labels.get("contradiction", "")
            yield Pair(premise, labels["entailment"], negative, group=premise, source="korean_nli")


def negation_triples(
    folder: Path, exclude: Callable[[str], bool] | None = None
) -> list[tuple[str, str, str]]:
    """Sentences of CANNOT with a paraphrase where there is one (else the sentence itself) and a negation."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((folder / "contrast").glob("cannot_*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            cells = line.split("\t")
            if len(cells) < 2:
                continue
            label = cells[2] if len(cells) > 2 else "1"
            found.setdefault(cells[0], {}).setdefault(label, cells[1])
    rows = [(text, by.get("0", text), by["1"]) for text, by in found.items() if "1" in by]
    return [t for t in rows if len(t[0]) < 240 and not (exclude is not None and any(map(exclude, t)))]


SOURCES: dict[str, Callable[[Path, random.Random], Iterator[Pair]]] = {
    "medquad": medquad,
    "us_code": us_code,
    "disease_ontology": disease_ontology,
    "icd10cm": icd10cm,
    "notes_and_dialogues": notes_and_dialogues,
    "abbreviations": abbreviations,
    "va_contentions": va_contentions,
    "clinical_notes": clinical_notes,
    "decisions": decisions,
    "worksheets": worksheets,
    "korean": korean,
}


def pairs(
    folder: Path,
    *,
    seed: int,
    refuse: Callable[[str], bool] | None = None,
    builders: Mapping[str, Callable[[Path, random.Random], Iterator[Pair]]] | None = None,
) -> dict[str, list[Pair]]:
    """All pairs by source, shuffled, without duplicates and without texts that `refuse` holds back.

    Args:
        folder: the development data folder.
        seed: of every choice; the same seed gives the same pairs.
        refuse: for example a `LeakCheck`.
        builders: sources by name; `SOURCES` by default.
    """
    built = {}
    for name, builder in (SOURCES if builders is None else builders).items():
        rng = random.Random(f"{seed} {name}")
        seen: set[tuple[str, str]] = set()
        rows = []
        for pair in builder(folder, rng):
            key = (pair.query.lower(), pair.positive.lower())
            if key in seen or key[0] == key[1]:
                continue
            seen.add(key)
            if refuse is None or not (refuse(pair.query) or refuse(pair.positive)):
                rows.append(pair)
        rng.shuffle(rows)
        built[name] = rows
    return built
