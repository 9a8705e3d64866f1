"""Configuration: frozen dataclasses, checked in one place, stored as JSON."""

from __future__ import annotations

import warnings
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, Self

from mejurix_st.errors import InputError


@dataclass(frozen=True)
class _Config:
    """Reads and writes plain dictionaries; old names are renamed, unknown ones dropped with a warning."""

    _renames: ClassVar[dict[str, str]] = {}

    def to_dict(self) -> dict[str, Any]:
        """All fields whose value is not the default."""
        defaults = {f.name: f.default for f in fields(self) if f.default is not MISSING}
        return {k: v for k, v in asdict(self).items() if k not in defaults or defaults[k] != v}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Builds a config from a dictionary of an older or newer version."""
        values = {cls._renames.get(k, k): v for k, v in values.items()}
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            warnings.warn(f"{cls.__name__}: unknown keys dropped: {', '.join(unknown)}", stacklevel=2)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known})


@dataclass(frozen=True)
class EncoderConfig(_Config):
    """What `build_model` builds.

    Attributes:
        base: folder or hub id of a `transformers` encoder.
        dimension: size of the embedding, 1 or more.
        max_tokens: longest input in tokens, special tokens included.
        query_prompt: text put before each query; the base was trained with it.
        document_prompt: text put before each document.
        pooling: how token vectors become one: "cls" (the original's) or "mean".
        dropout: of the head while training, [0, 1).
        seed: for the random head, so that two builds agree.
    """

    base: str
    dimension: int = 256
    max_tokens: int = 512
    query_prompt: str = ""
    document_prompt: str = ""
    dropout: float = 0.0
    seed: int = 42
    pooling: str = "cls"

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise InputError(f"EncoderConfig.dimension is {self.dimension}; give 1 or more.")
        if self.max_tokens < 8:
            raise InputError(f"EncoderConfig.max_tokens is {self.max_tokens}; give 8 or more.")
        if self.pooling not in ("cls", "mean"):
            raise InputError(f'EncoderConfig.pooling is {self.pooling!r}; give "cls" or "mean".')
        if not 0 <= self.dropout < 1:
            raise InputError(f"EncoderConfig.dropout is {self.dropout}; give a number in [0, 1).")


@dataclass(frozen=True)
class ChunkingConfig(_Config):
    """How documents are cut into passages.

    Attributes:
        max_tokens: budget of header and text together, special tokens and document prompt included.
        overlap_tokens: text repeated from the end of the previous passage, at whole sentences.
        header_tokens: most tokens that the header may take.
    """

    max_tokens: int = 256
    overlap_tokens: int = 32
    header_tokens: int = 48

    def __post_init__(self) -> None:
        if self.max_tokens < 32:
            raise InputError(f"ChunkingConfig.max_tokens is {self.max_tokens}; give 32 or more.")
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise InputError(
                f"ChunkingConfig.overlap_tokens is {self.overlap_tokens}; "
                f"give 0 to half of max_tokens ({self.max_tokens // 2})."
            )
        if not 0 <= self.header_tokens <= self.max_tokens // 2:
            raise InputError(
                f"ChunkingConfig.header_tokens is {self.header_tokens}; "
                f"give 0 to half of max_tokens ({self.max_tokens // 2})."
            )
