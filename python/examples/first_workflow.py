"""A first workflow: answers questions for a while, as an application with unreliable services does.

    python3 examples/first_workflow.py --seconds 60

Meanwhile look at http://localhost:3000 (the dashboard "TTA.dev Workflows"), at http://localhost:16686 (service `first-workflow`),
and at http://localhost:9464/metrics, which is what the stack scrapes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time

from observability_integration import get_prometheus_metrics, initialize_observability, metrics_url, query_jaeger_traces
from observability_integration.queries import QueryError
from tta_dev_primitives import (
    CachePrimitive, FallbackPrimitive, LambdaPrimitive, RetryPrimitive, RouterPrimitive, TimeoutPrimitive, WorkflowContext,
)

QUESTIONS = [f"What is {a} × {b}?" for a in range(2, 8) for b in range(2, 8)]


# The steps: plain functions. In an application these would call models, databases, other services.

def validate(question: str) -> str:
    if not question.endswith("?"):
        raise ValueError(f"{question!r} is no question")
    return question


async def small_model(question: str) -> str:
    await asyncio.sleep(random.uniform(0.002, 0.02))
    return f"the small model's answer to {question}"


async def large_model(question: str) -> str:
    await asyncio.sleep(random.lognormvariate(-3.5, 0.8))
    if random.random() < 0.3:
        raise ConnectionError("the large model is overloaded")
    return f"the large model's answer to {question}"


async def canned_answer(question: str) -> str:
    return "I will think about it."


async def summarize(answer: str) -> str:
    await asyncio.sleep(0.003)
    return answer[:40]


async def check_tone(answer: str) -> bool:
    await asyncio.sleep(0.005)
    return "the" in answer


# The workflow: what is composed of them.

careful = FallbackPrimitive(
    primary=RetryPrimitive(TimeoutPrimitive(large_model, timeout_seconds=0.2), max_retries=2, initial_delay=0.01),
    fallback=canned_answer,
)
answer = CachePrimitive(
    RouterPrimitive(
        routes={"fast": small_model, "quality": careful},
        router_fn=lambda question, context: "quality" if "7" in question else "fast",
    ),
    ttl_seconds=5,
    name="answers",
)
workflow = LambdaPrimitive(validate) >> answer >> (LambdaPrimitive(summarize) | check_tone)
workflow.name = "answer_question"


async def main(seconds: float) -> None:
    started, executions, request = time.monotonic(), 0, ""
    while time.monotonic() - started < seconds:
        request = f"req-{executions}"
        # Sometimes somebody does not ask.
        question = random.choice(QUESTIONS) if random.random() < 0.98 else "Hello."
        try:
            await workflow.execute(question, WorkflowContext(trace_id=request))
        except ValueError:
            pass
        executions += 1
        await asyncio.sleep(random.expovariate(20))
    print(f"{executions} executions; the trace of the last one is {WorkflowContext(trace_id=request).trace_id_hex}")


def show_what_the_stack_knows() -> None:
    try:
        for series in get_prometheus_metrics('sum by (primitive) (rate(primitive_requests_total[1m])) > 0'):
            print(f"{series['metric'].get('primitive', ''):>22} {float(series['value'][1]):8.2f} executions a second")
        traces = query_jaeger_traces(service="first-workflow", operation="workflow.execute", limit=5)
        print(f"Jaeger has {len(traces)} of the last traces, with {[len(trace['spans']) for trace in traces]} spans")
    except QueryError as error:
        print(error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long to run (default: 60)")
    parser.add_argument("--port", type=int, default=9464, help="where metrics are served (default: 9464, which the stack scrapes)")
    arguments = parser.parse_args()

    initialize_observability(service_name="first-workflow", prometheus_port=arguments.port)
    print(f"metrics are at {metrics_url()}; running for {arguments.seconds:g} s")
    asyncio.run(main(arguments.seconds))
    show_what_the_stack_knows()
