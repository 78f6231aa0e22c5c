"""Composition: what a primitive is, and how several become a workflow."""

from .base import LambdaPrimitive, WorkflowPrimitive
from .conditional import ConditionalPrimitive
from .context import WorkflowContext
from .parallel import ParallelPrimitive
from .routing import RouterPrimitive
from .sequential import SequentialPrimitive

__all__ = [
    "ConditionalPrimitive",
    "LambdaPrimitive",
    "ParallelPrimitive",
    "RouterPrimitive",
    "SequentialPrimitive",
    "WorkflowContext",
    "WorkflowPrimitive",
]
