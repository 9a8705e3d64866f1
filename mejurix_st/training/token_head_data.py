"""Entity data for the token head: CoNLL files as running text with labelled words, and their encoder states.

The files hold tokens; a user's text does not. Each example is therefore written out as running text, with the
spaces that a writer would leave, and cut into words again by the recogniser's own rule.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm.auto import tqdm

from mejurix_st._base_tokenizer import build_tokenizer
from mejurix_st._base_weights import kept_pieces
from mejurix_st._default_model import build_encoder, read_base
from mejurix_st.entities.token_states import cut_states, shifted
from mejurix_st.entities.token_words import features, letters, pool, project_terms, words

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from transformers import BertModel

    from mejurix_st.entities.token_states import PieceStates
    from mejurix_st.entities.token_words import Bounds

Sentence = list[tuple[str, str]]  # tokens with their labels, "O", "B-Disease", ...
KINDS = ("Disease", "Chemical")
LABELS = ("O", "B-Disease", "I-Disease", "B-Chemical", "I-Chemical")
_CLOSES = frozenset(",.;:)]}%?!'’")
_OPENS = frozenset("([{'’")
_JOINS = frozenset("-/–+=")


@dataclass(frozen=True)
class Example:
    """A text with its labelled words.

    Attributes:
        text: running text.
        bounds: offsets of its words.
        labels: a position in `LABELS` for each word.
        partial: chemicals are not annotated in it: an "O" may be one.
    """

    text: str
    bounds: Bounds
    labels: list[int]
    partial: bool

    def spans(self) -> set[tuple[int, int, str]]:
        """Annotated entities: (start, end, kind), offsets into the text."""
        found: set[tuple[int, int, str]] = set()
        start: int | None = None
        kind = ""
        end = 0
        for (begin, stop), label in zip(self.bounds, self.labels, strict=True):
            mark, _, name = LABELS[label].partition("-")
            if mark != "I" and start is not None:
                found.add((start, end, kind))
                start = None
            if mark == "B":
                start, kind = begin, name
            end = stop
        if start is not None:
            found.add((start, end, kind))
        return found


def read_conll(path: Path) -> list[Sentence]:
    """Sentences of a two-column file; a blank line ends one."""
    sentences: list[Sentence] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            token, label = line.split("\t")
            sentences[-1].append((token, label))
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def pack(sentences: Sequence[Sentence], rng: random.Random, *, longest: int = 110) -> list[Sentence]:
    """Neighbouring sentences joined into passages of up to a number of tokens drawn between 30 and `longest`."""
    passages: list[Sentence] = []
    room = 0
    for sentence in sentences:
        if passages and len(passages[-1]) + len(sentence) <= room:
            passages[-1] = passages[-1] + sentence
        else:
            passages.append(list(sentence))
            room = rng.randint(30, longest)
    return passages


def write_out(sentence: Sentence, *, partial: bool, spaced: bool = False) -> Example:
    """Running text of a sentence with its words and labels.

    Args:
        sentence: tokens and labels.
        partial: see `Example`.
        spaced: leave a space between all tokens, as in the file.
    """
    text = ""
    tokens: list[tuple[int, int, str]] = []
    for token, label in sentence:
        if text and not (not spaced and _joined(text, token)):
            text += " "
        tokens.append((len(text), len(text) + len(token), label))
        text += token
    bounds = words(text)
    labels = []
    at = 0
    for start, _ in bounds:
        while tokens[at][1] <= start:
            at += 1
        begin, _, label = tokens[at]
        if label.startswith("B-") and start > begin:
            label = "I-" + label[2:]
        labels.append(LABELS.index(label))
    return Example(text, bounds, labels, partial)


def _joined(text: str, token: str) -> bool:
    """Whether a token follows the text without a space, as a writer would have it."""
    last = text[-1]
    if last.isalnum() and token[0].isalnum():
        return False
    if token in _CLOSES or token in _JOINS or last in _JOINS:
        return True
    return last in _OPENS and (last in "([{" or token in ("s",) or not text[-2:-1].isspace())


class BaseStates:
    """States of the base encoder's lower layers; a `mejurix_st.entities.token_states.States`.

    Attributes:
        size: of a state.
        prompt: put before each text.
    """

    def __init__(
        self, encoder: BertModel, tokenizer: Tokenizer, *, deepest: int = 6, prompt: str = "passage: "
    ) -> None:
        """Takes the base encoder and leaves it its first `deepest` layers.

        Args:
            encoder: changed in place: fewer layers, bfloat16, attention written out, which is fastest here.
            tokenizer: its tokenizer.
            deepest: the highest layer that is read.
            prompt: put before each text.
        """
        encoder.encoder.layer = encoder.encoder.layer[:deepest]
        encoder.set_attn_implementation("eager")
        self._encoder, self._tokenizer = encoder.bfloat16().eval(), tokenizer
        self.size, self.prompt = int(encoder.config.hidden_size), prompt

    @torch.no_grad()
    def __call__(self, texts: Sequence[str], layers: Sequence[int]) -> list[PieceStates]:
        """(layers, pieces, hidden) float32 and offsets of each text; at most 512 pieces of a text are read."""
        encodings = self._tokenizer.encode_batch([self.prompt + text for text in texts])
        width = min(max(len(encoding.ids) for encoding in encodings), 512)
        tokens = torch.full((len(texts), width), 1)
        mask = torch.zeros((len(texts), width), dtype=torch.long)
        for row, encoding in enumerate(encodings):
            ids = torch.tensor(encoding.ids[:width])
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        hidden = self._encoder(input_ids=tokens, attention_mask=mask, output_hidden_states=True).hidden_states
        offsets = [shifted(encoding.offsets, len(self.prompt)) for encoding in encodings]
        return cut_states(hidden, layers, mask, offsets)


def base_states(**settings: Any) -> BaseStates:
    """States of the default model's base encoder; settings as for `BaseStates`."""
    base = read_base()
    kept = kept_pieces(base.pieces)
    return BaseStates(build_encoder(base, kept), build_tokenizer(base, kept), **settings)


