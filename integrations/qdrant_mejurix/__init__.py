"""qdrant_mejurix."""
