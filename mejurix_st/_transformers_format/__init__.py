"""The original model as a `transformers` model type, "mejurix".

The two files beside this one are also copied into folders that `convert --format transformers` writes, so they
import nothing of this package.
"""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig, AutoModel

from mejurix_st._transformers_format.configuration_mejurix import MejurixConfig
from mejurix_st._transformers_format.modeling_mejurix import MejurixModel

AUTO_MAP = {
    "AutoConfig": "configuration_mejurix.MejurixConfig",
    "AutoModel": "modeling_mejurix.MejurixModel",
}
CODE_FILES = tuple(Path(__file__).with_name(f"{name}.py") for name in ("configuration_mejurix", "modeling_mejurix"))


def register() -> None:
    """Makes `AutoModel` and `AutoConfig` know the type in this process, so that no folder's code needs to run."""
    AutoConfig.register(MejurixConfig.model_type, MejurixConfig, exist_ok=True)
    AutoModel.register(MejurixConfig, MejurixModel, exist_ok=True)
