"""Steps at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from .base import Executable, WorkflowPrimitive, as_primitive
from .context import WorkflowContext
from .tasks import cancel_and_wait


class ParallelPrimitive(WorkflowPrimitive[Any, "list[Any]"]):
    """Executes branches concurrently with the same input; the result is the list of theirs, in order. Made by `a | b | c`.

    As in an `asyncio.TaskGroup`, no branch outlives the execution: when one fails, the others are cancelled and awaited. The error
    raised is the failed branch's own, not a group of one; errors of further branches are noted on it. Each branch has a child
    of the context, so that what it writes into `state` does not disturb the others.
    """

    def __init__(self, primitives: Sequence[Executable], name: str | None = None) -> None:
        if not primitives:
            raise ValueError("ParallelPrimitive needs at least one primitive")
        self.primitives = [as_primitive(primitive) for primitive in primitives]
        self.name = name

    @classmethod
    def joining(cls, first: Executable, second: Executable) -> ParallelPrimitive:
        """Both at the same time; branches of a parallel primitive without a name are taken as branches of this one."""
        return cls([*cls._branches(first), *cls._branches(second)])

    @classmethod
    def _branches(cls, step: Executable) -> list[Executable]:
        return list(step.primitives) if type(step) is ParallelPrimitive and step.name is None else [step]

    async def execute(self, input_data: Any, context: WorkflowContext) -> list[Any]:
        contexts = [context.create_child_context() for _ in self.primitives]
        tasks = [asyncio.ensure_future(primitive.execute(input_data, child)) for primitive, child in zip(self.primitives, contexts)]
        first: BaseException | None = None
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            first = next((error for task in tasks if (error := _error(task))), None)
        finally:
            await cancel_and_wait(tasks)
        # Asking for every error also keeps asyncio from complaining of errors that nobody retrieved.
        errors = [error for task in tasks if (error := _error(task))]
        if first is None:
            return [task.result() for task in tasks]
        if hasattr(first, "add_note"):
            for error in errors:
                if error is not first:
                    first.add_note(f"Another branch failed as well: {type(error).__name__}: {error}")
        raise first


def _error(task: asyncio.Task[Any]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
