"""What moves the default recipe's weights: Muon for the adapters' matrices, AdamW for the head.

After 40 steps from the same weights over the same rows, at the same rates, nine batches of each part that
came next were mostly better learnt by Muon than by AdamW (`benchmarks/training.md`), in about the same time.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch
from torch.optim import AdamW

from mejurix_st.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import nn


class Optimizers:
    """Two of torch's optimisers with one rate schedule, one bound on the gradient and one saved state.

    Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") gives every direction of
    a matrix's update the same length; its steps are scaled to AdamW's usual size (Liu et al. 2025, "Muon is
    scalable for LLM training"), so that rates known from AdamW serve.

    Args:
        matrices: trained tensors of two dimensions.
        head: weight and bias of the head.
        matrix_rate: highest rate of the matrices.
        head_rate: highest rate of the head.
        clip: longest gradient, over all parameters together.

    Raises:
        MissingExtraError: torch is older than 2.9, which brought Muon (extra `train`).
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        head: Iterable[nn.Parameter],
        matrix_rate: float,
        head_rate: float,
        clip: float,
    ) -> None:
        try:
            from torch.optim import Muon
        except ImportError as error:  # torch before 2.9
            raise MissingExtraError("Training with Muon", "train") from error
        self._clip = clip
        self._parts: dict[str, tuple[torch.optim.Optimizer, float]] = {
            "matrices": (
                Muon(list(matrices), lr=matrix_rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
                matrix_rate,
            ),
            "head": (AdamW(list(head), lr=head_rate, betas=(0.9, 0.98), weight_decay=0.0), head_rate),
        }

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for part, _ in self._parts.values():
            part.zero_grad(set_to_none=True)

    def step(self, factor: float) -> None:
        """Moves the weights by their gradients, at this share (0 to 1) of the highest rates."""
        groups = [group for part, _ in self._parts.values() for group in part.param_groups]
        torch.nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], self._clip)
        for part, rate in self._parts.values():
            for group in part.param_groups:
                group["lr"] = rate * factor
            part.step()

    def state(self) -> dict[str, torch.Tensor]:
        """Copies of all that the next step needs, as "part.parameter.key"."""
        return {
            f"{name}.{number}.{key}": torch.as_tensor(value).clone()
            for name, (part, _) in self._parts.items()
            for number, state in part.state_dict()["state"].items()
            for key, value in state.items()
        }

    def put_state(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Goes on from what `state` gave.

        Raises:
            InputError: the tensors are those of another optimiser; nothing is changed.
        """
        states: dict[str, dict[int, dict[str, Any]]] = {name: defaultdict(dict) for name in self._parts}
        for path, value in tensors.items():
            name, number, key = (*path.split(".", 2), "", "")[:3]
            if name not in states or not key:
                raise InputError(f"put_state got {path!r}, which is not of this optimiser.")
            states[name][int(number)][key] = value
        for name, (part, _) in self._parts.items():
            groups = part.state_dict()["param_groups"]
            part.load_state_dict({"state": dict(states[name]), "param_groups": groups})
