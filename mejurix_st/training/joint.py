"""One space for two teachers: what the student's vectors are drawn to, text by text.

The cosine of two vectors side by side, each scaled by the root of its share, is the mean of the two teachers'
cosines. The leading principal components bring such vectors to the student's dimension; what that costs is in
`benchmarks/training.md`. A vector for each text needs no large batch, as similarities do (after Vujanic &
Rueckstiess 2025, "LEAF: knowledge distillation of text embedding models with teacher-aligned representations").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

_RIDGE = 3.0


class JointSpace:
    """Principal components of two teachers' vectors, turned onto the student's.

    Args:
        first: (n, d1) unit vectors of the first teacher for a sample of texts that both have read.
        second: (n, d2) those of the second.
        share: weight of the first teacher's cosine in the mean, (0, 1).
        dimension: of the student.
    """

    def __init__(
        self, first: torch.Tensor, second: torch.Tensor, *, share: float = 0.5, dimension: int = 256
    ) -> None:
        self.share = share
        # What the second teacher would say of a text that it has not read: ridge regression on the first.
        known = torch.cat([first, torch.ones(len(first), 1)], 1).double()
        square = known.T @ known + _RIDGE * torch.eye(known.shape[1], dtype=torch.float64)
        self.guess = torch.linalg.solve(square, known.T @ second.double()).float().contiguous()
        joined = self._join(first, second)
        self.middle = joined.mean(0)
        _, directions = torch.linalg.eigh((joined - self.middle).T @ (joined - self.middle))
        self.axes = directions.flip(1)[:, :dimension].contiguous()

    def _join(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.share**0.5 * first, (1 - self.share) ** 0.5 * second], 1)

    def __call__(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        read: Sequence[bool] | torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(n, dimension) float32, unit norm.

        Args:
            first: (n, d1) unit vectors.
            second: (n, d2) unit vectors; rows of texts that were not read do not matter.
            read: (n,) whether the second teacher has read the text; where not, its vector is guessed. None: all.
        """
        if read is None:
            read = torch.ones(len(first), dtype=torch.bool)
        guessed = torch.cat([first, torch.ones(len(first), 1)], 1) @ self.guess  # shorter where unsure
        mask = torch.as_tensor(read, dtype=torch.bool)[:, None]
        joined = self._join(first, torch.where(mask, second.float(), guessed))
        return functional.normalize((joined - self.middle) @ self.axes, dim=-1)

    def turn_onto(self, own: torch.Tensor, student: torch.Tensor) -> None:
        """Turns the space as a whole so that it lies as near to the student's as it can.

        Args:
            own: (n, dimension) vectors of a sample by this space.
            student: (n, dimension) by the student.
        """
        left, _, right = torch.linalg.svd(own.T @ student)  # orthogonal Procrustes (Schönemann 1966)
        self.axes = self.axes @ (left @ right)

    def state(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps: another sample, or another student, would give another space."""
        return {"guess": self.guess, "middle": self.middle, "axes": self.axes}

    def put_state(self, state: dict[str, torch.Tensor]) -> None:
        """Takes over the space of a checkpoint."""
        self.guess, self.middle, self.axes = state["guess"], state["middle"], state["axes"]
