"""Teachers: the base with mean pooling, all-mpnet-base-v2 for health, words for law; each text is read once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from mejurix_st.training.head import principal_head
from mejurix_st.training.joint import JointSpace
from mejurix_st.training.mpnet import WIDTH, SecondTeacher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mejurix_st.training.lexical import LexicalTeacher
    from mejurix_st.training.student import TextEncoder

_SHARD = 2048
LEXICAL_SHARE = 0.4  # of the lexical teacher, where it speaks
PROMPTS = ("query: ", "passage: ")


def has_hangul(text: str) -> bool:
    """True when a text holds a Hangul syllable; the second teacher does not read such texts."""
    return any("가" <= c <= "힣" for c in text)


def bare(text: str) -> str:
    """The text without a prompt, as the second teacher reads it."""
    for prompt in PROMPTS:
        text = text.removeprefix(prompt)
    return text


class TeacherBank:
    """What the teachers say of the texts that they have read.

    Args:
        texts: distinct texts, prompts included, that the base has read beforehand.
        first: (n, 384) unit vectors of them by the base, mean-pooled; centred and evened out here like the
            head's start.
        read: distinct English texts without prompts, of health, that the second teacher has read.
        second: (m, 768) unit vectors of those.
        share: weight of the first teacher where both speak.
    """

    def __init__(
        self,
        texts: Sequence[str],
        first: NDArray[np.floating],
        read: Sequence[str],
        second: NDArray[np.floating],
        share: float = 0.5,
    ) -> None:
        self.rows = {text: i for i, text in enumerate(texts)}
        self.read = {text: i for i, text in enumerate(read)}
        head = principal_head(first, dimension=first.shape[1])
        self._weight, self._bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
        self.first = self.turn(torch.from_numpy(first.astype(np.float32))).numpy()
        self.second = second
        self.share = share
        self.space: JointSpace | None = None
        self.lexical: LexicalTeacher | None = None
        self.law: JointSpace | None = None

    def known(self, texts: Sequence[str]) -> list[int]:
        """Positions in `texts` of those the base has read beforehand."""
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

    def seconds(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 768) vectors of the second teacher, prompts being ignored, and (n,) whether it has read the text."""
        rows = [self.read.get(bare(text), -1) for text in texts]
        read = torch.tensor([row >= 0 for row in rows])
        vectors = self.second[[max(row, 0) for row in rows]] if self.read else np.zeros((len(texts), WIDTH))
        return torch.from_numpy(vectors.astype(np.float32)), read

    def similarities(self, texts: Sequence[str], states: torch.Tensor) -> torch.Tensor:
        """(n, n) float32 mixed cosine similarities.

        Args:
            texts: the second teacher speaks when it has read them all: the two have scales of their own.
            states: (n, 384) mean-pooled states of the base for the whole texts: the first teacher.
        """
        first = self.turn(states)
        own = first @ first.T
        second, read = self.seconds(texts)
        if bool(read.all()):
            return self.share * own + (1 - self.share) * (second @ second.T)
        if self.lexical is not None and all(self.lexical.knows(bare(text)) for text in texts):
            words = self.lexical.similarities([bare(text) for text in texts])
            return (1 - LEXICAL_SHARE) * own + LEXICAL_SHARE * words
        return own

    def span(self, texts: Sequence[str], states: torch.Tensor) -> None:
        """Makes the space of `targets` from a sample that both teachers have read: see `JointSpace`."""
        self.space = JointSpace(self.turn(states), self.seconds(texts)[0], share=self.share)

    def span_law(self, texts: Sequence[str], states: torch.Tensor) -> None:
        """Makes the space of `targets` for texts of law, from a sample of them; `span` comes first.

        Raises:
            RuntimeError: there is no lexical teacher, or `span` has not been called.
        """
        if self.lexical is None:
            raise RuntimeError("no lexical teacher: give the bank one first")
        words = self.lexical.vectors([bare(text) for text in texts])
        dense = self._joint(texts, states)
        self.law = JointSpace(dense, words, share=1 - LEXICAL_SHARE, dimension=dense.shape[1])

    def targets(self, texts: Sequence[str], states: torch.Tensor) -> torch.Tensor:
        """(n, dimension) float32, unit norm: where the teachers together would put the texts.

        Args:
            texts: what the second teacher has not read it is guessed to say; of law that the lexical
                teacher knows, it speaks as well.
            states: (n, 384) mean-pooled states of the base.

        Raises:
            RuntimeError: `span` has not been called.
        """
        found = self._joint(texts, states)
        if self.law is None or self.lexical is None:
            return found
        law = [i for i, text in enumerate(texts) if self.lexical.knows(bare(text))]
        if law:
            found[law] = self.law(found[law], self.lexical.vectors([bare(texts[i]) for i in law]))
        return found

    def _joint(self, texts: Sequence[str], states: torch.Tensor) -> torch.Tensor:
        if self.space is None:
            raise RuntimeError("no joint space yet: call span first")
        return self.space(self.turn(states), *self.seconds(texts))


def teach(
    texts: Sequence[str],
    read: Sequence[str],
    base: TextEncoder,
    folder: Path,
    *,
    show_progress: bool | None = None,
) -> TeacherBank:
    """Computes both teachers' vectors in shards on disk; an interrupted call continues where it stopped.

    Args:
        texts: distinct texts with the base's prompts ("query: …", "passage: …").
        read: distinct English texts without prompts, for the second teacher.
        base: the base encoder.
        folder: where shards go.
        show_progress: a bar; when None, on a terminal only.

    Raises:
        MissingExtraError: the second teacher's packages are not installed.
    """
    off = None if show_progress is None else not show_progress
    second: SecondTeacher | None = None

    def by_second(part: Sequence[str]) -> NDArray[np.float16]:
        nonlocal second
        second = second or SecondTeacher(folder)
        return second.vectors(part)

    @torch.no_grad()
    def by_first(part: Sequence[str]) -> NDArray[np.float16]:
        return functional.normalize(base.states(part), dim=-1).to(torch.float16).cpu().numpy()

    first = _shards(folder / "first", texts, by_first, off)
    other = _shards(folder / "second", read, by_second, off)
    return TeacherBank(texts, first, read, other)


def _shards(
    folder: Path,
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], NDArray[np.float16]],
    off: bool | None,
) -> NDArray[np.float16]:
    """Vectors of the texts, from files of some thousands; one folder serves one list of texts."""
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "texts.json"
    if listing.is_file() and json.loads(listing.read_text(encoding="utf-8")) != list(texts):
        for shard in folder.glob("*.npy"):
            shard.unlink()
    listing.write_text(json.dumps(list(texts), ensure_ascii=False), encoding="utf-8")
    parts = []
    for start in tqdm(range(0, len(texts), _SHARD), desc=f"teachers, {folder.name}", disable=off):
        path = folder / f"{start:08d}.npy"
        if not path.is_file():
            vectors = encode(texts[start : start + _SHARD])
            beside = path.with_suffix(".part")
            with beside.open("wb") as file:
                np.save(file, vectors)
            beside.replace(path)
        parts.append(np.load(path))
    return np.concatenate(parts) if parts else np.zeros((0, WIDTH), np.float16)
