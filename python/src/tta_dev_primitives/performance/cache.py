"""Results that were computed before."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from observability_integration import workflow_telemetry
from observability_integration.workflow_telemetry import annotate

from ..core.base import Executable, WorkflowPrimitive, as_primitive
from ..core.context import WorkflowContext


class CachePrimitive(WorkflowPrimitive[Any, Any]):
    """Executes a primitive once for each key, and remembers the result for a while.

    Keeps the `max_size` results that were used last. Errors are not kept. Executions with one key that run at the same time
    each execute the primitive. May be shared by event loops of several threads.

        cached = CachePrimitive(llm_call, cache_key_fn=lambda data, context: data["prompt"], ttl_seconds=3600)
    """

    def __init__(self, primitive: Executable, cache_key_fn: Callable[[Any, WorkflowContext], Hashable] | None = None, ttl_seconds: float = 3600.0,
                 *, max_size: int = 10_000, key_fn: Callable[[Any, WorkflowContext], Hashable] | None = None, name: str | None = None) -> None:
        """
        Args:
            cache_key_fn: What results are remembered by; without it the input itself, or its JSON. `key_fn` is another name of it.
            ttl_seconds: How long a result is good for.
            max_size: How many are kept.
        """
        if max_size < 1:
            raise ValueError(f"max_size is {max_size}; a cache keeps at least one result")
        if not ttl_seconds > 0:
            raise ValueError(f"ttl_seconds is {ttl_seconds}; it should be above 0")
        self.primitive = as_primitive(primitive)
        self.cache_key_fn = cache_key_fn or key_fn or _key_of_input
        self.ttl_seconds = ttl_seconds
        self.max_size = max_size
        self.name = name
        self._lock = threading.Lock()
        # Results and when they expire, those used last at the end.
        self._results: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
        self._hits = self._misses = self._expirations = 0

    async def execute(self, input_data: Any, context: WorkflowContext) -> Any:
        key = self.cache_key_fn(input_data, context)
        is_hit, result = self._look_up(key)
        annotate("cache.hit", is_hit)
        telemetry = workflow_telemetry.active
        if telemetry is not None:
            (telemetry.cache_hits if is_hit else telemetry.cache_misses).labels(telemetry.step(self).name).inc()
        counter = "cache_hits" if is_hit else "cache_misses"
        context.state[counter] = context.state.get(counter, 0) + 1
        if not is_hit:
            result = await self.primitive.execute(input_data, context)
            self._remember(key, result)
        return result

    def clear_cache(self) -> None:
        """Forgets all results."""
        with self._lock:
            self._results.clear()

    def evict_expired(self) -> int:
        """Forgets the results whose time is over; how many they were."""
        now = time.monotonic()
        with self._lock:
            expired = [key for key, (_, expiry) in self._results.items() if now >= expiry]
            for key in expired:
                del self._results[key]
            self._expirations += len(expired)
        return len(expired)

    def get_stats(self) -> dict[str, Any]:
        """`size`, `hits`, `misses`, `expirations`, and `hit_rate` in percent."""
        with self._lock:
            counts = {"size": len(self._results), "hits": self._hits, "misses": self._misses, "expirations": self._expirations}
        return {**counts, "hit_rate": self.get_hit_rate()}

    def get_hit_rate(self) -> float:
        """Percent of all lookups that were answered; 0 before the first."""
        lookups = self._hits + self._misses
        return round(self._hits / lookups * 100, 2) if lookups else 0.0

    def _look_up(self, key: Hashable) -> tuple[bool, Any]:
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                result, expiry = found
                if time.monotonic() < expiry:
                    self._results.move_to_end(key)
                    self._hits += 1
                    return True, result
                del self._results[key]
                self._expirations += 1
            self._misses += 1
            return False, None

    def _remember(self, key: Hashable, result: Any) -> None:
        with self._lock:
            self._results[key] = (result, time.monotonic() + self.ttl_seconds)
            self._results.move_to_end(key)
            if len(self._results) > self.max_size:
                self._results.popitem(last=False)


def _key_of_input(input_data: Any, context: WorkflowContext) -> Hashable:
    # The type is in the key because 1, 1.0 and True are equal.
    try:
        hash(input_data)
        return (type(input_data), input_data)
    except TypeError:
        pass
    try:
        return json.dumps(input_data, sort_keys=True)
    except (TypeError, ValueError):
        raise TypeError(f"an input of type {type(input_data).__name__} is no cache key by itself; give the CachePrimitive a cache_key_fn") from None
