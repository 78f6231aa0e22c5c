#!/usr/bin/env python3
"""An application that uses the package `python/`, seen from its own side. Writes what it saw to stdout as JSON.

    PYTHONPATH=python/src python_package.py --port 9464 --otlp URL --prometheus URL --jaeger URL [--native] [--service NAME] [--seconds N]

Executes a workflow until what scrapes --port answers all queries, at most --seconds; with --native a native histogram, too.

stdout: {"started", "executions", "trace_id", "answers": {query: [series as Prometheus has them]}, "range": [series], "traces": [as Jaeger has them],
"spans_left": whether all spans left}
"""

import argparse
import asyncio
import json
import math
import sys
import time

from observability_integration import flush_observability, get_prometheus_metrics, initialize_observability, query_jaeger_traces
from tta_dev_primitives import CachePrimitive, FallbackPrimitive, LambdaPrimitive, RetryPrimitive, RouterPrimitive, TimeoutPrimitive, WorkflowContext

P95 = "histogram_quantile(0.95, rate(primitive_duration_seconds_bucket[5m]))"
NATIVE = 'primitive_duration_seconds{primitive="CachePrimitive"}'
QUERIES = [
    P95,
    'primitive_duration_seconds_count{primitive="CachePrimitive"}',
    "rate(primitive_requests_total[5m])",
    "primitive_errors_total",
    "workflow_active_requests",
    "cache_hit_rate",
    "primitive_retries_total",
    "primitive_fallbacks_total",
    "observability_service_info",
]


async def think(data):
    await asyncio.sleep(0.002)
    return data


def moody():
    calls = 0

    async def ask(data):
        nonlocal calls
        calls += 1
        if calls % 5:
            raise ConnectionError("overloaded")
        return data

    return ask


workflow = (
    LambdaPrimitive(lambda data, context: data % 3, name="prepare")
    >> CachePrimitive(think, ttl_seconds=0.05)
    >> (RouterPrimitive({"fast": think}, lambda data, context: "fast") | TimeoutPrimitive(think, timeout_seconds=5))
    >> FallbackPrimitive(RetryPrimitive(moody(), max_retries=1, initial_delay=0.001), think)
)


def answers(queries, prometheus):
    return {query: get_prometheus_metrics(query, url=prometheus) for query in queries}


def complete(queries, found):
    return all(found.get(query) for query in queries) and any(math.isfinite(float(series["value"][1])) for series in found[P95])


async def work(queries, arguments):
    """Number of executions, and what was answered at the end."""
    executions, asked, deadline = 0, 0.0, time.monotonic() + arguments.seconds
    found = {}
    while time.monotonic() < deadline and not complete(queries, found):
        await workflow.execute(executions, WorkflowContext(trace_id=f"req-{executions}"))
        executions += 1
        if time.monotonic() - asked > 0.5:
            found = await asyncio.to_thread(answers, queries, arguments.prometheus)
            asked = time.monotonic()
    return executions, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--otlp", required=True)
    parser.add_argument("--prometheus", required=True)
    parser.add_argument("--jaeger", required=True)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--service", default="python-package")
    parser.add_argument("--seconds", type=float, default=30)
    arguments = parser.parse_args()

    queries = [NATIVE, *QUERIES] if arguments.native else QUERIES
    begun = time.time()
    started = initialize_observability(service_name=arguments.service, enable_prometheus=True, prometheus_port=arguments.port, otlp_endpoint=arguments.otlp)
    executions, found = asyncio.run(work(queries, arguments))
    left = flush_observability()
    traces = query_jaeger_traces(service=arguments.service, operation="workflow.execute", limit=10, url=arguments.jaeger)
    json.dump({
        "started": started, "executions": executions, "trace_id": WorkflowContext(trace_id=f"req-{executions - 1}").trace_id_hex, "answers": found,
        "range": get_prometheus_metrics(query="rate(primitive_requests_total[5m])", start_time=begun, end_time=time.time(), step=0.05, url=arguments.prometheus),
        "traces": traces, "spans_left": left,
    }, sys.stdout)
    if not complete(queries, found):
        sys.exit("the stack did not answer all queries in time")


if __name__ == "__main__":
    main()
