"""For primitives that are written by their implementation alone."""

from .instrumented_primitive import InstrumentedPrimitive

__all__ = ["InstrumentedPrimitive"]
