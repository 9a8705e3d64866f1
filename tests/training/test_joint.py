"""The space in which two teachers' cosines add up."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from mejurix_st.training.joint import JointSpace


def unit(rows: int, width: int, seed: int) -> torch.Tensor:
    return functional.normalize(
        torch.randn(rows, width, generator=torch.Generator().manual_seed(seed)), dim=-1
    )


def cosines(vectors: torch.Tensor) -> torch.Tensor:
    return vectors @ vectors.T


@pytest.fixture
def teachers() -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors with their mirror images, so that the mean of the sample is zero."""
    first, second = unit(40, 6, 1), unit(40, 5, 2)
    return torch.cat([first, -first]), torch.cat([second, -second])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_cosines_are_the_teachers_weighted_mean(teachers, share: float):
    first, second = teachers
    space = JointSpace(first, second, share=share, dimension=11)
    found = space(first, second, [True] * len(first))
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(first)))
    wanted = share * cosines(first) + (1 - share) * cosines(second)
    torch.testing.assert_close(cosines(found), wanted, atol=1e-5, rtol=0)


def test_fewer_dimensions_keep_the_leading_ones(teachers):
    first, second = teachers
    whole = JointSpace(first, second, dimension=11)(first, second, [True] * 80)
    part = JointSpace(first, second, dimension=4)(first, second, [True] * 80)
    torch.testing.assert_close(part, functional.normalize(whole[:, :4], dim=-1), atol=1e-5, rtol=0)


def test_what_the_second_has_not_read_is_guessed_from_the_first(teachers):
    first, _ = teachers
    turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(3))).Q
    second = first @ turn  # it can be known from the first
    space = JointSpace(first.repeat(50, 1), second.repeat(50, 1), dimension=6)
    nonsense = torch.full((5, 6), 9.0)
    read = space(first[:5], second[:5], [True] * 5)
    unread = space(first[:5], nonsense, torch.zeros(5, dtype=torch.bool))
    assert (read * unread).sum(1).min() > 0.999
    mixed = space(first[:5], torch.cat([second[:3], nonsense[:2]]), [True, True, True, False, False])
    torch.testing.assert_close(mixed, torch.cat([read[:3], unread[3:]]))


def test_turning_onto_the_student_keeps_every_cosine(teachers):
    first, second = teachers
    space = JointSpace(first, second, dimension=8)
    before = space(first, second, [True] * 80)
    turn = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(4))).Q
    student = before @ turn
    space.turn_onto(before, student)
    after = space(first, second, [True] * 80)
    torch.testing.assert_close(after, student, atol=1e-4, rtol=0)
    torch.testing.assert_close(cosines(after), cosines(before), atol=1e-4, rtol=0)


def test_a_checkpoint_s_space_is_taken_over(teachers):
    first, second = teachers
    one = JointSpace(first, second, dimension=8)
    other = JointSpace(first[:30], second[:30], dimension=8)
    read = torch.arange(80) % 2 == 0
    assert not torch.allclose(one(first, second, read), other(first, second, read), atol=1e-2)
    other.put_state(one.state())
    torch.testing.assert_close(one(first, second, read), other(first, second, read))
