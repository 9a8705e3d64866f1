"""What entities give the model: off, (a) the original's type term, (b) entity attention, on every axis.

    python -m benchmarks.entity_modules --work FOLDER [--data FOLDER] [--model NAME_OR_FOLDER]

Encoder, pooling and head stay as they are; one pass over the texts gives pooled vectors and entity tokens'
states, on which both modules are trained and all three variants are measured. FOLDER keeps what was read and
learnt: an interrupted run goes on where it was. `--limit 40` is a try-out on a few dozen texts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

import mejurix_st
from benchmarks.entity_modules_report import (
    ATTENTION,
    OFF,
    SHOWN,
    TYPE,
    Measured,
    head,
    shown_weights,
    tables,
)
from mejurix_st.checkpoint import load_model, save_model
from mejurix_st.errors import MejurixError
from mejurix_st.evaluation.axes import evaluate_axes
from mejurix_st.evaluation.crosslingual import evaluate_crosslingual
from mejurix_st.evaluation.data import RETRIEVAL_SETS, RetrievalSet, data_folder, load_retrieval_sets
from mejurix_st.evaluation.encoders import CachedEncoder
from mejurix_st.evaluation.passages import split_corpus
from mejurix_st.evaluation.relations import evaluate_relations
from mejurix_st.evaluation.retrieval import embed_task, score_rankings
from mejurix_st.evaluation.triples import (
    AXES,
    LANGUAGES,
    RELATIONS,
    load_crosslingual,
    load_terms,
    load_triples,
)
from mejurix_st.modules import EntityAttention, EntityConditioning, EntitySpanTransformer, TypedText
from mejurix_st.text import token_offsets_from
from mejurix_st.training.entity_examples import gather_examples
from mejurix_st.training.entity_modules import EntityRecipe, Learnt, train_entity_module
from mejurix_st.training.entity_stack import assemble, chain, new_module, vectors_of
from mejurix_st.training.entity_states import StateBank
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from sentence_transformers import SentenceTransformer

    from mejurix_st.evaluation.encoders import Role
    from mejurix_st.training.entity_stack import EntityModule
    from mejurix_st.training.entity_states import Key

TOKENS = 256
KINDS: dict[str, type[EntityModule]] = {TYPE: EntityConditioning, ATTENTION: EntityAttention}
REPORT = Path(__file__).with_suffix(".md")


def shrink(task: RetrievalSet, size: int) -> RetrievalSet:
    """The first few queries of a set with their documents and some others."""
    queries = max(2, size // 10)
    kept = sorted(set(range(size)) | {i for found in task.relevant[:queries] for i in found})
    kept = [i for i in kept if i < len(task.corpus)]
    place = {old: new for new, old in enumerate(kept)}

    def moved(found: Sequence[frozenset[int]]) -> tuple[frozenset[int], ...]:
        return tuple(frozenset(place[i] for i in row if i in place) for row in found[:queries])

    return replace(
        task,
        queries=task.queries[:queries],
        corpus=tuple(task.corpus[i] for i in kept),
        relevant=moved(task.relevant),
        exclude=moved(task.exclude),
        headers=tuple(task.headers[i] for i in kept),
    )


def texts_of(
    tasks: Sequence[RetrievalSet],
    encoder: CachedEncoder,
    prompts: dict[Role, str],
    arguments: argparse.Namespace,
) -> dict[str, list[Key]]:
    """What the evaluation will ask for, by kind, so that one pass reads it all."""
    small = arguments.limit is not None
    query, document = prompts["query"], prompts["document"]
    sets = [(name, language) for language in LANGUAGES for name in (*RELATIONS, *AXES)]
    if small:
        sets = [(RELATIONS[0], "en"), (AXES[0], "en")]
    rows = {(name, language): load_triples(name, language) for name, language in sets}
    found: dict[str, list[Key]] = {"relations": [], "axes": []}
    for (name, _), triples in rows.items():
        texts = [text for t in triples for text in (t.anchor, t.positive, t.negative)]
        found["axes" if name in AXES else "relations"] += [(query, text) for text in texts]
    if not small:
        crossing, terms = load_crosslingual(), load_terms()
        found["Korean to English"] = [(query, t.anchor) for t in crossing]
        found["Korean to English"] += [(document, x) for t in crossing for x in (t.positive, t.negative)]
        found["terms"] = [(query, x) for t in terms for x in (t.ko, t.en)]
    found["retrieval queries"] = [(query, q) for task in tasks for q in task.queries]
    best = arguments.passages == "best"
    corpora = [split_corpus(task, encoder, TOKENS)[0] if best else task.corpus for task in tasks]
    found["retrieval documents"] = [(document, text) for texts in corpora for text in texts]
    return found


def encoder_of(
    name: str,
    model: SentenceTransformer,
    module: EntityModule | None,
    bank: StateBank,
    prompts: dict[Role, str],
) -> CachedEncoder:
    """A variant as the evaluation sees it."""
    modules = chain(model, module)

    def encode(texts: list[str], role: Role) -> np.ndarray:
        items = [(prompts[role], text) for text in texts]
        bank.fill(items)
        with torch.inference_mode():
            parts = [vectors_of(modules, bank.batch(rows)) for rows in bank.rows(items).split(256)]
        return torch.cat(parts).numpy()

    offsets = token_offsets_from(model.tokenizer)
    return CachedEncoder(name, encode, TOKENS, offsets, prompts["query"], prompts["document"])


def measure(encoder: CachedEncoder, tasks: Sequence[RetrievalSet], passages: str, small: bool) -> Measured:
    """All axes of the project's evaluation."""
    how = "best" if passages == "best" else "first"
    retrieval = [
        score_rankings(encoder.name, task, embed_task(encoder, task, how, TOKENS).scores())  # type: ignore[arg-type]
        for task in tasks
    ]
    if small:
        relations = evaluate_relations(encoder, ("en",), RELATIONS[:1])
        return Measured(relations, evaluate_axes(encoder, ("en",), AXES[:1]), None, retrieval)
    relations, axes = evaluate_relations(encoder), evaluate_axes(encoder, LANGUAGES, AXES)
    return Measured(relations, axes, evaluate_crosslingual(encoder), retrieval)