class StateCache:
    """States of the lower encoder layers, pooled by word, of a list of examples: computed once, kept on disk.

    Attributes:
        states: (words of all examples, layers, hidden) float16.
        starts: (examples + 1,) first row of each example.
    """

    def __init__(
        self,
        folder: Path,
        examples: Sequence[Example],
        states: BaseStates,
        layers: Sequence[int],
        *,
        batch: int = 48,
    ) -> None:
        """Reads the states from the folder, or computes them; an interrupted computation goes on where it was.

        Args:
            folder: where the states are kept; gigabytes for the whole data.
            examples: texts with their words.
            states: gives the states of texts.
            layers: positions in `hidden_states`.
            batch: texts in one pass.
        """
        self.starts = np.cumsum([0, *(len(example.bounds) for example in examples)])
        name = hashlib.sha256(
            "\0".join([states.prompt, repr(tuple(layers)), *(example.text for example in examples)]).encode()
        ).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        path, done = folder / f"{name}.npy", folder / f"{name}.done"
        shape = (int(self.starts[-1]), len(layers), states.size)
        if path.is_file():
            self.states = np.lib.format.open_memmap(path, mode="r+")
        else:
            self.states = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        finished = int(done.read_text()) if done.is_file() else 0
        order = sorted(range(len(examples)), key=lambda i: (len(examples[i].text), i))
        groups = [order[at : at + batch] for at in range(0, len(order), batch)]
        for number in tqdm(range(finished, len(groups)), desc="encoder states", disable=None):
            group = groups[number]
            for i, found in zip(group, states([examples[i].text for i in group], layers), strict=True):
                pooled = pool(found.states, found.offsets, examples[i].bounds)
                self.states[self.starts[i] : self.starts[i + 1]] = pooled
            if number % 50 == 49 or number + 1 == len(groups):
                done.write_text(str(number + 1))

    def __getitem__(self, example: int) -> NDArray[np.float16]:
        """(words, layers, hidden) of one example."""
        rows: NDArray[np.float16] = self.states[self.starts[example] : self.starts[example + 1]]
        return rows


def inputs(examples: Iterable[Example]) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """Letters and features of each example's words."""
    terms = project_terms()
    spelled, marked = [], []
    for example in examples:
        spelled.append(letters(example.text, example.bounds))
        marked.append(features(example.text, example.bounds, terms))
    return spelled, marked
