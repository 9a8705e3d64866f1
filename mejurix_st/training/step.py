"""One optimisation step of the default recipe: pairs, contrast triples, relations, parallel sentences."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mejurix_st.training.losses import (
    aim,
    centre,
    info_nce,
    matryoshka,
    similarity_distillation,
    triplet_contrast,
)
from mejurix_st.training.teachers import PROMPTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.training.lessons import Lesson
    from mejurix_st.training.mixture import Mixture
    from mejurix_st.training.sources import Pair
    from mejurix_st.training.student import Student
    from mejurix_st.training.teachers import TeacherBank

QUERY, DOCUMENT = PROMPTS


@dataclass(frozen=True)
class StepConfig:
    """Sizes and weights of a step.

    Attributes:
        lessons: tokens of single texts that are drawn to the teachers' place for them; 0 for none.
        absorb: weight of their distance from there.
        turns: which of pairs and parallel sentences stands beside the triples and terms, step by step in turn.
        pairs: query-document pairs in a batch.
        short_pairs: the same for sources of short terms.
        long_pairs: the same for sources of long texts.
        contrasts: contrast triples of both languages.
        relations: relation triples of both languages.
        facts: the same, in a batch out of the table of knowledge.
        parallel: English-Korean sentences.
        terms: English-Korean terms; 0 for none.
        distillation: weight of the teachers' similarities.
        anchor: weight of the distance of documents from the teachers' place for them.
        loose: sources whose documents are not anchored.
        contrast: weight of the triples' positives against their own negatives.
        pull: weight of the contrast triples' positives against those of other rows.
        relation_pull: the same of the relation triples.
        parallel_pull: weight of each translation against those of other rows.
        between: weight of the teachers' similarities between the rows of triples and of parallel sentences.
        centre: weight of the pull of the mean vector to zero.
        temperature: of the contrastive softmax.
    """

    lessons: int = 11000
    absorb: float = 10.0
    turns: tuple[str, ...] = ("pairs", "pairs", "parallel")
    pairs: int = 28
    short_pairs: int = 72
    long_pairs: int = 13
    contrasts: int = 96
    relations: int = 64
    facts: int = 96
    parallel: int = 40
    terms: int = 192
    distillation: float = 1.0
    anchor: float = 1.0
    loose: tuple[str, ...] = ()
    contrast: float = 3.0
    pull: float = 0.4
    relation_pull: float = 0.4
    parallel_pull: float = 1.0
    between: float = 0.4
    centre: float = 0.1
    temperature: float = 0.05


def pair_loss(
    student: Student,
    batch: list[Pair],
    bank: TeacherBank | None,
    config: StepConfig,
    prompted: bool,
) -> dict[str, torch.Tensor]:
    """Contrastive loss over one batch of pairs, and the teachers' similarities."""
    query, document = (QUERY, DOCUMENT) if prompted else ("", "")
    queries = [query + p.query for p in batch]
    positives = [document + p.positive for p in batch]
    hard = [(i, document + p.negative) for i, p in enumerate(batch) if p.negative]
    vectors = student([*queries, *positives, *[text for _, text in hard]])
    q, d, n = vectors.split([len(batch), len(batch), len(hard)])
    groups = [p.group for p in batch]
    allowed = torch.tensor([[a != b for b in groups] for a in groups], device=q.device)
    texts = [QUERY + p.query for p in batch] + [DOCUMENT + p.positive for p in batch]
    losses = {}
    if bank is not None:
        states = student.base_states(texts)
        if batch[0].source not in config.loose:
            target = bank.targets(texts[len(batch) :], states[len(batch) :]).to(d.device)
            losses["anchor"] = config.anchor * aim(d, target)
        teacher = bank.similarities(texts, states).to(q.device)
        losses["distillation"] = config.distillation * similarity_distillation(torch.cat([q, d]), teacher)
        cross = teacher[: len(batch), len(batch) :]
        allowed &= cross < cross.diagonal()[:, None] - 0.02  # the teachers find it at least as good: false
    # A hard negative counts for its own query and for those of other groups.
    near = torch.tensor(
        [[i == owner or groups[i] != groups[owner] for owner, _ in hard] for i in range(len(batch))],
        dtype=torch.bool,
        device=q.device,
    ).reshape(len(batch), len(hard))
    losses["pairs"] = matryoshka(
        info_nce, q, d, n, allowed=allowed, allowed_others=near, temperature=config.temperature
    )
    losses["centre"] = config.centre * centre(torch.cat([q, d]))
    return losses


def lesson_loss(
    student: Student, rows: Sequence[Lesson], bank: TeacherBank, config: StepConfig
) -> dict[str, torch.Tensor]:
    """Single texts, each drawn to where the teachers put it, or its translation; see `JointSpace`."""
    vectors = student([row.text for row in rows])
    texts = [row.reading for row in rows]
    target = bank.targets(texts, student.base_states(texts)).to(vectors.device)
    return {"lessons": config.absorb * matryoshka(aim, vectors, target)}