def learnt_module(
    kind: type[EntityModule], model: SentenceTransformer, bank: StateBank, arguments: argparse.Namespace
) -> tuple[EntityModule, Learnt, float]:
    """The trained module: from the work folder where it is there, else trained now."""
    recipe = EntityRecipe(steps=arguments.steps)
    examples = gather_examples(arguments.data, texts=arguments.texts, cache=arguments.work / "examples")
    used = hashlib.blake2b(repr(examples).encode(), digest_size=8)
    for value in chain(model).state_dict().values():
        used.update(value.numpy().tobytes())
    settings = {"used": used.hexdigest(), "states": bank.folder.name, **asdict(recipe)}
    folder = arguments.work / kind.__name__
    notes = folder / "learnt.json"
    if notes.is_file():
        stored = json.loads(notes.read_text(encoding="utf-8"))
        if stored["settings"] == settings:
            return kind.load(str(folder)), Learnt(**stored["learnt"]), stored["seconds"]
    module = new_module(kind, model)
    bank.fill(examples.texts())
    started = time.perf_counter()
    learnt = train_entity_module(module, model, bank, examples, recipe)
    seconds = time.perf_counter() - started
    folder.mkdir(parents=True, exist_ok=True)
    module.save(str(folder))
    stored = {"settings": settings, "learnt": asdict(learnt), "seconds": seconds}
    notes.write_text(json.dumps(stored, indent=2), encoding="utf-8")
    return module, learnt, seconds


def agreement(
    name: str, model: SentenceTransformer, module: EntityModule, encoder: CachedEncoder, folder: Path,
    texts: Sequence[str],
) -> tuple[SentenceTransformer, float]:  # fmt: skip
    """The stack saved and loaded as a user would, and its least cosine with what was measured here."""
    whole = load_model(save_model(assemble(model, module), folder, overwrite=True), device="cpu")
    given: list[str] = list(texts)
    if isinstance(module, EntityConditioning):
        read = EntitySpanTransformer.around(model[0]).read(given)
        given = [_typed(text, [s.type for s in spans]) for text, (spans, _) in zip(given, read, strict=True)]
    full = whole.encode_query(given, convert_to_numpy=True)
    least = float((full * encoder.encode(list(texts), "query")).sum(1).min())
    if least < 0.98:
        raise SystemExit(f"{name}: the saved stack and the measured vectors differ (cosine {least:.3f}).")
    return whole, least


