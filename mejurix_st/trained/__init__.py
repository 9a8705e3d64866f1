"""Adapter, head, fusion weights and card of the default model: what was trained in this project."""
