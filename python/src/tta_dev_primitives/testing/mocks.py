"""A step that does as it is told, and remembers what it was asked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..core.base import WorkflowPrimitive
from ..core.context import WorkflowContext


class MockPrimitive(WorkflowPrimitive[Any, Any]):
    """Returns `return_value`, or what `side_effect(input_data, context)` returns, or raises `raise_error`."""

    def __init__(self, name: str, return_value: Any = None, side_effect: Callable[[Any, WorkflowContext], Any] | None = None,
                 raise_error: BaseException | None = None) -> None:
        self.name = name
        self.return_value = return_value
        self.side_effect = side_effect
        self.raise_error = raise_error
        self.calls: list[tuple[Any, WorkflowContext]] = []

    @property
    def call_count(self) -> int:
        """How often it was executed."""
        return len(self.calls)

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        self.calls.append((input_data, context))
        if self.raise_error is not None:
            raise self.raise_error
        if self.side_effect is None:
            return self.return_value
        result = self.side_effect(input_data, context)
        return await result if inspect.isawaitable(result) else result

    def assert_called(self) -> None:
        """Fails unless it was executed."""
        assert self.calls, f"{self.name} was not called"

    def assert_called_once(self) -> None:
        """Fails unless it was executed exactly once."""
        assert self.call_count == 1, f"{self.name} was called {self.call_count} times"

    def assert_called_with(self, input_data: Any, context: WorkflowContext | None = None) -> None:
        """Fails unless the last execution had this input, and this context where one is given."""
        self.assert_called()
        last_input, last_context = self.calls[-1]
        assert last_input == input_data, f"{self.name} was called with {last_input!r}, not {input_data!r}"
        assert context is None or last_context == context, f"{self.name} was called with the context {last_context!r}"

    def reset(self) -> None:
        """Forgets all executions."""
        self.calls.clear()
