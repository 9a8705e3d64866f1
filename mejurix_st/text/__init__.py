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
from mejurix_st.text.limits import LengthPolicy, apply_length_policy, count_truncated
from mejurix_st.text.normalize import MappedText, expand_shorthand
from mejurix_st.text.tokens import TokenizerOffsets, TokenOffsets, token_offsets_from

__all__ = [
    "MAX_BYTES",
    "SUPPORTED_SUFFIXES",
    "LengthPolicy",
    "MappedText",
    "TokenOffsets",
    "TokenizerOffsets",
    "apply_length_policy",
    "chunk_document",
    "count_truncated",
    "expand_shorthand",
    "find_documents",
    "iter_chunks",
    "read_document",
    "read_document_bytes",
    "token_offsets_from",
]