def _typed(text: str, types: Sequence[EntityType]) -> str:
    """A text with the type that `entity_states.main_types` would choose."""
    weighty = [t for t in types if t is not EntityType.SEVERITY] or list(types)
    return TypedText(text, weighty[0]) if weighty else text


def main() -> int:
    """Trains, measures, writes the report."""
    arguments = parse()
    began = time.perf_counter()
    small = arguments.limit is not None
    try:
        tasks = load_retrieval_sets(RETRIEVAL_SETS, arguments.data)
        model = mejurix_st.load(arguments.model, device="cpu")
    except MejurixError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if small:
        tasks = [shrink(task, arguments.limit) for task in tasks]
    prompts: dict[Role, str] = {r: (model.prompts or {}).get(r) or "" for r in ("query", "document")}
    bank = StateBank(model, arguments.work / "states", max_tokens=TOKENS, device=arguments.device)
    examples = gather_examples(arguments.data, texts=arguments.texts, cache=arguments.work / "examples")
    asked = texts_of(tasks, encoder_of(OFF, model, None, bank, prompts), prompts, arguments)
    bank.fill([*examples.texts(), *(key for keys in asked.values() for key in keys)])
    reading = time.perf_counter() - began
    learnt = {name: learnt_module(kind, model, bank, arguments) for name, kind in KINDS.items()}
    modules: dict[str, EntityModule | None] = {OFF: None, **{n: m for n, (m, _, _) in learnt.items()}}
    encoders = {name: encoder_of(name, model, module, bank, prompts) for name, module in modules.items()}
    found = {name: measure(e, tasks, arguments.passages, small) for name, e in encoders.items()}
    lines = tables(found, asked | {"training": examples.texts()}, bank)
    checked = [*dict.fromkeys(text for _, text in asked["axes"][:8]), *SHOWN]
    lines += ["## How it was learnt", ""]
    for name, (module, how, seconds) in learnt.items():
        whole, least = agreement(
            name, model, module, encoders[name], arguments.work / f"{type(module).__name__}-model", checked
        )
        gate = f" tanh(gate) {torch.tanh(module.gate).item():.3f}." if hasattr(module, "gate") else ""
        lines.append(
            f"- {name}: {how.steps} steps in {seconds:.0f} s, kept step {how.best_step}; held-out loss "
            f"{how.start:.4f} → {how.best:.4f}.{gate} Saved stack and measured vectors: least cosine "
            f"{least:.4f}."
        )
        if isinstance(module, EntityAttention):
            shown = shown_weights(whole)
    lines += ["", *shown]
    spent = time.perf_counter() - began
    lines += ["", f"Whole run {spent:.0f} s, of which reading {reading:.0f} s; {os.cpu_count()} processors."]
    text = "\n".join([*head(arguments, model, len(examples.texts()), bank.folder.name), *lines]) + "\n"
    print(text)
    if not small or arguments.output != REPORT:
        arguments.output.write_text(text, encoding="utf-8")
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the cache and what is learnt")
    parser.add_argument(
        "--data", type=Path, help="development data; MEJURIX_DATA or ../shared/data by default"
    )
    parser.add_argument("--model", help="folder or hub id; the installed default model by default")
    parser.add_argument("--texts", type=int, default=20_000, help="training texts")
    parser.add_argument("--steps", type=int, default=EntityRecipe.steps, help="training steps, at most")
    parser.add_argument("--passages", choices=["first", "best"], default="first")
    parser.add_argument("--device", default="cpu", help="that the encoder runs on")
    parser.add_argument("--limit", type=int, help="a try-out on about so many texts of each kind")
    parser.add_argument("--output", type=Path, default=REPORT, help="the report")
    arguments = parser.parse_args()
    try:
        arguments.data = arguments.data or data_folder()
    except MejurixError as error:
        parser.error(str(error))
    if arguments.limit is not None:
        arguments.texts, arguments.steps = arguments.limit, min(arguments.steps, 20)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
