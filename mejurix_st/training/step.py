"""One optimisation step of the default recipe: pairs, contrast triples, relations, parallel sentences."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mejurix_st.training.losses import centre, info_nce, matryoshka, similarity_distillation, triplet_contrast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mejurix_st.training.mixture import Mixture
    from mejurix_st.training.sources import Pair
    from mejurix_st.training.student import Student
    from mejurix_st.training.teachers import TeacherBank

QUERY, DOCUMENT = "query: ", "passage: "


@dataclass(frozen=True)
class StepConfig:
    """Sizes and weights of a step.

    Attributes:
        pairs: query-document pairs of one source; a step takes two sources.
        short_pairs: the same for sources of short terms.
        triples: contrast and relation triples of both languages.
        parallel: English-Korean pairs.
        memory: document vectors of earlier steps kept as further negatives (Wang et al. 2020).
        distillation: weight of the teachers' similarities.
        contrast: weight of the contrast triples.
        centre: weight of the pull of the mean vector to zero.
        temperature: of the contrastive softmax.
    """

    pairs: int = 40
    short_pairs: int = 96
    triples: int = 72
    parallel: int = 40
    memory: int = 0
    distillation: float = 1.0
    contrast: float = 0.8
    centre: float = 0.1
    temperature: float = 0.05


class Memory:
    """The last document vectors with their groups, as further negatives."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.vectors = torch.zeros(0, 256)
        self.groups: list[str] = []

    def push(self, vectors: torch.Tensor, groups: Sequence[str]) -> None:
        """Adds vectors and forgets the oldest."""
        if not self.size:
            return
        self.vectors = torch.cat([self.vectors.to(vectors.device), vectors.detach()])[-self.size :]
        self.groups = (self.groups + list(groups))[-self.size :]

    def allowed(self, groups: Sequence[str]) -> torch.Tensor:
        """(queries, memory) bool: False where the groups are the same."""
        return torch.tensor(
            [[g != other for other in self.groups] for g in groups], dtype=torch.bool
        ).reshape(len(groups), len(self.groups))


def pair_loss(
    student: Student,
    batch: list[Pair],
    memory: Memory,
    bank: TeacherBank | None,
    config: StepConfig,
    prompted: bool,
) -> dict[str, torch.Tensor]:
    """Contrastive loss over one batch of pairs, and the teachers' similarities where they know the texts."""
    query, document = (QUERY, DOCUMENT) if prompted else ("", "")
    queries = [query + p.query for p in batch]
    positives = [document + p.positive for p in batch]
    hard = [(i, document + p.negative) for i, p in enumerate(batch) if p.negative]
    vectors = student([*queries, *positives, *[text for _, text in hard]])
    q, d, n = vectors.split([len(batch), len(batch), len(hard)])
    groups = [p.group for p in batch]
    allowed = torch.tensor([[a != b for b in groups] for a in groups], device=q.device)
    texts = [QUERY + p.query for p in batch] + [DOCUMENT + p.positive for p in batch]
    known = bank.known(texts) if bank is not None else []
    losses = {}
    if bank is not None and len(known) > len(texts) // 2:
        teacher = bank.similarities([texts[i] for i in known]).to(q.device)
        students = torch.cat([q, d])[known]
        losses["distillation"] = config.distillation * similarity_distillation(students, teacher)
        if len(known) == len(texts):
            cross = teacher[: len(batch), len(batch) :]
            allowed &= (
                cross < cross.diagonal()[:, None] - 0.02
            )  # the teachers find it at least as good: false
    # A hard negative counts for its own query and for those of other groups.
    others = torch.cat([n, memory.vectors.to(q.device)])
    near = torch.tensor(
        [[i == owner or groups[i] != groups[owner] for owner, _ in hard] for i in range(len(batch))],
        dtype=torch.bool,
    ).reshape(len(batch), len(hard))
    allowed_others = torch.cat([near, memory.allowed(groups)], dim=1).to(q.device)
    losses["pairs"] = matryoshka(
        info_nce, q, d, others, allowed=allowed, allowed_others=allowed_others, temperature=config.temperature
    )
    losses["centre"] = config.centre * centre(torch.cat([q, d]))
    memory.push(d, groups)
    return losses


def triple_loss(
    student: Student, rows: Sequence[tuple[str, str, str]], config: StepConfig, rng: random.Random
) -> dict[str, torch.Tensor]:
    """Contrast triples: each positive against its own negative, and against the others of the batch."""
    first, second = rng.choice([(QUERY, DOCUMENT), (DOCUMENT, DOCUMENT), (QUERY, QUERY), ("", "")])
    texts = (
        [first + a for a, _, _ in rows] + [second + p for _, p, _ in rows] + [second + n for _, _, n in rows]
    )
    a, p, n = student(texts).split([len(rows)] * 3)
    contrast = matryoshka(triplet_contrast, a, p, n)
    # The negatives of other rows may well fit a row (they say the opposite of another case), so only the
    # positives of other rows, mostly of other subjects, serve as in-batch negatives, with the row's own.
    eye = torch.eye(len(rows), dtype=torch.bool, device=a.device)
    other = torch.tensor([[x[0] != y[0] and x[1] != y[1] for y in rows] for x in rows], device=a.device)
    pulled = info_nce(
        a, p, n, allowed=other, allowed_others=eye, temperature=config.temperature, both_ways=False
    )
    return {"contrast": config.contrast * contrast, "contrast pull": 0.3 * pulled}


def parallel_loss(
    student: Student, rows: Sequence[tuple[str, str]], config: StepConfig
) -> dict[str, torch.Tensor]:
    """English and Korean of one meaning, each other's nearest in the batch."""
    a, b = student([QUERY + x for x, _ in rows] + [DOCUMENT + y for _, y in rows]).split(len(rows))
    same = torch.tensor([[x[0] != y[0] and x[1] != y[1] for y in rows] for x in rows], device=a.device)
    none = a.new_zeros(0, a.shape[1])
    empty = torch.zeros(len(rows), 0, dtype=torch.bool, device=a.device)
    loss = matryoshka(
        info_nce, a, b, none, allowed=same, allowed_others=empty, temperature=config.temperature
    )
    return {"parallel": 0.5 * loss}


def step_losses(
    student: Student,
    mixture: Mixture,
    memory: Memory,
    bank: TeacherBank | None,
    config: StepConfig,
    step: int,
) -> dict[str, float]:
    """Runs all parts of a step, each with its own backward pass; gradients add up.

    Returns:
        Each part's loss, for the log.
    """
    rng = random.Random(f"step {step}")
    logged: dict[str, float] = {}
    for draw in (2 * step, 2 * step + 1):
        batch = mixture.pair_batch(draw, config.pairs, config.short_pairs)
        part = _backward(pair_loss(student, batch, memory, bank, config, prompted=rng.random() > 0.1))
        logged |= {f"{name} {batch[0].source}": value for name, value in part.items()}
    logged |= _backward(triple_loss(student, mixture.triple_batch(step, config.triples), config, rng))
    rows = mixture.parallel.take(config.parallel)
    if rng.random() < 0.5:
        rows = [(b, a) for a, b in rows]
    return logged | _backward(parallel_loss(student, rows, config))


def _backward(losses: dict[str, torch.Tensor]) -> dict[str, float]:
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    return {name: float(value.detach()) for name, value in losses.items()}
