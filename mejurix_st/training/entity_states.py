"""What entity modules are trained and measured on: pooled vectors and entity tokens' states, computed once.

The encoder and its pooling stay as they are, so one pass over a text serves every step and every variant.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from sentence_transformers.util import batch_to_device
from tqdm.auto import tqdm

from mejurix_st import entities
from mejurix_st.errors import InputError
from mejurix_st.modules.entity_transformer import LABELS, EntitySpanTransformer
from mejurix_st.text import token_offsets_from
from mejurix_st.types import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sentence_transformers import SentenceTransformer

Key = tuple[str, str]  # prompt, text
_SHARD = 60_000  # tokens between two writes
_BUCKET = 8192  # tokens of a pass, padding included
_LETTERS = 16  # code points per token of the limit that are looked at: more than any visible token has


@dataclass(frozen=True)
class Batch:
    """Texts as the modules after Pooling see them; the token axis holds entity tokens alone.

    Attributes:
        pooled: (texts, hidden) float32.
        states: (texts, tokens, hidden) float32; zeros where a text has fewer.
        labels: (texts, tokens, 5) int64, see `EntitySpanTransformer`; zeros where a text has fewer.
        types: (texts,) int64: the type of each text's main entity, -1 for none.
    """

    pooled: torch.Tensor
    states: torch.Tensor
    labels: torch.Tensor
    types: torch.Tensor


def files_digest(*folders: Path) -> str:
    """Hex digest of the code and tables of folders: what is cached goes stale when they change."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".tsv", ".txt", ".json")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main_types(labels: torch.Tensor) -> torch.Tensor:
    """(texts,) int64: type of the first entity that is no severity, else of the first, else -1.

    Args:
        labels: (texts, tokens, 5) int64.
    """
    numbers, types = labels[..., 0], labels[..., 1]
    entity = numbers > 0
    weighty = entity & (types != EntityType.SEVERITY.id)
    chosen = torch.where(weighty.any(1, keepdim=True), weighty, entity)
    first = types.gather(1, chosen.int().argmax(1, keepdim=True))[:, 0]
    return torch.where(entity.any(1), first, torch.full_like(first, -1))


