"""Steps one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import Executable, WorkflowPrimitive, as_primitive
from .context import WorkflowContext


class SequentialPrimitive(WorkflowPrimitive[Any, Any]):
    """Executes steps in order; what one returns is the next one's input. Made by `a >> b >> c`, which is one sequence of three."""

    def __init__(self, primitives: Sequence[Executable], name: str | None = None) -> None:
        if not primitives:
            raise ValueError("SequentialPrimitive needs at least one primitive")
        self.primitives = [as_primitive(primitive) for primitive in primitives]
        self.name = name

    @classmethod
    def joining(cls, first: Executable, second: Executable) -> SequentialPrimitive:
        """Both in one sequence; a sequence without a name is taken apart."""
        return cls([*cls._steps(first), *cls._steps(second)])

    @classmethod
    def _steps(cls, step: Executable) -> list[Executable]:
        return list(step.primitives) if type(step) is SequentialPrimitive and step.name is None else [step]

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        result = input_data
        for primitive in self.primitives:
            result = await primitive.execute(result, context)
        return result
