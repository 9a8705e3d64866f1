"""Losses of the default recipe against values worked out by hand."""

import math

import pytest
import torch

from mejurix_st.training.losses import (
    MATRYOSHKA,
    centre,
    info_nce,
    matryoshka,
    similarity_distillation,
    triplet_contrast,
)

E1, E2 = [1.0, 0.0], [0.0, 1.0]
NONE = torch.zeros(0, 2)


def bools(rows: list[list[int]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.bool)


def nce(
    positives: list, others: torch.Tensor = NONE, allowed=((1, 1), (1, 1)), allowed_others=None, **options
):
    queries = torch.tensor([E1, E2])
    if allowed_others is None:
        allowed_others = torch.ones(2, len(others), dtype=torch.bool)
    return info_nce(
        queries, torch.tensor(positives), others, allowed=bools(allowed), allowed_others=allowed_others,
        temperature=1.0, **options,
    ).item()  # fmt: skip


def test_info_nce_by_hand():
    # Each query has cosine 1 to its own positive and 0 to the other: -log(e / (e + 1)), both ways.
    assert nce([E1, E2]) == pytest.approx(math.log1p(math.exp(-1)), abs=1e-6)
    # Positives exchanged: -log(1 / (1 + e)).
    assert nce([E2, E1]) == pytest.approx(math.log1p(math.e), abs=1e-6)


def test_info_nce_both_ways_is_the_mean_of_the_two_questions():
    # Both positives are E1: queries see (1, 1) and (0, 0); positives see (1, 0) twice.
    forth = (math.log(2) + math.log(2)) / 2
    back = (math.log1p(math.exp(-1)) + math.log1p(math.e)) / 2
    assert nce([E1, E1], both_ways=False) == pytest.approx(forth, abs=1e-6)
    assert nce([E1, E1]) == pytest.approx((forth + back) / 2, abs=1e-6)


def test_info_nce_masks_false_negatives():
    assert nce([E2, E1], allowed=((0, 0), (0, 0))) == pytest.approx(0, abs=1e-6)  # the diagonal always stays
    one = nce([E2, E1], allowed=((1, 0), (1, 1)), both_ways=False)  # only the second query has a negative
    assert one == pytest.approx(math.log1p(math.e) / 2, abs=1e-6)


def test_info_nce_counts_further_negatives_where_allowed():
    others = torch.tensor([E1])
    # The further negative equals the first query, and is orthogonal to the second.
    first, second = math.log(2 + math.exp(-1)), math.log1p(2 * math.exp(-1))
    assert nce([E1, E2], others, both_ways=False) == pytest.approx((first + second) / 2, abs=1e-6)
    masked = nce([E1, E2], others, allowed_others=bools([[0], [1]]), both_ways=False)
    assert masked == pytest.approx((math.log1p(math.exp(-1)) + second) / 2, abs=1e-6)


def test_info_nce_temperature_sharpens():
    queries = torch.tensor([E1, E2])
    keep = torch.ones(2, 2, dtype=torch.bool)
    loss = info_nce(
        queries,
        queries,
        NONE,
        allowed=keep,
        allowed_others=torch.ones(2, 0, dtype=torch.bool),
        temperature=0.5,
    )
    assert loss.item() == pytest.approx(math.log1p(math.exp(-2)), abs=1e-6)


def test_triplet_contrast_by_hand():
    a, p, n = (torch.tensor([v]) for v in (E1, E1, E2))
    # near 1, far 0, margin met: what is left is 4 t log(1 + exp(-1 / t)).
    left = 4 * 0.5 * math.log1p(math.exp(-2))
    assert triplet_contrast(a, p, n, temperature=0.5).item() == pytest.approx(left, abs=1e-6)
    # near 0, far 1: 4 t log(1 + exp(2)) and the hinge 0.25 - (0 - 1).
    wrong = 4 * 0.5 * math.log1p(math.exp(2)) + 1.25
    assert triplet_contrast(a, n, p, temperature=0.5).item() == pytest.approx(wrong, abs=1e-6)


def test_triplet_contrast_asks_the_positive_to_leave_the_negative_too():
    a, p = torch.tensor([E1]), torch.tensor([[math.cos(0.6), math.sin(0.6)]])
    n = torch.tensor([[math.cos(1.0), math.sin(1.0)]])  # 1.0 from the anchor, but 0.4 from the positive
    softmax = 4 * 0.05 * math.log1p(math.exp((math.cos(1.0) - math.cos(0.6)) / 0.05))
    hinge = 0.25 - (math.cos(0.6) - math.cos(0.4))
    assert triplet_contrast(a, p, n).item() == pytest.approx(softmax + hinge, abs=1e-6)
    alone = max(
        0.0, 0.25 - (math.cos(0.6) - math.cos(1.0))
    )  # partners of a relation may stay near each other
    assert triplet_contrast(a, p, n, opposites=False).item() == pytest.approx(softmax + alone, abs=1e-6)


def test_distillation_is_zero_where_student_and_teachers_agree():
    vectors = torch.nn.functional.normalize(
        torch.randn(5, 8, generator=torch.Generator().manual_seed(1)), dim=1
    )
    teacher = vectors @ vectors.T
    assert similarity_distillation(vectors, teacher).item() == pytest.approx(0, abs=1e-6)
    assert similarity_distillation(vectors, teacher.flip(0)).item() > 0.1


def test_distillation_by_hand_and_blind_to_the_diagonal():
    vectors = torch.tensor([E1, E1, E2])
    teacher = torch.tensor([[0.0, 0, 1], [0, 0, 0], [0, 0, 0]])

    def kl(target: list[float], student: list[float]) -> float:
        p, q = ([math.exp(x) / sum(map(math.exp, row)) for x in row] for row in (target, student))
        return sum(x * math.log(x / y) for x, y in zip(p, q, strict=True))

    # Rows without the diagonal: teachers (0, 1), (0, 0), (0, 0); student (1, 0), (1, 0), (0, 0).
    wanted = (kl([0, 1], [1, 0]) + kl([0, 0], [1, 0]) + kl([0, 0], [0, 0])) / 3
    options = {"temperature": 1.0, "teacher_temperature": 1.0}
    assert similarity_distillation(vectors, teacher, **options).item() == pytest.approx(wanted, abs=1e-5)
    other = teacher + 7 * torch.eye(3)
    assert similarity_distillation(vectors, other, **options).item() == pytest.approx(wanted, abs=1e-5)


def test_centre():
    assert centre(torch.tensor([E1, [-1.0, 0.0]])).item() == 0
    assert centre(torch.tensor([E1, E2])).item() == pytest.approx(0.5)


def test_matryoshka_is_the_weighted_mean_over_renormalised_beginnings():
    vectors = torch.nn.functional.normalize(
        torch.randn(3, 256, generator=torch.Generator().manual_seed(2)), dim=1
    )
    seen = []

    def probe(v: torch.Tensor, *, factor: float) -> torch.Tensor:
        seen.append(v)
        return torch.tensor(factor * v.shape[1])

    total = matryoshka(probe, vectors, factor=2.0)
    assert [v.shape[1] for v in seen] == [256, 128, 64]
    assert all(torch.allclose(v.norm(dim=1), torch.ones(3), atol=1e-6) for v in seen)
    assert torch.allclose(seen[1], torch.nn.functional.normalize(vectors[:, :128], dim=1))
    weights = dict(MATRYOSHKA)
    assert total.item() == pytest.approx(2 * sum(d * w for d, w in weights.items()) / sum(weights.values()))


def test_losses_pull_the_right_way():
    raw = torch.nn.Parameter(torch.randn(6, 4, generator=torch.Generator().manual_seed(4)))
    optimizer = torch.optim.SGD([raw], lr=0.2)
    for _ in range(60):
        a, p, n = torch.nn.functional.normalize(raw, dim=1).split(2)
        optimizer.zero_grad()
        triplet_contrast(a, p, n).backward()
        optimizer.step()
    a, p, n = torch.nn.functional.normalize(raw.detach(), dim=1).split(2)
    assert ((a * p).sum(1) - (a * n).sum(1)).min() > 0.3


def test_distillation_leaves_out_what_is_the_student_s_own():
    rng = torch.Generator().manual_seed(3)
    vectors = torch.nn.functional.normalize(torch.randn(4, 8, generator=rng), dim=1)
    teacher = vectors @ vectors.T
    other = teacher.clone()
    other[0, 1] = other[1, 0] = 0.9  # within a row of triples the teachers may say what they like
    own = torch.zeros(4, 4, dtype=torch.bool)
    own[0, 1] = own[1, 0] = True
    assert similarity_distillation(vectors, other).item() > 0.01
    assert similarity_distillation(vectors, other, own=own).item() == pytest.approx(0, abs=1e-5)
