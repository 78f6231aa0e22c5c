"""Measures executions: a span and the metrics for each primitive, and for the workflow that the outermost one is."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from observability_integration import workflow_telemetry
from observability_integration.tracing import STATUS_OK, Span, current_span
from observability_integration.workflow_telemetry import WORKFLOW_SPAN, WorkflowTelemetry

from .context import WorkflowContext


def instrumented(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """`execute` that reports, where observability is initialized. `WorkflowPrimitive` applies it to each subclass's own."""

    @functools.wraps(execute)
    async def measured(self: Any, input_data: Any, context: WorkflowContext, *more: Any, **named: Any) -> Any:
        telemetry = workflow_telemetry.active
        # A subclass that calls super().execute() is one execution, not two.
        if telemetry is None or type(self).execute is not measured:
            return await execute(self, input_data, context, *more, **named)
        call = functools.partial(execute, self, input_data, context, *more, **named)
        parent = current_span.get()
        if parent is None:
            return await _execute_workflow(telemetry, self, context, call)
        return await _execute_step(telemetry, self, parent, call)

    return measured


async def _execute_workflow(telemetry: WorkflowTelemetry, primitive: Any, context: WorkflowContext, call: Callable[[], Awaitable[Any]]) -> Any:
    name = telemetry.step(primitive).name
    span = Span(WORKFLOW_SPAN, context._trace(), context._remote_parent(), {"workflow.name": name, **context._root_attributes()})
    running = telemetry.active_workflows.labels(name)
    running.add(1)
    status = "error"
    try:
        result = await _execute_step(telemetry, primitive, span, call)
        status, span.status = "success", STATUS_OK
        return result
    except BaseException as error:
        span.record_error(error)
        raise
    finally:
        running.add(-1)
        span.set_attribute("workflow.status", status)
        telemetry.workflow_durations.labels(name).observe(span.end())
        telemetry.workflow_requests.labels(name, status).inc()
        telemetry.submit(span)


async def _execute_step(telemetry: WorkflowTelemetry, primitive: Any, parent: Span, call: Callable[[], Awaitable[Any]]) -> Any:
    step = telemetry.step(primitive)
    span = Span(step.span_name, parent.trace_id, parent.span_id, step.attributes.copy())
    token = current_span.set(span)
    outcome = step.successes
    try:
        return await call()
    except BaseException as error:
        # A cancelled execution has failed, too: its error is CancelledError, by which alerts can leave it out.
        outcome = step.failures
        span.record_error(error)
        telemetry.errors.labels(step.primitive_type, step.name, type(error).__name__).inc()
        raise
    finally:
        try:
            current_span.reset(token)
        except ValueError:
            # A coroutine that nobody awaits any more is closed by the garbage collector, in whatever context that runs.
            pass
        step.duration.observe(span.end())
        outcome.inc()
        telemetry.submit(span)
