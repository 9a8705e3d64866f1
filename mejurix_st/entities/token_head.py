"""The trained recogniser: diseases and chemicals, read from states that the encoder makes anyway.

`encode_with_entities` gives a text's vector and its entities from one forward pass of the default model;
`TokenHeadRecognizer` is the recogniser alone.

The head reads the encoder's lower half, which the default model leaves as its base has it, so one head serves
every version of the default model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.entities.protocol import without_overlaps
from mejurix_st.entities.token_states import EncoderStates, PieceStates, States, check_encoder
from mejurix_st.errors import CheckpointError, InputError
from mejurix_st.types import EntitySpan, EntityType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    from mejurix_st.entities.token_head_network import TokenHead
    from mejurix_st.entities.token_words import Window

TRAINED = Path(__file__).resolve().parents[1] / "trained"
WEIGHTS_FILE, CONFIG_FILE = "token_head.safetensors", "token_head.json"
#: Annotation label → this project's type.
TYPES = {"Disease": EntityType.DISEASE, "Chemical": EntityType.MEDICATION}

_BATCH = 16  # texts in one pass


class TokenHeadRecognizer:
    """Diseases (DISEASE) and chemicals (MEDICATION) by a trained head on the default encoder; English.

    `score` of a span is the lowest probability of its words' labels.
    """

    def __init__(self, states: States, *, folder: Path = TRAINED, minimum_score: float = 0.0) -> None:
        """Reads the head and checks that the encoder is the one it was trained on.

        Args:
            states: an `EncoderStates`, or a callable like it.
            folder: holds token_head.safetensors and token_head.json.
            minimum_score: leave out entities below this score, in [0, 1].

        Raises:
            CheckpointError: the files are missing or do not fit each other.
            InputError: the encoder's lower layers are not those of the default model's base.
        """
        if not 0 <= minimum_score <= 1:
            raise InputError(f"Got minimum_score={minimum_score}; wanted a number from 0 to 1.")
        self.head, probe = read_head(folder)
        self.layers = self.head.config.layers
        self._states, self._minimum = states, minimum_score
        check_encoder(states, self.layers, probe)

    def __call__(self, texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Find the entities of each text; see `mejurix_st.entities.Recognizer`."""
        from mejurix_st.entities.token_words import windows

        return self._read(
            [(number, window) for number, text in enumerate(texts) for window in windows(text)], texts
        )

    def _read(self, parts: list[tuple[int, Window]], texts: Sequence[str]) -> list[list[EntitySpan]]:
        """Entities of windows, put together by text."""
        found: list[list[EntitySpan]] = [[] for _ in texts]
        parts = sorted(parts, key=lambda part: part[1].end - part[1].start)
        for at in range(0, len(parts), _BATCH):
            batch = parts[at : at + _BATCH]
            pieces = [texts[number][window.start : window.end] for number, window in batch]
            states = self._states(pieces, self.layers)
            for (number, window), spans in zip(batch, self.label(pieces, states), strict=True):
                found[number] += [
                    span
                    for span in (_moved(span, window.start) for span in spans)
                    if window.first <= span.start < window.last
                ]
        return [without_overlaps(spans) for spans in found]

    def label(self, texts: Sequence[str], states: Sequence[PieceStates]) -> list[list[EntitySpan]]:
        """Entities of texts whose states are known.

        Args:
            texts: source texts.
            states: of the recogniser's `layers`, one entry per text; what lies beyond them is not labelled.

        Returns:
            As a `Recognizer`.
        """
        import numpy as np
        import torch

        from mejurix_st.entities.token_words import features, letters, pool, project_terms, words

        terms = project_terms()
        rows = []
        for number, (text, (values, offsets)) in enumerate(zip(texts, states, strict=True)):
            reach = max((end for _, end in offsets), default=0)
            bounds = [(start, end) for start, end in words(text[:reach])]
            if bounds:
                rows.append((number, bounds, pool(values, offsets, bounds)))
        found: list[list[EntitySpan]] = [[] for _ in texts]
        if not rows:
            return found
        lengths = torch.tensor([len(bounds) for _, bounds, _ in rows])

        def padded(arrays: list[NDArray[Any]]) -> torch.Tensor:
            whole = np.zeros((len(arrays), int(lengths.max()), *arrays[0].shape[1:]), arrays[0].dtype)
            for row, values in enumerate(arrays):
                whole[row, : len(values)] = values
            return torch.from_numpy(whole)

        spelled = padded([letters(texts[number], bounds).astype(np.int64) for number, bounds, _ in rows])
        marked = padded([features(texts[number], bounds, terms) for number, bounds, _ in rows])
        with torch.inference_mode():
            scores = self.head(padded([values for _, _, values in rows]), spelled, marked, lengths)
            labels, chances = self.head.decode(scores, lengths)
        names = self.head.config.labels
        for (number, bounds, _), row, chance in zip(rows, labels.tolist(), chances.tolist(), strict=True):
            found[number] = [
                span
                for span in _spans(texts[number], bounds, [names[i] for i in row[: len(bounds)]], chance)
                if span.score >= self._minimum
            ]
        return found


