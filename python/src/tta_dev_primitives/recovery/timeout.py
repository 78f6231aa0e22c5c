"""Not for ever."""

from __future__ import annotations

import asyncio
import builtins
from typing import Any

from observability_integration import workflow_telemetry
from observability_integration.workflow_telemetry import annotate

from ..core.base import Executable, WorkflowPrimitive, as_primitive
from ..core.context import WorkflowContext
from ..core.tasks import cancel_and_wait
from .fallback import count_fallback


class TimeoutError(builtins.TimeoutError):
    """A primitive took longer than it may."""


class TimeoutPrimitive(WorkflowPrimitive[Any, Any]):
    """Cancels a primitive that takes too long, waits for its clean-up, and executes the fallback or raises `TimeoutError`.

        TimeoutPrimitive(llm_call, timeout_seconds=30.0)
        TimeoutPrimitive(llm_call, timeout_seconds=30.0, fallback=canned_answer)
    """

    def __init__(self, primitive: Executable, timeout_seconds: float, fallback: Executable | None = None, track_timeouts: bool = True,
                 *, raise_on_timeout: bool = True, name: str | None = None) -> None:
        """
        Args:
            track_timeouts: Whether timeouts are noted in the context: `state["timeout_count"]` and the last hundred in `state["timeout_history"]`.
            raise_on_timeout: Whether a timeout without a fallback is an error; if not, the result is None.
        """
        if not timeout_seconds > 0:
            raise ValueError(f"timeout_seconds is {timeout_seconds}; it should be above 0")
        self.primitive = as_primitive(primitive)
        self.timeout_seconds = timeout_seconds
        self.fallback = None if fallback is None else as_primitive(fallback)
        self.track_timeouts = track_timeouts
        self.raise_on_timeout = raise_on_timeout
        self.name = name

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        annotate("timeout.seconds", float(self.timeout_seconds))
        # Not asyncio.wait_for: a TimeoutError that the primitive itself raises is a failure of its own, not this timeout.
        task = asyncio.ensure_future(self.primitive.execute(input_data, context))
        try:
            await asyncio.wait([task], timeout=self.timeout_seconds)
            if task.done():
                return task.result()
        finally:
            await cancel_and_wait([task])
        if not task.cancelled():
            task.exception()  # Retrieved, so that asyncio does not complain of it: it came too late to matter.
        self._count_timeout(context)
        if self.fallback is not None:
            count_fallback(self)
            return await self.fallback.execute(input_data, context)
        if self.raise_on_timeout:
            raise TimeoutError(f"{self.primitive.name or type(self.primitive).__name__} took longer than {self.timeout_seconds:g} s")
        return None

    def _count_timeout(self, context: WorkflowContext) -> None:
        telemetry = workflow_telemetry.active
        if telemetry is not None:
            telemetry.timeouts.labels(telemetry.step(self).name).inc()
        if self.track_timeouts:
            context.state["timeout_count"] = context.state.get("timeout_count", 0) + 1
            history = context.state.setdefault("timeout_history", [])
            history.append({"primitive": type(self.primitive).__name__, "timeout": self.timeout_seconds, "had_fallback": self.fallback is not None})
            del history[:-100]
