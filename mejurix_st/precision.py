"""The encoder in bfloat16: half the memory of its layers, and faster where the processor has the format."""

from __future__ import annotations

import platform
import warnings
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def has_bfloat16() -> bool:
    """True when this processor multiplies in bfloat16; without such instructions it is two to three times slower.

    Where torch cannot tell (before 2.13, or on another architecture than x86), the answer is True.
    """
    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is None or platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    able = ask()
    return any(able.get(name, True) for name in ("avx512_bf16", "amx_bf16"))


def training_dtype(device: str | torch.device = "cpu") -> torch.dtype:
    """What a frozen encoder is computed in while something is trained on it: bfloat16, where that is not slower."""
    if torch.device(device).type == "cpu" and not has_bfloat16():
        return torch.float32
    return torch.bfloat16


def use_bfloat16(model: SentenceTransformer) -> SentenceTransformer:
    """Casts the encoder of a model to bfloat16, in place; pooling and head stay float32.

    Vectors keep a cosine of 0.9998 and more with the exact ones; `benchmarks/README.md` has the time that is saved.
    On a processor without the format it is slower; a warning says so.

    Args:
        model: a stack whose first module is a Transformer.

    Returns:
        The same model. Its attribute `reduced_precision` is True: a store compares vectors with it, not weights.
    """
    if model.device.type == "cpu" and not has_bfloat16():
        warnings.warn(
            "This processor has no bfloat16 instructions: float32, the default, is faster on it.",
            stacklevel=3,
        )
    transformer: Any = model[0]
    transformer.auto_model.to(torch.bfloat16)
    transformer.register_forward_hook(_states_in_float32)
    model.reduced_precision = True  # type: ignore[assignment]
    return model


def _states_in_float32(module: Any, inputs: Any, features: dict[str, Any]) -> dict[str, Any]:
    del module, inputs
    features["token_embeddings"] = features["token_embeddings"].float()
    return features
