"""Both optimisers as one: steps, rates, and a state that goes on where it was."""

import sys

import pytest
import torch

from mejurix_st.errors import InputError, MissingExtraError
from mejurix_st.training.optimizer import Optimizers


def problem(seed: int = 0) -> tuple[torch.nn.Parameter, torch.nn.Linear]:
    torch.manual_seed(seed)
    return torch.nn.Parameter(torch.randn(4, 6)), torch.nn.Linear(4, 3)


def make(matrix: torch.nn.Parameter, head: torch.nn.Linear, clip: float = 1.0) -> Optimizers:
    return Optimizers([matrix], head.parameters(), 0.02, 0.01, clip)


def advance(optimizers: Optimizers, matrix: torch.nn.Parameter, head: torch.nn.Linear, steps: int) -> float:
    inputs, wanted = torch.linspace(-1, 1, 60).reshape(10, 6), torch.linspace(2, -1, 30).reshape(10, 3)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        optimizers.zero_grad()
        loss = (head(inputs @ matrix.t()) - wanted).square().mean()
        loss.backward()
        optimizers.step(1.0)
    return float(loss.detach())


def test_matrix_and_head_learn():
    matrix, head = problem()
    optimizers = make(matrix, head)
    first, last = advance(optimizers, matrix, head, 1), advance(optimizers, matrix, head, 100)
    assert last < first / 4


def test_a_restored_state_goes_on_as_if_never_stopped():
    matrix, head = problem()
    optimizers = make(matrix, head)
    advance(optimizers, matrix, head, 3)
    other_matrix, other_head = problem(seed=1)
    with torch.no_grad():
        other_matrix.copy_(matrix)
        other_head.load_state_dict(head.state_dict())
    resumed = make(other_matrix, other_head)
    resumed.put_state(optimizers.state())
    advance(optimizers, matrix, head, 3)
    advance(resumed, other_matrix, other_head, 3)
    assert torch.equal(matrix, other_matrix)
    assert torch.equal(head.weight, other_head.weight)


def test_steps_follow_the_factor_and_every_direction_moves_alike():
    moved = {}
    for factor in (0.0, 0.5, 1.0):
        matrix, head = problem()
        optimizers = make(matrix, head)
        before = matrix.detach().clone()
        matrix.grad = torch.diag(torch.tensor([100.0, 10.0, 3.0, 1.0])) @ torch.eye(4, 6)
        head.weight.grad = torch.ones_like(head.weight)
        optimizers.step(factor)
        moved[factor] = torch.linalg.svdvals(matrix.detach() - before)
    assert torch.count_nonzero(moved[0.0]) == 0
    assert torch.allclose(2 * moved[0.5], moved[1.0], rtol=0.02)  # torch's update is in bfloat16
    # AdamW and plain descent would follow the gradient's spread of 100 to 1 or the signs alone.
    assert moved[1.0].max() < 2.5 * moved[1.0].min()


@pytest.mark.parametrize("name", ["0.exp_avg", "matrices", "body.0.momentum_buffer"])
def test_the_state_of_another_optimiser_is_refused(name: str):
    with pytest.raises(InputError, match="not of this optimiser"):
        make(*problem()).put_state({name: torch.zeros(1)})


def test_an_old_torch_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(sys.modules["torch.optim"], "Muon")
    with pytest.raises(MissingExtraError, match=r"mejurix-st\[train\]"):
        make(*problem())
