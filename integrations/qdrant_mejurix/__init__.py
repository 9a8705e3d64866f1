"""Case files in Qdrant: embedded, in memory or on a server, one matter never answering another's question.

    from qdrant_mejurix import open_index
    index = open_index("case-files", encoder=model)
    matter = index.matter("smith-v-jones")
    matter.add(["records.pdf", "decision.txt"])
    hits = matter.search("was the lumbar fracture related to service?", limit=10)

Importing this package loads neither torch nor qdrant-client; the first call does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qdrant_mejurix.conditions import entity_filter
    from qdrant_mejurix.fusion import FusionWeights
    from qdrant_mejurix.index import Index, open_index
    from qdrant_mejurix.matter import DocumentInfo, Matter
    from qdrant_mejurix.points import StoredRecord
    from qdrant_mejurix.progress import Progress
    from qdrant_mejurix.report import AddReport
    from qdrant_mejurix.store import Store, open_store
    from qdrant_mejurix.verify import Difference

__all__ = [
    "AddReport",
    "Difference",
    "DocumentInfo",
    "FusionWeights",
    "Index",
    "Matter",
    "Progress",
    "Store",
    "StoredRecord",
    "entity_filter",
    "open_index",
    "open_store",
]

_HOMES = {
    "AddReport": "report",
    "Difference": "verify",
    "DocumentInfo": "matter",
    "FusionWeights": "fusion",
    "Index": "index",
    "Matter": "matter",
    "Progress": "progress",
    "Store": "store",
    "StoredRecord": "points",
    "entity_filter": "conditions",
    "open_index": "index",
    "open_store": "store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
