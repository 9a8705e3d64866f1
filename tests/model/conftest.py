"""Original checkpoints in every layout and naming, made from the tiny encoders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

# The published config.json, at the tiny encoders' size: labelled BERT, with DistilBERT's own fields.
PUBLISHED = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "activation": "gelu",
    "attention_dropout": 0.1,
    "dim": 32,
    "dropout": 0.1,
    "hidden_dim": 64,
    "hidden_dropout_prob": 0.1,
    "hidden_size": 32,
    "max_position_embeddings": 512,
    "n_heads": 4,
    "n_layers": 2,
    "num_attention_heads": 4,
    "pad_token_id": 0,
    "projection_dim": 256,
    "dropout_rate": 0.5,
    "sinusoidal_pos_embds": False,
    "tie_weights_": True,
}


@dataclass
class OriginalFolder:
    """A made checkpoint and what it should compute."""

    folder: Path
    encoder: Path
    head: dict[str, torch.Tensor]

    def vectors(self, texts: list[str], entity_type: int | None = None) -> torch.Tensor:
        """The original formula over the encoder as `transformers` itself loads it, one text at a time."""
        tokenizer, model = (
            AutoTokenizer.from_pretrained(self.encoder),
            AutoModel.from_pretrained(self.encoder),
        )
        rows = []
        for text in texts:
            with torch.no_grad():
                cls = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0]
            row = functional.linear(cls, self.head["projection.weight"], self.head["projection.bias"])
            if entity_type is not None:
                row = row + functional.linear(
                    self.head["entity_type_embedding.weight"][entity_type],
                    self.head["entity_type_projection.weight"],
                    self.head["entity_type_projection.bias"],
                )
            rows.append(functional.normalize(row, dim=0))
        return torch.stack(rows)


def make_head(hidden: int = 32, seed: int = 5) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        "projection.weight": (256, hidden),
        "projection.bias": (256,),
        "entity_type_embedding.weight": (10, 64),
        "entity_type_projection.weight": (256, 64),
        "entity_type_projection.bias": (256,),
    }
    return {n: torch.randn(s, generator=generator) for n, s in shapes.items()}


@pytest.fixture
def make_original(make_tiny_encoder, tmp_path: Path) -> Callable[..., OriginalFolder]:
    """Function: writes an original checkpoint.

    `edit(encoder, head)` changes the tensors, by stored name, before they are written.
    """

    def make(
        kind: str = "distilbert",
        *,
        prefix: str = "",
        layout: str = "hub",
        file: str = "safetensors",
        head_file: bool = False,
        entity: bool = True,
        config: dict | None = None,
        edit: Callable[[dict, dict], None] | None = None,
    ) -> OriginalFolder:
        tiny = make_tiny_encoder(kind)
        folder = tmp_path / "original"
        place = folder / "bert_model" if layout == "package" else folder
        place.mkdir(parents=True)
        for name in ("vocab.txt", "tokenizer_config.json"):
            shutil.copy(tiny / name, place / name)
        settings = PUBLISHED | {"vocab_size": len((tiny / "vocab.txt").read_text("utf-8").splitlines())}
        (place / "config.json").write_text(json.dumps(settings if config is None else config), "utf-8")
        encoder = {prefix + n: t for n, t in load_file(tiny / "model.safetensors").items()}
        head = {n: t for n, t in make_head().items() if entity or n.startswith("projection")}
        kept = dict(head)
        if edit:
            edit(encoder, head)
        if layout == "package" or head_file:
            torch.save(head, folder / "embedder_state.pt")
        else:
            encoder |= head
        if layout == "package":
            (folder / "embedder_config.json").write_text(
                '{"projection_dim": 256, "dropout_rate": 0.5}', "utf-8"
            )
        if file == "safetensors":
            save_file(encoder, place / "model.safetensors", metadata={"format": "pt"})
        else:
            torch.save(encoder, place / "pytorch_model.bin")
        return OriginalFolder(folder, tiny, kept)

    return make
