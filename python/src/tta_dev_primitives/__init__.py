"""Workflows of small steps that are observed by themselves.

    from tta_dev_primitives import CachePrimitive, LambdaPrimitive, RetryPrimitive, WorkflowContext

    workflow = LambdaPrimitive(validate) >> CachePrimitive(RetryPrimitive(llm_call), ttl_seconds=3600) >> (summarize | translate)
    result = await workflow.execute(data, WorkflowContext(trace_id="req-123"))

Call `observability_integration.initialize_observability` once, and each execution is a trace and is in the metrics.
"""

from observability_integration.version import __version__

from .core import (
    ConditionalPrimitive,
    LambdaPrimitive,
    ParallelPrimitive,
    RouterPrimitive,
    SequentialPrimitive,
    WorkflowContext,
    WorkflowPrimitive,
)
from .performance import CachePrimitive
from .recovery import FallbackPrimitive, RetryPrimitive, RetryStrategy, TimeoutPrimitive
from .testing import MockPrimitive

__all__ = [
    "CachePrimitive",
    "ConditionalPrimitive",
    "FallbackPrimitive",
    "LambdaPrimitive",
    "MockPrimitive",
    "ParallelPrimitive",
    "RetryPrimitive",
    "RetryStrategy",
    "RouterPrimitive",
    "SequentialPrimitive",
    "TimeoutPrimitive",
    "WorkflowContext",
    "WorkflowPrimitive",
    "__version__",
]
