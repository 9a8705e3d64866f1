"""Encoder states of texts, with the place of each piece: what the token head reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mejurix_st.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

_PROBE = "The patient developed acute renal failure after a high dose of cisplatin."
_LIKENESS = 0.97


class PieceStates(NamedTuple):
    """Encoder states of one text.

    Attributes:
        states: (layers, pieces, hidden) float32.
        offsets: offsets of each piece into the text; (0, 0) for special and prompt pieces.
    """

    states: NDArray[np.float32]
    offsets: list[tuple[int, int]]


class States(Protocol):
    """Gives the encoder states of texts; a text may be cut at the encoder's longest input."""

    def __call__(self, texts: Sequence[str], layers: Sequence[int]) -> list[PieceStates]:
        """States of the layers named, one entry per text; layer 0 are the embeddings."""
        ...


class EncoderStates:
    """States from a loaded sentence-transformers model, with its document prompt."""

    def __init__(self, model: SentenceTransformer, *, prompt_name: str = "document") -> None:
        """Takes a model.

        Args:
            model: a `SentenceTransformer` over a `transformers` encoder with a fast tokenizer.
            prompt_name: of the prompt that is put before each text.

        Raises:
            InputError: the model's first module is no encoder with a fast tokenizer.
        """
        tokenizer = getattr(model, "tokenizer", None)
        if getattr(model[0], "auto_model", None) is None or not getattr(tokenizer, "is_fast", False):
            raise InputError(
                f"The token head needs a transformers encoder with a fast tokenizer; got {type(model[0]).__name__} "
                f"with {type(tokenizer).__name__}. Use the default model: mejurix_st.load()."
            )
        self._model = model
        self._prompt = (model.prompts or {}).get(prompt_name) or ""
        self._encoder: Any = model[0].auto_model

    def __call__(self, texts: Sequence[str], layers: Sequence[int]) -> list[PieceStates]:
        """See `States`."""
        import torch

        features, offsets = self._features(texts)
        with torch.inference_mode():
            hidden = self._encoder(**features, output_hidden_states=True).hidden_states
        return cut_states(hidden, layers, features["attention_mask"], offsets)

    def with_vectors(
        self, texts: Sequence[str], layers: Sequence[int]
    ) -> tuple[NDArray[np.float32], list[PieceStates]]:
        """Vectors, as `encode_document` gives them, and states, from one pass of the whole encoder."""
        import torch

        features, offsets = self._features(texts)
        with torch.inference_mode():
            said = self._encoder(**features, output_hidden_states=True)
            passed: dict[str, Any] = {**features, "token_embeddings": said.last_hidden_state}
            for module in list(self._model)[1:]:
                passed = module(passed)
        vectors: NDArray[np.float32] = passed["sentence_embedding"].float().cpu().numpy()
        return vectors, cut_states(said.hidden_states, layers, features["attention_mask"], offsets)

    def _features(self, texts: Sequence[str]) -> tuple[dict[str, torch.Tensor], list[list[tuple[int, int]]]]:
        encoded = self._model.tokenizer(
            [self._prompt + text for text in texts],
            padding=True,
            truncation=True,
            max_length=self._model.max_seq_length or 512,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        shift = len(self._prompt)
        offsets = [shifted(row, shift) for row in encoded.pop("offset_mapping").tolist()]
        device = next(self._model.parameters()).device
        return {name: value.to(device) for name, value in encoded.items()}, offsets


def cut_states(
    hidden: Sequence[torch.Tensor],
    layers: Sequence[int],
    mask: torch.Tensor,
    offsets: list[list[tuple[int, int]]],
) -> list[PieceStates]:
    """States of each text without its padding."""
    import torch

    chosen = torch.stack([hidden[layer] for layer in layers], 1).float().cpu().numpy()
    sizes = mask.sum(1).tolist()
    return [PieceStates(chosen[row, :, :size], offsets[row][:size]) for row, size in enumerate(sizes)]


def shifted(offsets: Iterable[tuple[int, int]], prompt: int) -> list[tuple[int, int]]:
    """Offsets into the text of offsets into prompt and text; (0, 0) for pieces of the prompt."""
    return [(max(start - prompt, 0), end - prompt) if end > prompt else (0, 0) for start, end in offsets]


def probe_state(states: States, layers: Sequence[int]) -> NDArray[np.float32]:
    """(hidden,) float32: the mean state of a fixed sentence in the highest layer that the head reads."""
    found: NDArray[np.float32] = states([_PROBE], layers)[0].states[-1].mean(0)
    return found


def check_encoder(states: States, layers: Sequence[int], probe: NDArray[np.float32]) -> None:
    """Refuses an encoder whose states are not like those that the head was trained on.

    Raises:
        InputError: with the cosine of the two probe states.
    """
    import numpy as np

    here = probe_state(states, layers)
    if here.shape != probe.shape:
        raise InputError(
            f"The encoder has states of {len(here)} numbers, the token head reads {len(probe)}. "
            "Use the default model: mejurix_st.load()."
        )
    lengths = float(np.linalg.norm(here)) * float(np.linalg.norm(probe))
    likeness = float(here @ probe) / max(lengths, 1e-9)
    if likeness < _LIKENESS:
        raise InputError(
            f"This encoder's lower layers are not those that the token head was trained on (cosine "
            f"{likeness:.3f}, wanted {_LIKENESS}). Use the default model: mejurix_st.load()."
        )
