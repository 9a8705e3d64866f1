"""`MejurixRetriever`: hybrid search of one matter, with conditions on entities and their assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from langchain_mejurix.conditions import as_filter, both
from langchain_mejurix.convert import hit_to_document
from langchain_mejurix.entity_conditions import EntityConditions
from mejurix_st.errors import InputError, MissingExtraError

try:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import run_in_executor
    from pydantic import ConfigDict, field_validator
except ImportError as _error:  # pragma: no cover - exercised in an environment without the extra
    raise MissingExtraError("The LangChain integration", "langchain") from _error

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document

    from mejurix_st.types import Hit

_WIDEST = 400


class MejurixRetriever(BaseRetriever):
    """Finds the passages of a matter that answer best.

    The documents have an id, and in their metadata `document, page_start, page_end, start, end, rank, score,
    arms` (see `langchain_mejurix.convert.hit_to_document`). Every field can also be given to `invoke` for one
    search.

    Attributes:
        matter: the matter, from `index.matter(name)`.
        k: most documents.
        mode: "hybrid" (fused), or one arm alone: "dense", "bm25", "assertions".
        filter: `qdrant_client.models.Filter`, or a dictionary (`langchain_mejurix.conditions.as_filter`).
        weights: `qdrant_mejurix.FusionWeights`; the index's own when None.
        entity_types: keep passages that name an entity of one of these types ("DISEASE", ...).
        entities: keep passages that name all of these; any synonym in either language will do.
        assertions: keep passages that say this of an entity: `{"fracture": "absent"}`, or several attributes
            of
            `mejurix_st.entities.Assertion`: `{"fracture": {"status": "present", "laterality": "left"}}`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    matter: Any
    k: int = 8
    mode: Literal["hybrid", "dense", "bm25", "assertions"] = "hybrid"
    filter: Any = None
    weights: Any = None
    entity_types: list[str] | None = None
    entities: list[str] | None = None
    assertions: dict[str, Any] | None = None

    @field_validator("matter")
    @classmethod
    def _is_matter(cls, value: Any) -> Any:
        if not (hasattr(value, "search") and hasattr(value, "index")):
            raise InputError(f"The matter is a {type(value).__name__}; give index.matter(name).")
        return value

    def search(self, query: str, **options: Any) -> list[Hit]:
        """As `invoke`, with the store's own results.

        Args:
            query: a question or key words.
            **options: fields of the retriever, for this search.

        Raises:
            InputError: an option is unknown or not usable.
        """
        known = {"k", "mode", "filter", "weights", "entity_types", "entities", "assertions"}
        if unknown := sorted(set(options) - known):
            raise InputError(f"Unknown option: {', '.join(unknown)}; valid: {', '.join(sorted(known))}.")
        fields = {name: options.get(name, getattr(self, name)) for name in known}
        conditions = EntityConditions.of(fields["entity_types"], fields["entities"], fields["assertions"])
        where, k = as_filter(fields["filter"]), fields["k"]
        if conditions is None:
            return self._hits(query, k, where, fields)
        where = both(where, conditions.stored_filter(self.matter.index))
        # What is said of an entity is not stored: passages are read, deeper and deeper until k of them do.
        depth = min(4 * k, _WIDEST) if isinstance(k, int) else k
        while True:
            found = self._hits(query, depth, where, fields)
            kept = [hit for hit in found if conditions.hold(hit.chunk.text)]
            if len(kept) >= k or len(found) < depth or depth >= _WIDEST:
                return kept[:k]
            depth = min(4 * depth, _WIDEST)

    def _hits(self, query: str, limit: int, where: Any, fields: dict[str, Any]) -> list[Hit]:
        hits: list[Hit] = self.matter.search(
            query, limit=limit, filter=where, mode=fields["mode"], weights=fields["weights"]
        )
        return hits

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        return [hit_to_document(hit) for hit in self.search(query, **kwargs)]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        hits = await run_in_executor(None, lambda: self.search(query, **kwargs))
        return [hit_to_document(hit) for hit in hits]
