"""Once more."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any, Literal

from observability_integration import workflow_telemetry
from observability_integration.workflow_telemetry import annotate

from ..core.base import Executable, WorkflowPrimitive, as_primitive
from ..core.context import WorkflowContext

Backoff = Literal["exponential", "linear", "constant"]


@dataclass
class RetryStrategy:
    """How often, and after which pauses.

    The pause before retry `n`, from 0, is `initial_delay` times `backoff_base ** n` (exponential), `n + 1` (linear) or 1 (constant), at
    most `max_backoff` seconds; `jitter` makes it half to one and a half of that, so that clients do not come back in step.
    """

    max_retries: int = 3
    backoff_base: float = 2.0
    max_backoff: float = 60.0
    jitter: bool = True
    initial_delay: float = 1.0
    backoff: Backoff = "exponential"

    def __post_init__(self) -> None:
        if self.max_retries < 0:
            raise ValueError(f"max_retries is {self.max_retries}; it should be 0 or more")
        if self.backoff not in ("exponential", "linear", "constant"):
            raise ValueError(f"backoff is {self.backoff!r}; it should be 'exponential', 'linear' or 'constant'")

    def calculate_delay(self, attempt: int) -> float:
        """Seconds before the retry that follows attempt number `attempt`, which counts from 0."""
        try:
            factor = {"exponential": lambda: self.backoff_base**attempt, "linear": lambda: attempt + 1.0, "constant": lambda: 1.0}[self.backoff]()
            delay = min(self.initial_delay * factor, self.max_backoff)
        except OverflowError:
            delay = self.max_backoff
        return delay * (0.5 + random.random()) if self.jitter else delay


class RetryPrimitive(WorkflowPrimitive[Any, Any]):
    """Executes a primitive again when it fails, after a pause; the last failure is raised. Cancellation is no failure.

        RetryPrimitive(api_call, strategy=RetryStrategy(max_retries=3, backoff_base=2.0))
        RetryPrimitive(api_call, max_retries=3, backoff_strategy="exponential", initial_delay=1.0, jitter=True)
    """

    def __init__(self, primitive: Executable, strategy: RetryStrategy | None = None, *, max_retries: int | None = None,
                 backoff_strategy: Backoff | None = None, initial_delay: float | None = None, backoff_factor: float | None = None,
                 max_delay: float | None = None, jitter: bool | None = None, name: str | None = None) -> None:
        """A strategy, or single settings of it: what is given beside a strategy is an error, what is not given is its default."""
        settings = {
            "max_retries": max_retries, "backoff": backoff_strategy, "initial_delay": initial_delay,
            "backoff_base": backoff_factor, "max_backoff": max_delay, "jitter": jitter,
        }
        given: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
        if strategy is not None and given:
            raise TypeError("RetryPrimitive takes a strategy or single settings, not both")
        self.primitive = as_primitive(primitive)
        self.strategy = strategy or RetryStrategy(**given)
        self.name = name

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        attempt = 0
        while True:
            annotate("retry.attempts", attempt + 1)
            try:
                return await self.primitive.execute(input_data, context)
            except Exception:
                if attempt >= self.strategy.max_retries:
                    raise
            await asyncio.sleep(self.strategy.calculate_delay(attempt))
            attempt += 1
            telemetry = workflow_telemetry.active
            if telemetry is not None:
                telemetry.retries.labels(telemetry.step(self).name).inc()
