"""Something else instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from observability_integration import workflow_telemetry
from observability_integration.workflow_telemetry import annotate

from ..core.base import Executable, WorkflowPrimitive, as_primitive
from ..core.context import WorkflowContext


class FallbackPrimitive(WorkflowPrimitive[Any, Any]):
    """Executes `primary`, and when it fails the fallbacks in order until one succeeds. When none does, `primary`'s error is raised.

        FallbackPrimitive(primary=large_model, fallback=small_model)
        FallbackPrimitive(primary=large_model, fallbacks=[small_model, canned_answer])
    """

    def __init__(self, primary: Executable, fallback: Executable | None = None, *, fallbacks: Sequence[Executable] = (), name: str | None = None) -> None:
        self.primary = as_primitive(primary)
        self.fallbacks = [as_primitive(step) for step in ([] if fallback is None else [fallback]) + list(fallbacks)]
        self.name = name
        if not self.fallbacks:
            raise ValueError("FallbackPrimitive needs a fallback, or several as fallbacks")

    @property
    def fallback(self) -> WorkflowPrimitive[Any, Any]:
        """The first fallback."""
        return self.fallbacks[0]

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        annotate("fallback.used", False)
        try:
            return await self.primary.execute(input_data, context)
        except Exception as error:
            primary_error = error
        count_fallback(self)
        for fallback in self.fallbacks:
            try:
                return await fallback.execute(input_data, context)
            except Exception as error:
                last_error = error
        raise primary_error from last_error


def count_fallback(primitive: WorkflowPrimitive[Any, Any]) -> None:
    """Tells that this execution of `primitive` takes a fallback."""
    annotate("fallback.used", True)
    telemetry = workflow_telemetry.active
    if telemetry is not None:
        telemetry.fallbacks.labels(telemetry.step(primitive).name).inc()
