"""Tasks that never outlive the primitive that started them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any


async def cancel_and_wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels the tasks that still run and waits until all have ended, however long their clean-up takes.

    Where the caller is cancelled meanwhile, it is so only after that: `asyncio.CancelledError` is raised at the end.
    """
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