def encode_with_entities(
    model: SentenceTransformer, texts: Sequence[str], *, recognizer: TokenHeadRecognizer | None = None
) -> tuple[NDArray[np.float32], list[list[EntitySpan]]]:
    """Vectors and entities of texts from one forward pass of the encoder.

    As everywhere, a vector stands for what fits the encoder's longest input; entities beyond it are read in
    further passes.

    Args:
        model: the default model, `mejurix_st.load()`.
        texts: source texts, embedded as documents.
        recognizer: to read the head once for many calls.

    Returns:
        (texts, dimension) float32 as `model.encode_document` gives them, and the entities of each text.
    """
    import numpy as np

    from mejurix_st.entities.token_words import windows

    encoder = EncoderStates(model)
    recognizer = recognizer or TokenHeadRecognizer(encoder)
    vectors = np.zeros((len(texts), int(model.get_embedding_dimension() or 0)), np.float32)
    found: list[list[EntitySpan]] = [[] for _ in texts]
    rest: list[tuple[int, Window]] = []
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for at in range(0, len(order), _BATCH):
        batch = order[at : at + _BATCH]
        pieces = [texts[i] for i in batch]
        vectors[batch], states = encoder.with_vectors(pieces, recognizer.layers)
        for i, spans, said in zip(batch, recognizer.label(pieces, states), states, strict=True):
            reach = max((end for _, end in said.offsets), default=0)
            beyond = [window for window in windows(texts[i]) if window.end > reach]
            # The last words before the cut were read without what follows them: a window decides about them.
            known = beyond[0].first if beyond else len(texts[i])
            found[i] = [span for span in spans if span.start < known]
            rest += [(i, window) for window in beyond]
    for i, spans in enumerate(recognizer._read(rest, texts) if rest else []):
        found[i] = without_overlaps(found[i] + spans)
    return vectors, found


def read_head(folder: Path = TRAINED) -> tuple[TokenHead, NDArray[np.float32]]:
    """The trained head in evaluation mode, and the probe state of the encoder it was trained on.

    Raises:
        CheckpointError: the files are missing or do not fit each other.
    """
    from safetensors.torch import load_file

    from mejurix_st.entities.token_head_network import TokenHead, TokenHeadConfig

    try:
        settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["network"]
        for name in ("labels", "layers"):
            settings[name] = tuple(settings[name])
        weights = {name: value.float() for name, value in load_file(folder / WEIGHTS_FILE).items()}
        probe: NDArray[np.float32] = weights.pop("probe").numpy()
        head = TokenHead(TokenHeadConfig(**settings))
        head.load_state_dict(weights)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{folder} does not hold a trained token head: {error}") from error
    return head.eval(), probe


def _spans(
    text: str, bounds: list[tuple[int, int]], labels: list[str], chances: list[float]
) -> list[EntitySpan]:
    """Entities of one text from its words' labels."""
    runs: list[tuple[str, list[int]]] = []
    for place, label in enumerate(labels):
        if label.startswith("B-"):
            runs.append((label[2:], [place]))
        elif label != "O":
            runs[-1][1].append(place)
    found = []
    for kind, places in runs:
        start, end = bounds[places[0]][0], bounds[places[-1]][1]
        surface = text[start:end]
        normalized = " ".join(surface.lower().split())
        score = min(1.0, *(chances[place] for place in places), 1.0)
        found.append(EntitySpan(start, end, surface, TYPES[kind], normalized, "", round(score, 4)))
    return found


def _moved(span: EntitySpan, by: int) -> EntitySpan:
    return EntitySpan(
        span.start + by, span.end + by, span.text, span.type, span.normalized, span.code, span.score
    )