def triple_loss(
    student: Student,
    rows: Sequence[tuple[str, str, str]],
    bank: TeacherBank | None,
    config: StepConfig,
    rng: random.Random,
    *,
    pull: float,
    opposites: bool,
) -> dict[str, torch.Tensor]:
    """Triples: each positive against its own negative, and against the positives of other rows.

    Within a row the student must part from its teachers, for whom "no fracture" and "a fracture" are near. Between
    rows it must not: what a text is about stays what the teachers say. Learnt alone, without that, forty steps
    of triples cost eleven points of retrieval (`benchmarks/training.md`).

    Args:
        student: the model.
        rows: (anchor, positive, negative).
        bank: the teachers.
        config: weights.
        rng: chooses the prompts.
        pull: weight of the positives against those of other rows.
        opposites: positive and negative contradict each other, so those two must part as well; the partners
            of a relation ("metoprolol was given", "cefazolin was given") need not.
    """
    first, second = rng.choice([(QUERY, DOCUMENT), (DOCUMENT, DOCUMENT), (QUERY, QUERY), ("", "")])
    texts = (
        [first + a for a, _, _ in rows] + [second + p for _, p, _ in rows] + [second + n for _, _, n in rows]
    )
    vectors = student(texts)
    a, p, n = vectors.split([len(rows)] * 3)
    contrast = matryoshka(triplet_contrast, a, p, n, opposites=opposites)
    # The negatives of other rows may well fit a row (they say the opposite of another case), so only the
    # positives of other rows, mostly of other subjects, serve as in-batch negatives, with the row's own.
    eye = torch.eye(len(rows), dtype=torch.bool, device=a.device)
    other = torch.tensor([[x[0] != y[0] and x[1] != y[1] for y in rows] for x in rows], device=a.device)
    pulled = info_nce(
        a, p, n, allowed=other, allowed_others=eye, temperature=config.temperature, both_ways=not opposites
    )
    losses = {"contrast": config.contrast * contrast, "contrast pull": pull * pulled}
    if bank is not None and config.between:
        teacher = bank.similarities(texts, student.base_states(texts)).to(a.device)
        kept = similarity_distillation(vectors, teacher, own=eye.repeat(3, 3))
        losses["contrast between"] = config.between * kept
    return losses


def parallel_loss(
    student: Student, rows: Sequence[tuple[str, str]], bank: TeacherBank | None, config: StepConfig
) -> dict[str, torch.Tensor]:
    """English and Korean of one meaning, each other's nearest in the batch.

    Both languages take their places among the other rows from what the teachers say of the English ones (after
    Reimers & Gurevych 2020, "Making monolingual sentence embeddings multilingual").

    Args:
        student: in training.
        rows: (English, Korean); in every second row the English text is the query.
        bank: the teachers.
        config: weights.
    """
    texts = [(QUERY if i % 2 else DOCUMENT) + english for i, (english, _) in enumerate(rows)]
    texts += [(DOCUMENT if i % 2 else QUERY) + korean for i, (_, korean) in enumerate(rows)]
    vectors = student(texts)
    a, b = vectors.split(len(rows))
    same = torch.tensor([[x[0] != y[0] and x[1] != y[1] for y in rows] for x in rows], device=a.device)
    none = a.new_zeros(0, a.shape[1])
    empty = torch.zeros(len(rows), 0, dtype=torch.bool, device=a.device)
    loss = matryoshka(
        info_nce, a, b, none, allowed=same, allowed_others=empty, temperature=config.temperature
    )
    losses = {"parallel": config.parallel_pull * loss}
    if bank is not None and config.between:
        english = texts[: len(rows)]
        teacher = bank.similarities(english, student.base_states(english)).to(a.device).repeat(2, 2)
        own = torch.eye(len(rows), dtype=torch.bool, device=a.device).repeat(2, 2)
        losses["parallel between"] = config.between * similarity_distillation(vectors, teacher, own=own)
    return losses


def step_losses(
    student: Student,
    mixture: Mixture,
    bank: TeacherBank | None,
    config: StepConfig,
    step: int,
) -> dict[str, float]:
    """Runs all parts of a step, each with its own backward pass; gradients add up.

    Returns:
        Each part's loss, for the log.
    """
    rng = random.Random(f"step {step}")
    contrasts = mixture.contrast_batch(step, config.contrasts)
    part = triple_loss(student, contrasts, bank, config, rng, pull=config.pull, opposites=True)
    logged = _backward(part)
    if bank is not None and mixture.lessons is not None and config.lessons:
        lessons = mixture.lessons.take(step, config.lessons)
        logged |= _backward(lesson_loss(student, lessons, bank, config))
    relations = mixture.relation_batch(step, config.relations, config.facts)
    part = triple_loss(student, relations, bank, config, rng, pull=config.relation_pull, opposites=False)
    logged |= {name.replace("contrast", "relations"): value for name, value in _backward(part).items()}
    if config.terms:
        part = parallel_loss(student, mixture.terms.take(config.terms), bank, config)
        logged |= {name.replace("parallel", "terms"): value for name, value in _backward(part).items()}
    if config.turns[step % len(config.turns)] == "pairs":
        batch = mixture.pair_batch(step, config.pairs, config.short_pairs, config.long_pairs)
        part = pair_loss(student, batch, bank, config, prompted=rng.random() > 0.1)
        return logged | {f"{name} {batch[0].source}": value for name, value in _backward(part).items()}
    return logged | _backward(parallel_loss(student, mixture.parallel.take(config.parallel), bank, config))


def _backward(losses: dict[str, torch.Tensor]) -> dict[str, float]:
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    return {name: float(value.detach()) for name, value in losses.items()}
