"""A base class whose subclasses implement `_execute_impl`."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from ..core.base import WorkflowPrimitive
from ..core.context import WorkflowContext

T = TypeVar("T")
U = TypeVar("U")


class InstrumentedPrimitive(WorkflowPrimitive[T, U]):
    """A primitive with a name and an implementation. It is observed as every primitive is; `name` is what its span is called by."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    async def execute(self, input_data: T, context: WorkflowContext) -> U:
        return await self._execute_impl(input_data, context)

    @abstractmethod
    async def _execute_impl(self, input_data: T, context: WorkflowContext) -> U:
        """Does the step's work. Raises whatever makes it fail."""
