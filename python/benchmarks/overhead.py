"""What observing costs: microseconds that a primitive takes longer when observability is on.

    PYTHONPATH=src python3 benchmarks/overhead.py [--endpoint http://localhost:4318]

A sequence of ten steps that do nothing is executed as a workflow; the time is divided by its eleven primitives. The fastest of
several rounds is told, and what each export costs beside it, on the exporter's thread.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from observability_integration import flush_observability, initialize_observability, otlp, shutdown_observability
from observability_integration.tracing import Span, new_trace_id
from tta_dev_primitives import LambdaPrimitive, SequentialPrimitive, WorkflowContext

STEPS = 10


async def microseconds_a_primitive(rounds: int = 20, executions: int = 200) -> float:
    async def nothing(data: int) -> int:
        return data

    workflow = SequentialPrimitive([LambdaPrimitive(nothing) for _ in range(STEPS)])
    best = float("inf")
    for _ in range(rounds):
        contexts = [WorkflowContext() for _ in range(executions)]
        started = time.perf_counter()
        for context in contexts:
            await workflow.execute(1, context)
        best = min(best, (time.perf_counter() - started) / executions / (STEPS + 1) * 1e6)
        flush_observability()
    return best


def microseconds_a_span(count: int = 512) -> float:
    spans = []
    for _ in range(count):
        span = Span("primitive.nothing", new_trace_id(), b"12345678", {"primitive.type": "LambdaPrimitive", "primitive.name": "nothing"})
        span.end()
        spans.append(span)
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        otlp.encode_request(b"", "scope", "1", spans)
        best = min(best, (time.perf_counter() - started) / count * 1e6)
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", default="http://localhost:4318")
    arguments = parser.parse_args()
    off = asyncio.run(microseconds_a_primitive())
    initialize_observability("overhead", prometheus_port=0, otlp_endpoint=arguments.endpoint)
    on = asyncio.run(microseconds_a_primitive())
    shutdown_observability()
    print(f"a primitive: {off:.2f} µs off, {on:.2f} µs on, {on - off:.2f} µs for observing it; {microseconds_a_span():.2f} µs to encode its span")
