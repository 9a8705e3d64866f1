"""The model while it is trained: a frozen encoder with low-rank adapters, mean pooling, a float32 head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from mejurix_st.training.lora import adapters_off, add_adapters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokenizers import Tokenizer
    from transformers import BertModel

_MASKED = -1e4  # added to the scores of padding; within bfloat16


class TextEncoder:
    """Tokenises and runs an encoder over texts of unlike length with little padding.

    Args:
        encoder: a BERT-like model.
        tokenizer: of the same vocabulary.
        pad: id of the padding token.
        max_tokens: longest input; the end token is kept when a text is cut.
        bucket_tokens: most tokens, padding included, in one pass.
        split: number of lowest layers that are frozen; they run without gradients.
        kept_tokens: room, in tokens, for the states after the frozen layers, which are the same each time a
            text returns; 0 keeps none. Each token takes 2 bytes for each hidden unit (bfloat16).
    """

    def __init__(
        self,
        encoder: Any,
        tokenizer: Tokenizer,
        *,
        pad: int,
        max_tokens: int = 192,
        bucket_tokens: int = 4096,
        split: int = 0,
        kept_tokens: int = 0,
    ) -> None:
        self.encoder, self.tokenizer, self.pad = encoder, tokenizer, pad
        self.max_tokens, self.bucket_tokens = max_tokens, bucket_tokens
        self.split, self.kept_tokens = split, kept_tokens
        self._kept: dict[str, torch.Tensor] = {}
        self._size = 0
        # On CPUs the backward pass of the fused attention takes twice the time of the plain one.
        encoder.set_attn_implementation("eager")

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]
        return [x if len(x) <= self.max_tokens else x[: self.max_tokens - 1] + x[-1:] for x in ids]

    def buckets(self, lengths: Sequence[int]) -> list[list[int]]:
        """Positions grouped by length, each group within `bucket_tokens`."""
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        groups: list[list[int]] = []
        for i in order:
            if groups and (len(groups[-1]) + 1) * lengths[i] <= self.bucket_tokens:
                groups[-1].append(i)
            else:
                groups.append([i])
        return groups

    def states(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, hidden) float32: the mean over tokens of the last layer."""
        lower = self._lower(texts)
        dtype = next(self.encoder.parameters()).dtype
        groups = self.buckets([len(states) for states in lower])
        pooled = []
        for group in groups:
            hidden = nn.utils.rnn.pad_sequence([lower[i] for i in group], batch_first=True).to(dtype)
            lengths = torch.tensor([len(lower[i]) for i in group], device=hidden.device)
            mask = torch.arange(hidden.shape[1], device=hidden.device)[None] < lengths[:, None]
            hidden = self._layers(hidden, mask, self.encoder.encoder.layer[self.split :])
            weights = mask[..., None].float()
            pooled.append((hidden.float() * weights).sum(1) / weights.sum(1))
        positions = torch.tensor([i for group in groups for i in group])
        return torch.cat(pooled)[torch.argsort(positions).to(pooled[0].device)]

    def _lower(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """(tokens, hidden) states after the frozen layers, for each text."""
        found = {text: self._kept[text] for text in texts if text in self._kept}
        missing = list(dict.fromkeys(text for text in texts if text not in found))
        ids = self._ids(missing)
        first = next(self.encoder.parameters())
        device = first.device
        kind = torch.bfloat16 if self.kept_tokens else first.dtype
        with torch.no_grad():
            for group in self.buckets([len(x) for x in ids]):
                rows = [torch.tensor(ids[i], device=device) for i in group]
                tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.pad)
                lengths = torch.tensor([len(row) for row in rows], device=device)
                mask = torch.arange(tokens.shape[1], device=device)[None] < lengths[:, None]
                hidden = self.encoder.embeddings(input_ids=tokens)
                hidden = self._layers(hidden, mask, self.encoder.encoder.layer[: self.split])
                for row, i in enumerate(group):
                    found[missing[i]] = hidden[row, : len(ids[i])].to(kind, copy=True)
        for text in missing:
            if self._size + len(found[text]) <= self.kept_tokens:
                self._kept[text] = found[text]
                self._size += len(found[text])
        return [found[text] for text in texts]

    def _layers(self, hidden: torch.Tensor, mask: torch.Tensor, layers: Iterable[nn.Module]) -> torch.Tensor:
        added = torch.zeros(mask.shape, dtype=hidden.dtype, device=hidden.device)
        added = added.masked_fill(~mask, _MASKED)[:, None, None]
        for layer in layers:
            output = layer(hidden, attention_mask=added)
            hidden = output[0] if isinstance(output, tuple) else output
        return hidden


class Student(nn.Module):
    """Encoder with adapters and head; `forward(texts)` gives (n, dimension) float32, unit norm.

    Args:
        encoder: base encoder; frozen, and cast to `dtype` here.
        tokenizer: its tokenizer.
        head_weight: (dimension, hidden).
        head_bias: (dimension,).
        rank: of the adapters.
        scale: alpha / rank.
        max_tokens: longest training input.
        seed: of the adapters' start.
        first_layer: lowest layer that gets adapters; those below stay the base's.
        kept_tokens: see `TextEncoder`.
        dtype: of the encoder; bfloat16 is fastest where the processor has it.
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
        kept_tokens: int = 0,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        super().__init__()
        self.encoder = encoder.to(dtype).eval()  # type: ignore[arg-type]  # decorated there
        self.adapters = add_adapters(self.encoder, rank=rank, scale=scale, seed=seed, first_layer=first_layer)
        self.head = nn.Linear(head_weight.shape[1], head_weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(head_weight)
            self.head.bias.copy_(head_bias)
        self._base_states: dict[str, torch.Tensor] = {}
        self.texts = TextEncoder(
            self.encoder,
            tokenizer,
            pad=1,
            max_tokens=max_tokens,
            split=first_layer,
            kept_tokens=kept_tokens,
        )

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, dimension) float32, unit norm."""
        return functional.normalize(self.head(self.texts.states(texts)), dim=-1)

    @torch.no_grad()
    def base_states(self, texts: Sequence[str]) -> torch.Tensor:
        """(texts, hidden) float32: mean-pooled states of the base, without adapters.

        Each text is read once; 1.5 kB of each are kept.
        """
        missing = list(dict.fromkeys(text for text in texts if text not in self._base_states))
        if missing:
            with adapters_off(self.adapters):
                self._base_states.update(zip(missing, self.texts.states(missing), strict=True))
        return torch.stack([self._base_states[text] for text in texts])

    def adapter_parameters(self) -> list[nn.Parameter]:
        """Trainable matrices of the adapters."""
        return [p for m in self.adapters.values() for p in (m.lora_A, m.lora_B)]
