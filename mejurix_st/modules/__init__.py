"""This package's own sentence-transformers modules: `mejurix_st.load` accepts these beside the stock ones."""

from __future__ import annotations

from mejurix_st.modules.entity_conditioning import EntityConditioning
from mejurix_st.modules.entity_transformer import EntityTransformer
from mejurix_st.modules.typed_text import TypedText, entity_type_id

__all__ = ["EntityConditioning", "EntityTransformer", "TypedText", "entity_type_id"]
