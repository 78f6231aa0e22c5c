"""Primitives that make the best of failures."""

from .fallback import FallbackPrimitive
from .retry import RetryPrimitive, RetryStrategy
from .timeout import TimeoutError, TimeoutPrimitive

__all__ = ["FallbackPrimitive", "RetryPrimitive", "RetryStrategy", "TimeoutError", "TimeoutPrimitive"]
