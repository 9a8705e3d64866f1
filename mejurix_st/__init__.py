"""Medical-legal embeddings and retrieval that can be trusted with a case.

The root holds the few names most programs need; everything else is reached through its room. Importing the
package does not import torch: the model's rooms are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mejurix_st.config import EncoderConfig
from mejurix_st.types import EntitySpan

if TYPE_CHECKING:
    from mejurix_st.hub import load
    from mejurix_st.model import build_model

__all__ = ["EncoderConfig", "EntitySpan", "build_model", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "load":
        from mejurix_st.hub import load

        return load
    if name == "build_model":
        from mejurix_st.model import build_model

        return build_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
