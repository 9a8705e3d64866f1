"""LangChain's `index()` for matters: any key encoder and clean-up mode; an emptied store is noticed."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError, MissingExtraError

try:
    from langchain_core import indexing as core
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The LangChain integration", "langchain") from _error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document
    from langchain_core.indexing import IndexingResult, RecordManager
    from langchain_core.vectorstores import VectorStore

logger = logging.getLogger(__name__)

NAMESPACE = uuid.UUID("0f0d7f4e-6a55-5c0f-8a35-2f8c6f6a9b52")
"""Namespace of the keys; changing it would make every indexed text look new."""

_PAGE = 500


def key_encoder(document: Document) -> str:
    """A key from a document's content and metadata: a UUID, so that every store takes it.

    Built on SHA-256; equal documents have equal keys on every machine.

    Raises:
        InputError: the metadata is not JSON.
    """
    try:
        metadata = json.dumps(document.metadata, sort_keys=True, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"The metadata of the text beginning {document.page_content[:40]!r} is not JSON ({error})."
        ) from error
    digest = hashlib.sha256()
    for part in (document.page_content, metadata):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return str(uuid.uuid5(NAMESPACE, digest.hexdigest()))


def index(
    docs_source: BaseLoader | Iterable[Document],
    record_manager: RecordManager,
    vector_store: VectorStore,
    *,
    key_encoder: Callable[[Document], str] | Any = key_encoder,
    **options: Any,
) -> IndexingResult:
    """`langchain_core.indexing.index` with two differences.

    The default key encoder gives keys that every store takes, and before anything else the record manager's
    keys are looked up in the store: what the store no longer has is forgotten, with a warning, and so is
    added again.

    Args:
        docs_source: a loader, or documents.
        record_manager: one namespace for each matter.
        vector_store: where to.
        key_encoder: a function, or "sha256", "sha512", "blake2b", "sha1".
        **options: `cleanup` ("incremental", "full", "scoped_full"), `source_id_key`, `batch_size`, ... as
            there.

    Returns:
        Numbers added, updated, skipped and deleted.
    """
    known = record_manager.list_keys()
    missing = [key for page in _pages(known) for key in _absent(page, vector_store.get_by_ids(page))]
    if missing:
        _warn(missing, known)
        record_manager.delete_keys(missing)
    return core.index(docs_source, record_manager, vector_store, key_encoder=key_encoder, **options)


async def aindex(
    docs_source: BaseLoader | Iterable[Document] | AsyncIterator[Document],
    record_manager: RecordManager,
    vector_store: VectorStore,
    *,
    key_encoder: Callable[[Document], str] | Any = key_encoder,
    **options: Any,
) -> IndexingResult:
    """As `index`, asynchronous."""
    known = await record_manager.alist_keys()
    missing = [key for page in _pages(known) for key in _absent(page, await vector_store.aget_by_ids(page))]
    if missing:
        _warn(missing, known)
        await record_manager.adelete_keys(missing)
    return await core.aindex(docs_source, record_manager, vector_store, key_encoder=key_encoder, **options)


def _pages(keys: list[str]) -> list[list[str]]:
    return [keys[first : first + _PAGE] for first in range(0, len(keys), _PAGE)]


def _absent(keys: list[str], found: list[Document]) -> list[str]:
    there = {document.id for document in found}
    return [key for key in keys if key not in there]


def _warn(missing: list[str], known: list[str]) -> None:
    logger.warning(
        "The record manager lists %d texts, and %d of them are not in the store; they are indexed again.",
        len(known),
        len(missing),
    )
