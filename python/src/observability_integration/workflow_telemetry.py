"""What an instrumented workflow tells of itself: the metric families and spans that dashboards and alerts are written for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .metrics import Counter, Family, FamilySnapshot, Gauge, Histogram, Registry
from .span_exporter import SpanExporter
from .tracing import AttributeValue, Span, current_span

WORKFLOW_SPAN = "workflow.execute"

active: WorkflowTelemetry | None = None
"""Where primitives report to; none until `initialize_observability`, and primitives then only work."""


class Step:
    """The instruments of all primitives of one type and name, looked up once."""

    __slots__ = ("attributes", "duration", "failures", "name", "primitive_type", "span_name", "successes")

    def __init__(self, telemetry: WorkflowTelemetry, primitive_type: str, name: str) -> None:
        self.primitive_type = primitive_type
        self.name = name
        self.span_name = f"primitive.{name}"
        self.attributes: dict[str, AttributeValue] = {"primitive.type": primitive_type, "primitive.name": name}
        self.duration: Histogram = telemetry.durations.labels(primitive_type, name)
        self.successes: Counter = telemetry.requests.labels(primitive_type, name, "success")
        self.failures: Counter = telemetry.requests.labels(primitive_type, name, "error")


class WorkflowTelemetry:
    """The families, and where ended spans go. Used from any thread."""

    def __init__(self, service_name: str, submit: Callable[[Span], None]) -> None:
        self.submit = submit
        self.registry = registry = Registry()
        self.durations = registry.histogram(
            "primitive_duration_seconds", "How long executions of a primitive took.", "primitive", "name")
        self.requests: Family[Counter] = registry.counter(
            "primitive_requests_total", "Executions of a primitive by how they ended.", "primitive", "name", "status")
        self.errors: Family[Counter] = registry.counter(
            "primitive_errors_total", "Executions of a primitive that ended with an error, by its type.", "primitive", "name", "error")
        self.retries: Family[Counter] = registry.counter("primitive_retries_total", "Attempts after the first.", "name")
        self.fallbacks: Family[Counter] = registry.counter("primitive_fallbacks_total", "Times a fallback was taken.", "name")
        self.timeouts: Family[Counter] = registry.counter("primitive_timeouts_total", "Executions that took too long and were cancelled.", "name")
        self.active_workflows: Family[Gauge] = registry.gauge("workflow_active_requests", "Executions of whole workflows that run now.", "workflow")
        self.workflow_requests: Family[Counter] = registry.counter(
            "workflow_requests_total", "Executions of whole workflows by how they ended.", "workflow", "status")
        self.workflow_durations: Family[Histogram] = registry.histogram("workflow_duration_seconds", "How long executions of whole workflows took.", "workflow")
        self.cache_hits: Family[Counter] = registry.counter("cache_hits_total", "Lookups that the cache answered.", "name")
        self.cache_misses: Family[Counter] = registry.counter("cache_misses_total", "Lookups that the cache could not answer.", "name")
        registry.register(self._cache_hit_rates)
        registry.register(lambda: FamilySnapshot(
            "observability_service_info", "The application that these metrics are of.", "gauge", ("service_name", "language"), [((service_name, "python"), 1.0)]))
        self._steps: dict[tuple[type, str | None], Step] = {}

    def step(self, primitive: Any) -> Step:
        """The instruments of a primitive, by its type and its `name`."""
        kind, name = type(primitive), getattr(primitive, "name", None)
        if not isinstance(name, str) or not name:
            name = None
        step = self._steps.get((kind, name))
        if step is None:
            step = Step(self, kind.__name__, name or default_name(kind))
            # Families are bounded, and names that no longer have series of their own need not be remembered either.
            if len(self._steps) < 2_000:
                self._steps[kind, name] = step
        return step

    def observe_exporter(self, exporter: SpanExporter) -> None:
        """Registers what the exporter counts."""
        self.registry.register(lambda: FamilySnapshot(
            "observability_spans_sent_total", "Spans that the trace receiver took.", "counter", (), [((), float(exporter.sent))]))
        self.registry.register(lambda: FamilySnapshot(
            "observability_spans_dropped_total", "Spans that were not delivered: too many waited, or nobody took them.", "counter", (), [((), float(exporter.dropped))]))

    def _cache_hit_rates(self) -> FamilySnapshot:
        hits = {values: counter.point() for values, counter in self.cache_hits.items()}
        misses = {values: counter.point() for values, counter in self.cache_misses.items()}
        points = [(values, hits.get(values, 0.0) / lookups)
                  for values in sorted(hits.keys() | misses.keys()) if (lookups := hits.get(values, 0.0) + misses.get(values, 0.0)) > 0]
        return FamilySnapshot("cache_hit_rate", "Lookups that the cache answered, of all since the start.", "gauge", ("name",), list(points))


def default_name(kind: type) -> str:
    """The name of a step that was given none: the type in snake case, without `_primitive`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__).lower()
    return snake.removesuffix("_primitive").strip("_") or snake


def annotate(key: str, value: AttributeValue) -> None:
    """Says something about the execution that runs: an attribute of the current span, where there is one."""
    span = current_span.get()
    if span is not None:
        span.set_attribute(key, value)
