"""Losses of the default recipe. All vectors are (n, dimension) float32, unit norm, unless said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

MATRYOSHKA = ((256, 1.0), (128, 0.8), (64, 0.3))  # dimension, weight (Kusupati et al. 2022)
_MASKED = -1e4


def matryoshka(loss: Callable[..., torch.Tensor], *vectors: torch.Tensor, **options: object) -> torch.Tensor:
    """Weighted mean of a loss over leading dimensions, each renormalised."""
    total = torch.zeros(())
    for dimension, weight in MATRYOSHKA:
        cut = [functional.normalize(v[:, :dimension], dim=-1) for v in vectors]
        total = total.to(vectors[0].device) + weight * loss(*cut, **options)
    return total / sum(weight for _, weight in MATRYOSHKA)


def info_nce(
    queries: torch.Tensor,
    positives: torch.Tensor,
    others: torch.Tensor,
    *,
    allowed: torch.Tensor,
    allowed_others: torch.Tensor,
    temperature: float = 0.05,
    both_ways: bool = True,
) -> torch.Tensor:
    """Contrastive loss with in-batch and further negatives (van den Oord et al. 2018), false ones masked.

    Args:
        queries: (b, d).
        positives: (b, d); row i answers query i.
        others: (m, d) further negatives (the hard ones); m may be 0.
        allowed: (b, b) bool; False where positive j may also answer query i (the diagonal is ignored).
        allowed_others: (b, m) bool, likewise.
        temperature: of the softmax.
        both_ways: also ask each positive for its query.
    """
    eye = torch.eye(len(queries), dtype=torch.bool, device=queries.device)
    keep = allowed | eye
    logits = queries @ positives.T / temperature
    masked = logits.masked_fill(~keep, _MASKED)
    far = (queries @ others.T / temperature).masked_fill(~allowed_others, _MASKED)
    labels = torch.arange(len(queries), device=queries.device)
    loss = functional.cross_entropy(torch.cat([masked, far], dim=1), labels)
    if both_ways:
        loss = 0.5 * (loss + functional.cross_entropy(logits.T.masked_fill(~keep.T, _MASKED), labels))
    return loss


def triplet_contrast(
    anchors: torch.Tensor,
    positives: torch.Tensor,
    negatives: torch.Tensor,
    *,
    margin: float = 0.25,
    temperature: float = 0.05,
    opposites: bool = True,
) -> torch.Tensor:
    """Softmax of each positive against its own negative, plus a hinge that asks for a margin in cosine.

    Args:
        anchors: (b, d).
        positives: (b, d).
        negatives: (b, d).
        margin: that the hinge asks for.
        temperature: of the softmax.
        opposites: the hinge also holds positive and negative apart.
    """
    near = (anchors * positives).sum(-1)
    far = (anchors * negatives).sum(-1)
    hardest = torch.maximum(far, (positives * negatives).sum(-1)) if opposites else far
    softmax = functional.softplus((far - near) / temperature).mean()
    return temperature * 4 * softmax + functional.relu(margin - (near - hardest)).mean()


def similarity_distillation(
    vectors: torch.Tensor,
    teacher: torch.Tensor,
    *,
    own: torch.Tensor | None = None,
    temperature: float = 0.05,
    teacher_temperature: float = 0.05,
) -> torch.Tensor:
    """KL divergence between the rows of two similarity matrices, the diagonal left out.

    Args:
        vectors: (n, d) of the student.
        teacher: (n, n) similarities by the teachers.
        own: (n, n) bool, further places left out: where the student must not follow the teachers.
        temperature: of the student's rows.
        teacher_temperature: of the teacher's rows.
    """
    left_out = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    if own is not None:
        left_out |= own
    student = (vectors @ vectors.T / temperature).masked_fill(left_out, _MASKED)
    target = (teacher / teacher_temperature).masked_fill(left_out, _MASKED)
    return functional.kl_div(
        functional.log_softmax(student, -1),
        functional.log_softmax(target, -1),
        log_target=True,
        reduction="batchmean",
    )


def centre(vectors: torch.Tensor) -> torch.Tensor:
    """Squared length of the mean vector: 0 when random pairs have mean cosine 0."""
    return vectors.mean(0).square().sum()


def aim(vectors: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cosine between vectors and their targets, (n, d) each."""
    return 1 - (vectors * targets).sum(-1).mean()
