"""The original model as a `transformers` model type, "mejurix".

The two files beside this one are also copied into folders that `convert --format transformers` writes, so
they import nothing of this package.
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModel

from mejurix_st._transformers_format.configuration_mejurix import MejurixConfig
from mejurix_st._transformers_format.modeling_mejurix import MejurixModel


def register() -> None:
    """Makes `AutoModel` know the type in this process, so that no folder's code needs to run."""
    AutoConfig.register(MejurixConfig.model_type, MejurixConfig, exist_ok=True)
    AutoModel.register(MejurixConfig, MejurixModel, exist_ok=True)
    # `save_pretrained` then writes the two code files and names them in config.json (`auto_map`).
    MejurixConfig.register_for_auto_class("AutoConfig")
    MejurixModel.register_for_auto_class("AutoModel")
