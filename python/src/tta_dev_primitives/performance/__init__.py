"""Primitives that save work."""

from .cache import CachePrimitive

__all__ = ["CachePrimitive"]
