"""Primitives for the tests of workflows."""

from .mocks import MockPrimitive

__all__ = ["MockPrimitive"]
