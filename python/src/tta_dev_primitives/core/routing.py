"""One of several ways, chosen by a function."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from observability_integration.workflow_telemetry import annotate

from .base import Executable, WorkflowPrimitive, as_primitive
from .context import WorkflowContext

HISTORY_ENTRIES = 100
"""Choices that `context.state["routing_history"]` remembers."""


class RouterPrimitive(WorkflowPrimitive[Any, Any]):
    """Executes the route that `router_fn(input_data, context)` names; `default` where there is none of that name.

        router = RouterPrimitive(
            routes={"fast": small_model, "quality": large_model},
            router_fn=lambda data, context: "quality" if len(data["prompt"]) > 1000 else "fast",
            default="fast",
        )
    """

    def __init__(self, routes: Mapping[str, Executable], router_fn: Callable[[Any, WorkflowContext], str], default: str | None = None,
                 *, default_route: str | None = None, name: str | None = None) -> None:
        """`default_route` is another name of `default`. Raises `ValueError` when that is no route, or there is none at all."""
        self.routes = {key: as_primitive(route) for key, route in routes.items()}
        self.router_fn = router_fn
        self.default = default if default is not None else default_route
        self.name = name
        if not self.routes:
            raise ValueError("RouterPrimitive needs at least one route")
        if self.default is not None and self.default not in self.routes:
            raise ValueError(f"the default route {self.default!r} is none of {', '.join(map(repr, self.routes))}")

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        chosen = self.router_fn(input_data, context)
        route = chosen if chosen in self.routes else self.default
        if route is None:
            raise ValueError(f"there is no route {chosen!r} and no default; the routes are {', '.join(map(repr, self.routes))}")
        annotate("router.route", str(route))
        history = context.state.setdefault("routing_history", [])
        history.append({"route": route, "used_default": route != chosen, "timestamp": time.time()})
        del history[:-HISTORY_ENTRIES]
        return await self.routes[route].execute(input_data, context)
