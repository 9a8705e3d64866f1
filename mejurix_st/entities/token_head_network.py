"""The token head's network: mixed encoder states and letters, a bidirectional LSTM, a linear-chain CRF.

After Lample et al. 2016 ("Neural architectures for named entity recognition") and Ma and Hovy 2016 (letters by
convolution), with a learned mix of frozen layers (Peters et al. 2018) in place of word vectors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mejurix_st.entities.token_words import ALPHABET, FEATURES

FORBIDDEN = -1e4


@dataclass(frozen=True)
class TokenHeadConfig:
    """Sizes of the network.

    Attributes:
        labels: "O", then "B-TYPE" and "I-TYPE" of each entity type.
        layers: positions in the encoder's `hidden_states` (0: the embeddings) that the head reads.
        encoder_size: size of the encoder's states.
        mixes: weighted sums over the layers that are read side by side.
        state_size: size to which the mixes are projected.
        letter_size: size of a letter's vector.
        spelling_size: size of what the convolution over letters gives.
        hidden_size: of each direction of the LSTM.
        depth: layers of the LSTM.
        dropout: in training, between all parts.
    """

    labels: tuple[str, ...]
    layers: tuple[int, ...]
    encoder_size: int = 384
    mixes: int = 2
    state_size: int = 256
    letter_size: int = 24
    spelling_size: int = 96
    hidden_size: int = 128
    depth: int = 2
    dropout: float = 0.4

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


class TokenHead(nn.Module):
    """Words' states to label scores, and label scores to labels."""

    allowed: torch.Tensor
    opens: torch.Tensor

    def __init__(self, config: TokenHeadConfig) -> None:
        super().__init__()
        self.config = config
        self.mix = nn.Parameter(torch.randn(config.mixes, len(config.layers)) * 0.1)
        self.project = nn.Linear(config.mixes * config.encoder_size, config.state_size)
        self.letters = nn.Embedding(ALPHABET, config.letter_size, padding_idx=0)
        self.spelling = nn.Conv1d(config.letter_size, config.spelling_size, 3, padding=1)
        inputs = config.state_size + config.spelling_size + FEATURES
        self.lstm = nn.LSTM(
            inputs,
            config.hidden_size,
            config.depth,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.depth > 1 else 0.0,
        )
        self.score = nn.Linear(2 * config.hidden_size, len(config.labels))
        self.transitions = nn.Parameter(torch.zeros(len(config.labels), len(config.labels)))
        self.dropout = nn.Dropout(config.dropout)
        self.register_buffer("allowed", _allowed(config.labels), persistent=False)
        self.register_buffer("opens", _opens(config.labels), persistent=False)

    def forward(
        self,
        states: torch.Tensor,
        letters: torch.Tensor,
        features: torch.Tensor,
        lengths: torch.Tensor,
    ) -> torch.Tensor:
        """Label scores of each word.

        Args:
            states: (texts, words, layers, encoder size) float32, means over each word's pieces.
            letters: (texts, words, 20) int64.
            features: (texts, words, 16) float32.
            lengths: (texts,) int64, words of each text, all at least 1.

        Returns:
            (texts, words, labels) float32, not normalised.
        """
        batch, count = letters.shape[:2]
        mixed = torch.einsum("bwlh,ml->bwmh", states, self.mix.softmax(1)).flatten(2)
        state = torch.relu(self.project(self.dropout(mixed)))
        signs = self.letters(letters.flatten(0, 1)).transpose(1, 2)
        signs = self.spelling(signs).masked_fill(letters.flatten(0, 1)[:, None] == 0, FORBIDDEN)
        spelled = torch.relu(signs.amax(2)).view(batch, count, -1)
        read = self.dropout(torch.cat([state, spelled, features], 2))
        packed = pack_padded_sequence(read, lengths.cpu(), batch_first=True, enforce_sorted=False)
        context, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=count)
        scores: torch.Tensor = self.score(self.dropout(context))
        return scores

    def _steps(self) -> torch.Tensor:
        return self.transitions.masked_fill(~self.allowed, FORBIDDEN)

    def log_partition(self, scores: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(texts,) log of the sum over all label sequences; scores (texts, words, labels)."""
        steps = self._steps()
        alpha = scores[:, 0].masked_fill(~self.opens, FORBIDDEN)
        for word in range(1, scores.shape[1]):
            following = torch.logsumexp(alpha[:, :, None] + steps, 1) + scores[:, word]
            alpha = torch.where((word < lengths)[:, None], following, alpha)
        return torch.logsumexp(alpha, 1)

    def loss(self, scores: torch.Tensor, possible: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Negative log likelihood of the label sequences that the annotation leaves possible.

        Where several labels are possible, their sequences are summed (a partially observed CRF, Tsuboi et
        al. 2008).

        Args:
            scores: (texts, words, labels).
            possible: (texts, words, labels) bool.
            lengths: (texts,).

        Returns:
            (texts,) float32.
        """
        fitting = self.log_partition(scores.masked_fill(~possible, FORBIDDEN), lengths)
        return self.log_partition(scores, lengths) - fitting

    @torch.no_grad()
    def decode(self, scores: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Best label sequence (Viterbi) and the probability of each of its labels (forward-backward).

        Returns:
            (texts, words) int64 labels and (texts, words) float32 in [0, 1]; past a text's end, anything.
        """
        steps = self._steps()
        count = scores.shape[1]
        best = scores[:, 0].masked_fill(~self.opens, FORBIDDEN)
        alpha = [best]
        back: list[torch.Tensor] = []
        for word in range(1, count):
            inside = (word < lengths)[:, None]
            top, came = (best[:, :, None] + steps).max(1)
            best = torch.where(inside, top + scores[:, word], best)
            stay = torch.arange(scores.shape[2], device=scores.device).expand_as(came)
            back.append(torch.where(inside, came, stay))
            summed = torch.logsumexp(alpha[-1][:, :, None] + steps, 1) + scores[:, word]
            alpha.append(torch.where(inside, summed, alpha[-1]))
        beta = torch.zeros_like(best)
        betas = [beta]
        for word in range(count - 1, 0, -1):
            earlier = torch.logsumexp(steps + (scores[:, word] + beta)[:, None], 2)
            beta = torch.where((word < lengths)[:, None], earlier, beta)
            betas.append(beta)
        total = torch.logsumexp(alpha[-1], 1)[:, None, None]
        chances = (torch.stack(alpha, 1) + torch.stack(betas[::-1], 1) - total).exp().clamp(0, 1)
        label = best.argmax(1)
        path = [label]
        for came in reversed(back):
            label = came.gather(1, label[:, None])[:, 0]
            path.append(label)
        labels = torch.stack(path[::-1], 1)
        return labels, chances.gather(2, labels[..., None])[..., 0]


def _allowed(labels: tuple[str, ...]) -> torch.Tensor:
    """(labels, labels) bool: an "I-TYPE" follows its own "B-TYPE" or "I-TYPE" only."""
    rows = [[not b.startswith("I-") or (a != "O" and a[2:] == b[2:]) for b in labels] for a in labels]
    return torch.tensor(rows)


def _opens(labels: tuple[str, ...]) -> torch.Tensor:
    return torch.tensor([not label.startswith("I-") for label in labels])
