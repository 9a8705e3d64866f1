"""Low-rank adapters on a frozen encoder (Hu et al. 2021, "LoRA"), with float32 masters over a bfloat16 base."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class LowRankLinear(nn.Module):
    """`y = x Wᵀ + b + scale · (x Aᵀ) Bᵀ`; W and b are frozen, A and B are trained in float32.

    Args:
        base: the linear layer to adapt.
        rank: rows of A (rank, in) and columns of B (out, rank); B starts at zero.
        scale: alpha / rank.
    """

    def __init__(self, base: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.base = base
        self.scale = scale
        self.active = True
        self.lora_A = nn.Parameter(torch.empty(rank, base.in_features, dtype=torch.float32))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=torch.float32))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (..., in) to (..., out) in the base's dtype."""
        if not self.active:
            return self.base(x)
        low = functional.linear(x, self.lora_A.to(x.dtype))
        return self.base(x) + functional.linear(low, (self.scale * self.lora_B).to(x.dtype))


def add_adapters(
    encoder: nn.Module, *, rank: int, scale: float, seed: int, first_layer: int = 0
) -> dict[str, LowRankLinear]:
    """Freezes an encoder and wraps attention and feed-forward of `first_layer` and above; returns them by name."""
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)
    names = [n for n, m in encoder.named_modules() if isinstance(m, nn.Linear) and n.endswith(TARGETS)]
    names = [n for n in names if int(n.split("layer.")[1].split(".")[0]) >= first_layer]
    adapters = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name in names:
            parent_name, _, child = name.rpartition(".")
            parent = encoder.get_submodule(parent_name)
            adapters[name] = LowRankLinear(getattr(parent, child), rank, scale)
            setattr(parent, child, adapters[name])
    return adapters


def adapter_state(adapters: dict[str, LowRankLinear]) -> dict[str, torch.Tensor]:
    """The trained matrices as `NAME.lora_A` and `NAME.lora_B`, detached."""
    state = {}
    for name, module in adapters.items():
        state[f"{name}.lora_A"] = module.lora_A.detach().clone()
        state[f"{name}.lora_B"] = module.lora_B.detach().clone()
    return state


@contextmanager
def adapters_off(adapters: dict[str, LowRankLinear]) -> Iterator[None]:
    """Within it the encoder is the base."""
    for module in adapters.values():
        module.active = False
    try:
        yield
    finally:
        for module in adapters.values():
            module.active = True


def load_adapter_state(adapters: dict[str, LowRankLinear], state: dict[str, torch.Tensor]) -> None:
    """Puts matrices back, in place."""
    with torch.no_grad():
        for name, module in adapters.items():
            module.lora_A.copy_(state[f"{name}.lora_A"])
            module.lora_B.copy_(state[f"{name}.lora_B"])
