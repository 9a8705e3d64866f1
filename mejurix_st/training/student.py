"""The model while it is trained: a frozen bfloat16 encoder with low-rank adapters, CLS, and a float32 head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from mejurix_st.training.lora import add_adapters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer
    from transformers import BertModel


class TextEncoder:
    """Tokenises and runs an encoder over texts of unlike length with little padding.

    Args:
        encoder: a BERT-like model.
        tokenizer: of the same vocabulary.
        pad: id of the padding token.
        max_tokens: longest input; the end token is kept when a text is cut.
        bucket_tokens: most tokens, padding included, in one pass.
    """

    def __init__(
        self,
        encoder: nn.Module,
        tokenizer: Tokenizer,
        *,
        pad: int,
        max_tokens: int = 192,
        bucket_tokens: int = 4096,
    ) -> None:
        self.encoder, self.tokenizer, self.pad = encoder, tokenizer, pad
        self.max_tokens, self.bucket_tokens = max_tokens, bucket_tokens

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]
        return [x if len(x) <= self.max_tokens else x[: self.max_tokens - 1] + x[-1:] for x in ids]

    def buckets(self, ids: list[list[int]]) -> list[list[int]]:
        """Positions grouped by length, each group within `bucket_tokens`."""
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        groups: list[list[int]] = []
        for i in order:
            if groups and (len(groups[-1]) + 1) * len(ids[i]) <= self.bucket_tokens:
                groups[-1].append(i)
            else:
                groups.append([i])
        return groups

    def states(self, texts: Sequence[str], pooling: str = "cls") -> torch.Tensor:
        """(texts, hidden) float32: the CLS vector, or the mean over tokens."""
        ids = self._ids(texts)
        device = next(self.encoder.parameters()).device
        groups = self.buckets(ids)
        pooled = []
        for group in groups:
            width = max(len(ids[i]) for i in group)
            tokens = torch.full((len(group), width), self.pad)
            mask = torch.zeros((len(group), width), dtype=torch.long)
            for row, i in enumerate(group):
                tokens[row, : len(ids[i])] = torch.tensor(ids[i])
                mask[row, : len(ids[i])] = 1
            tokens, mask = tokens.to(device), mask.to(device)
            hidden = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
            if pooling == "cls":
                pooled.append(hidden[:, 0].float())
            else:
                weights = mask[..., None].float()
                pooled.append((hidden.float() * weights).sum(1) / weights.sum(1))
        positions = torch.tensor([i for group in groups for i in group], device=device)
        return torch.cat(pooled)[torch.argsort(positions)]


class Student(nn.Module):
    """Encoder with adapters and head; `forward(texts)` gives (n, dimension) float32, unit norm.

    Args:
        encoder: base encoder; frozen and cast to bfloat16 here.
        tokenizer: its tokenizer.
        head_weight: (dimension, hidden).
        head_bias: (dimension,).
        rank: of the adapters.
        scale: alpha / rank.
        max_tokens: longest training input.
        seed: of the adapters' start.
        first_layer: lowest layer that gets adapters; those below stay the base's.
    """

    def __init__(
        self,
        encoder: BertModel,
        tokenizer: Tokenizer,
        head_weight: torch.Tensor,
        head_bias: torch.Tensor,
        *,
        rank: int,
        scale: float,
        max_tokens: int,
        seed: int,
        first_layer: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder.bfloat16().eval()
        self.adapters = add_adapters(self.encoder, rank=rank, scale=scale, seed=seed, first_layer=first_layer)
        self.head = nn.Linear(head_weight.shape[1], head_weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(head_weight)
            self.head.bias.copy_(head_bias)
        self.texts = TextEncoder(self.encoder, tokenizer, pad=1, max_tokens=max_tokens)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, dimension) float32, unit norm."""
        return functional.normalize(self.head(self.texts.states(texts)), dim=-1)

    def adapter_parameters(self) -> list[nn.Parameter]:
        """Trainable matrices of the adapters."""
        return [p for m in self.adapters.values() for p in (m.lora_A, m.lora_B)]
