"""One of two ways, chosen by a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from observability_integration.workflow_telemetry import annotate

from .base import Executable, WorkflowPrimitive, as_primitive
from .context import WorkflowContext


class ConditionalPrimitive(WorkflowPrimitive[Any, Any]):
    """Executes `then_primitive` where `condition(input_data, context)` holds, else `else_primitive`; without one, the input is the result."""

    def __init__(self, condition: Callable[[Any, WorkflowContext], bool], then_primitive: Executable, else_primitive: Executable | None = None,
                 *, name: str | None = None) -> None:
        self.condition = condition
        self.then_primitive = as_primitive(then_primitive)
        self.else_primitive = None if else_primitive is None else as_primitive(else_primitive)
        self.name = name

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        holds = bool(self.condition(input_data, context))
        annotate("router.route", "then" if holds else "else")
        chosen = self.then_primitive if holds else self.else_primitive
        return input_data if chosen is None else await chosen.execute(input_data, context)
