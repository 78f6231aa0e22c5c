"""What every primitive is: something that is executed, and composed with `>>` and `|`."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from .context import WorkflowContext
from .instrumentation import instrumented

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")


class WorkflowPrimitive(ABC, Generic[T, U]):
    """A step that makes a `U` of a `T`.

    A subclass has `async def execute(self, input_data, context)`, and is observed without further ado: each execution is a span
    and is counted and timed. Steps of one type are told apart by `name`, without which they are called by their type.

        workflow = validate >> (summarize | translate) >> store
        result = await workflow.execute(data, WorkflowContext(trace_id="req-123"))
    """

    name: str | None = None
    """What the step is called in metrics and spans."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        execute = cls.__dict__.get("execute")
        if inspect.isfunction(execute) and not getattr(execute, "__isabstractmethod__", False):
            cls.execute = instrumented(execute)  # type: ignore[assignment,method-assign]

    @abstractmethod
    async def execute(self, input_data: T, context: WorkflowContext) -> U:
        """Does the step's work. Raises whatever makes it fail."""

    @overload
    def __rshift__(self, other: WorkflowPrimitive[U, V]) -> WorkflowPrimitive[T, V]: ...
    @overload
    def __rshift__(self, other: Callable[..., Any]) -> WorkflowPrimitive[T, Any]: ...
    def __rshift__(self, other: WorkflowPrimitive[U, V] | Callable[..., Any]) -> WorkflowPrimitive[T, V] | WorkflowPrimitive[T, Any]:
        """`self >> other`: one after the other, what the first returns is the second's input."""
        from .sequential import SequentialPrimitive

        return SequentialPrimitive.joining(self, other)

    def __rrshift__(self, other: Callable[..., Any]) -> WorkflowPrimitive[Any, U]:
        from .sequential import SequentialPrimitive

        return SequentialPrimitive.joining(other, self)

    def __or__(self, other: WorkflowPrimitive[T, Any] | Callable[..., Any]) -> WorkflowPrimitive[T, list[Any]]:
        """`self | other`: both at once with the same input; the result is the list of theirs."""
        from .parallel import ParallelPrimitive

        return ParallelPrimitive.joining(self, other)

    def __ror__(self, other: Callable[..., Any]) -> WorkflowPrimitive[T, list[Any]]:
        from .parallel import ParallelPrimitive

        return ParallelPrimitive.joining(other, self)


Executable = WorkflowPrimitive[Any, Any] | Callable[..., Any]
"""A primitive, or a function that becomes one."""


class LambdaPrimitive(WorkflowPrimitive[T, U]):
    """A function as a step: `func(input_data, context)` or `func(input_data)`, plain or async.

    It is called by its function's name, unless it is given another; a lambda is called `lambda`.
    """

    def __init__(self: LambdaPrimitive[Any, Any], func: Callable[..., Any], name: str | None = None) -> None:
        if not callable(func):
            raise TypeError(f"a LambdaPrimitive is made of a function, not of {type(func).__name__}")
        self.func = func
        own = getattr(func, "__name__", "")
        self.name = name or (own if own.isidentifier() else None)
        self._takes_context = _takes_context(func)

    async def execute(self, input_data: T, context: WorkflowContext) -> U:
        result = self.func(input_data, context) if self._takes_context else self.func(input_data)
        value: U = await result if inspect.isawaitable(result) else result
        return value


def as_primitive(step: Executable) -> WorkflowPrimitive[Any, Any]:
    """A primitive as it is; a function as a `LambdaPrimitive`. Raises `TypeError` for anything else."""
    if isinstance(step, WorkflowPrimitive):
        return step
    is_own_type = isinstance(step, type) and issubclass(step, WorkflowPrimitive)
    if callable(step) and not is_own_type:
        return LambdaPrimitive(step)
    raise TypeError(f"a workflow's step is a primitive or a function, not {step!r}")


def _takes_context(func: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        # Some that are built in, such as `str`, do not tell; those that fit here take one argument.
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    return len(required) >= 2 or any(p.kind is p.VAR_POSITIONAL for p in parameters) or (len(positional) >= 2 and positional[1].name in ("context", "ctx"))
