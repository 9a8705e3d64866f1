"""This package's own sentence-transformers modules: `mejurix_st.load` accepts these beside the stock ones."""

from __future__ import annotations

from mejurix_st.modules.entity_attention import EntityAttention, EntityWeight, explain_entities
from mejurix_st.modules.entity_conditioning import EntityConditioning
from mejurix_st.modules.entity_transformer import EntitySpanTransformer, EntityTransformer
from mejurix_st.modules.typed_text import TypedText, entity_type_id

__all__ = [
    "EntityAttention",
    "EntityConditioning",
    "EntitySpanTransformer",
    "EntityTransformer",
    "EntityWeight",
    "TypedText",
    "entity_type_id",
    "explain_entities",
]
