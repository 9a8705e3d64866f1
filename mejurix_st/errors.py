"""Every error this package raises on purpose.

Each message says what was got, what was wanted, and what to do. All inherit from `MejurixError`, so that a
command can turn any of them into one line for the user, and let a real defect surface as a traceback.
"""

from __future__ import annotations


class MejurixError(Exception):
    """Base class of all errors raised on purpose by this package and its integrations."""


class InputError(MejurixError, ValueError):
    """An argument or an input value is not usable; the message lists what is."""


class CheckpointError(MejurixError):
    """A model folder is incomplete, contradictory or unsafe, and was refused."""


class ModelNotFoundError(MejurixError, FileNotFoundError):
    """A model is neither installed, nor cached, nor reachable; the message says how to get it."""


class DocumentError(MejurixError):
    """A document could not be read; nothing of it was indexed."""


class StoreError(MejurixError):
    """A vector store is missing, locked, damaged, or was made with another model."""


class MissingExtraError(MejurixError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs an optional dependency: pip install "mejurix-st[{extra}]"')
        self.extra = extra
