"""Documents, passages and text transformations, all with offsets into the source.

Importing this room loads neither torch nor a document parser.
"""

from __future__ import annotations

from mejurix_st.text.chunking import chunk_document, iter_chunks
from mejurix_st.text.documents import (
    MAX_BYTES,
    SUPPORTED_SUFFIXES,
    find_documents,
    read_document,
    read_document_bytes,
)
from mejurix_st.text.tokens import TokenizerOffsets, TokenOffsets, token_offsets_from

__all__ = [
    "MAX_BYTES",
    "SUPPORTED_SUFFIXES",
    "TokenOffsets",
    "TokenizerOffsets",
    "chunk_document",
    "find_documents",
    "iter_chunks",
    "read_document",
    "read_document_bytes",
    "token_offsets_from",
]
