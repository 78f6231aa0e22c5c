"""The primitives under the name that `observability_integration.primitives` users import them by."""

from tta_dev_primitives import CachePrimitive, RouterPrimitive, TimeoutPrimitive

__all__ = ["CachePrimitive", "RouterPrimitive", "TimeoutPrimitive"]