class StateBank:
    """Pooled vectors and entity tokens' states of texts, kept in a folder; a second run reads them there.

    Args:
        model: `Transformer → Pooling → ...`; it is not changed.
        folder: of the cache; each encoder, limit and version of the entity rules has its own place in it.
        max_tokens: longest input.
        dtype: that the encoder runs in; states are kept in it.
        device: that the encoder runs on.

    Raises:
        InputError: the model is no such stack.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        folder: Path,
        *,
        max_tokens: int = 256,
        dtype: torch.dtype = torch.bfloat16,
        device: str = "cpu",
    ) -> None:
        transformer, pooling = list(model)[:2]
        if not isinstance(transformer, Transformer) or not isinstance(pooling, Pooling):
            raise InputError(
                f"StateBank needs Transformer and Pooling first, got {type(transformer).__name__} and "
                f"{type(pooling).__name__}; give a stock stack such as mejurix_st.load()."
            )
        self.max_tokens, self.device, self._dtype = max_tokens, device, dtype
        self._pooling = pooling
        self._reader = EntitySpanTransformer.around(transformer)
        self._reader.model = copy.deepcopy(transformer.model).to(device, dtype).eval()
        self._lengths = token_offsets_from(model.tokenizer)
        self.hidden = int(pooling.embedding_dimension)
        self.folder = folder / self._fingerprint(transformer)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._rows: dict[str, int] = {}
        self._pooled = torch.zeros(0, self.hidden)
        # Row 0 is what a batch shows where a text has no more entity tokens.
        self._states = torch.zeros(1, self.hidden, dtype=dtype)
        self._labels = torch.zeros(1, LABELS, dtype=torch.int16)
        self._counts = torch.zeros(0, dtype=torch.long)
        self._load(sorted(self.folder.glob("*.safetensors")))

    def __len__(self) -> int:
        return len(self._rows)

    def fill(self, items: Iterable[Key], *, show_progress: bool | None = None) -> None:
        """Reads the texts that are not here yet.

        Args:
            items: prompts and texts.
            show_progress: a bar; when None, on a terminal only.
        """
        missing = [item for item in dict.fromkeys(items) if _digest(item) not in self._rows]
        if not missing:
            return
        seen = [text[: _LETTERS * self.max_tokens] for _, text in missing]
        lengths = [min(count + 8, self.max_tokens) for count in self._lengths.counts(seen)]
        off = None if show_progress is None else not show_progress
        written: list[Path] = []
        shard: list[dict[str, torch.Tensor]] = []
        keys: list[str] = []
        with tqdm(
            total=sum(lengths), unit="token", desc="reading texts", unit_scale=True, disable=off
        ) as bar:
            tokens = 0
            for group in _groups(missing, lengths):
                shard.append(self._encode(missing[group[0]][0], [seen[i] for i in group]))
                keys += [_digest(missing[i]) for i in group]
                bar.update(sum(lengths[i] for i in group))
                tokens += sum(lengths[i] for i in group)
                if tokens >= _SHARD:
                    written.append(self._write(shard, keys))
                    shard, keys, tokens = [], [], 0
            if shard:
                written.append(self._write(shard, keys))
        self._load(written)

    def rows(self, items: Sequence[Key]) -> torch.Tensor:
        """(items,) int64: where texts stand in the bank; they must have been read."""
        return torch.tensor([self._rows[_digest(item)] for item in items], dtype=torch.long)

    def batch(self, rows: torch.Tensor) -> Batch:
        """The texts of some rows, float32, on the CPU."""
        counts = self._counts[rows]
        width = max(1, int(counts.max())) if len(rows) else 1
        column = torch.arange(width)[None]
        place = torch.where(column < counts[:, None], self._starts[rows][:, None] + column, 0)
        labels = self._labels[place].long()
        return Batch(self._pooled[rows], self._states[place].float(), labels, main_types(labels))

    def coverage(self, items: Sequence[Key]) -> tuple[float, float]:
        """Shares of texts with an entity, and with an entity that is not plainly present."""
        rows = self.rows(items)
        labels = [self.batch(part).labels for part in rows.split(512)]
        some = [x[..., 0].gt(0).any(1) for x in labels]
        said = [x[..., 2].gt(0).any(1) for x in labels]
        return float(torch.cat(some).float().mean()), float(torch.cat(said).float().mean())

    @torch.inference_mode()
    def _encode(self, prompt: str, texts: list[str]) -> dict[str, torch.Tensor]:
        features = self._reader.preprocess(texts, prompt=prompt or None, max_length=self.max_tokens)
        features = self._reader(batch_to_device(features, torch.device(self.device)))
        tokens, labels = features["token_embeddings"].float(), features["entity_labels"]
        pooled = self._pooling({**features, "token_embeddings": tokens})["sentence_embedding"]
        marked = labels[..., 0] > 0
        return {
            "pooled": pooled.float().cpu(),
            "states": tokens[marked].to(self._dtype).cpu(),
            "labels": labels[marked].to(torch.int16).cpu(),
            "counts": marked.sum(1).cpu(),
        }

    def _write(self, shard: list[dict[str, torch.Tensor]], keys: list[str]) -> Path:
        """Whole or not at all, so that an interrupted run loses a shard at most."""
        path = self.folder / f"{keys[0]}.safetensors"
        beside = path.with_suffix(".part")
        joined = {name: torch.cat([part[name] for part in shard]).clone() for name in shard[0]}
        save_file(joined, beside, {"keys": " ".join(keys)})
        beside.replace(path)
        return path

    def _load(self, paths: Sequence[Path]) -> None:
        parts: dict[str, list[torch.Tensor]] = {
            "pooled": [self._pooled],
            "states": [self._states],
            "labels": [self._labels],
            "counts": [self._counts],
        }
        for path in paths:
            with safe_open(path, "pt") as file:
                for key in file.metadata()["keys"].split():
                    self._rows[key] = len(self._rows)
                for name, tensors in parts.items():
                    tensors.append(file.get_tensor(name))
        self._pooled, self._states, self._labels, self._counts = (torch.cat(p) for p in parts.values())
        self._starts = 1 + self._counts.cumsum(0) - self._counts

    def _fingerprint(self, transformer: Transformer) -> str:
        """Changes with the encoder, its tokenizer, pooling, limit, and the rules that find entities."""
        digest = hashlib.blake2b(digest_size=8)
        settings = (self._pooling.get_config_dict(), self.max_tokens, str(self._dtype))
        digest.update(repr(settings).encode())
        tokenizer = copy.deepcopy(transformer.tokenizer.backend_tokenizer)  # type: ignore[union-attr]
        tokenizer.no_truncation()  # what an earlier call has set
        tokenizer.no_padding()
        digest.update(tokenizer.to_str().encode())
        for name, value in transformer.model.state_dict().items():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        digest.update(files_digest(Path(entities.__file__).parent).encode())
        return digest.hexdigest()


def _digest(item: Key) -> str:
    prompt, text = item
    return hashlib.blake2b(f"{prompt}\0{text}".encode(), digest_size=16).hexdigest()


def _groups(items: Sequence[Key], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts with one prompt and like length, the longest first."""
    order = sorted(range(len(items)), key=lambda i: (items[i][0], -lengths[i]))
    group: list[int] = []
    for i in order:
        if group and (items[i][0] != items[group[0]][0] or (len(group) + 1) * lengths[group[0]] > _BUCKET):
            yield group
            group = []
        group.append(i)
    if group:
        yield group
