import asyncio
import copy
import logging
import unittest

from support import PROTOBUF_ACCEPT, ObservedTestCase, decode_families, observability, scrape
from observability_integration.tracing import current_span
from observability_integration.workflow_telemetry import default_name
from tta_dev_primitives import (
    CachePrimitive, FallbackPrimitive, LambdaPrimitive, RetryPrimitive, RetryStrategy, RouterPrimitive, TimeoutPrimitive, WorkflowContext, WorkflowPrimitive,
)

INTERNAL, OK, ERROR = 1, 1, 2


async def work(data):
    await asyncio.sleep(0.002)
    return data


async def fail(data):
    raise ValueError("größer als erlaubt")


class SpanTests(ObservedTestCase):
    def tree(self, spans, parent):
        """Names of the spans below a parent, by their start, each with those below it."""
        below = sorted((span for span in spans if span["parent_id"] == parent), key=lambda span: span["start"])
        return [(span["name"], self.tree(spans, span["span_id"])) for span in below]

    async def test_one_span_for_the_workflow_and_one_for_each_primitive_below_it(self):
        workflow = LambdaPrimitive(work, name="first") >> CachePrimitive(RetryPrimitive(work), name="answers") >> RouterPrimitive({"a": work}, lambda d, c: "a")
        context = WorkflowContext(trace_id="req-123")
        await workflow.execute(1, context)
        spans = self.spans()
        self.assertEqual(self.tree(spans, ""), [("workflow.execute", [("primitive.sequential", [
            ("primitive.first", []), ("primitive.answers", [("primitive.retry", [("primitive.work", [])])]), ("primitive.router", [("primitive.work", [])]),
        ])])])
        self.assertEqual({span["trace_id"] for span in spans}, {context.trace_id_hex})
        by_name = {span["name"]: span for span in spans}
        root = by_name["workflow.execute"]
        self.assertEqual(root["attributes"], {"workflow.name": "sequential", "workflow.id": "req-123", "workflow.status": "success"})
        self.assertEqual((root["kind"], root["status"]), (INTERNAL, OK))
        self.assertEqual(root["resource"]["service.name"], "test")
        self.assertEqual(root["resource"]["telemetry.sdk.language"], "python")
        self.assertEqual(root["resource"]["telemetry.sdk.name"], "obstack")
        self.assertIsInstance(root["resource"]["process.pid"], int)
        self.assertEqual(by_name["primitive.answers"]["attributes"], {"primitive.type": "CachePrimitive", "primitive.name": "answers", "cache.hit": False})
        self.assertEqual(by_name["primitive.retry"]["attributes"]["retry.attempts"], 1)
        self.assertEqual(by_name["primitive.router"]["attributes"]["router.route"], "a")
        for span in spans:
            parent = next((other for other in spans if other["span_id"] == span["parent_id"]), span)
            self.assertLessEqual(parent["start"], span["start"])
            self.assertLessEqual(span["end"], parent["end"])
            self.assertGreater(span["end"], span["start"])

    async def test_executions_with_one_context_are_one_trace_and_others_are_not(self):
        context, other = WorkflowContext(), WorkflowContext()
        for chosen in (context, context, other):
            await LambdaPrimitive(work).execute(1, chosen)
        roots = [span for span in self.spans() if span["name"] == "workflow.execute"]
        self.assertEqual([span["trace_id"] for span in roots], [context.trace_id_hex] * 2 + [other.trace_id_hex])
        self.assertNotIn("workflow.id", roots[0]["attributes"])

    async def test_a_callers_span_is_the_parent(self):
        await LambdaPrimitive(work).execute(1, WorkflowContext(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331"))
        await LambdaPrimitive(work).execute(1, WorkflowContext(trace_id="req-1", span_id="b7ad6b7169203331"))
        first, second = [span for span in self.spans() if span["name"] == "workflow.execute"]
        self.assertEqual((first["trace_id"], first["parent_id"]), ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"))
        self.assertEqual(second["parent_id"], "")

    async def test_errors_are_in_every_span_that_they_end(self):
        with self.assertRaises(ValueError):
            await (LambdaPrimitive(work) >> fail).execute(1, WorkflowContext())
        status = {span["name"]: span["status"] for span in self.spans()}
        self.assertEqual(status, {"primitive.work": 0, "primitive.fail": ERROR, "primitive.sequential": ERROR, "workflow.execute": ERROR})
        failed = next(span for span in self.spans() if span["name"] == "primitive.fail")
        self.assertEqual(failed["status_message"], "größer als erlaubt")
        self.assertEqual(failed["events"], [{"name": "exception", "attributes": {"exception.type": "ValueError", "exception.message": "größer als erlaubt"}}])
        root = next(span for span in self.spans() if span["name"] == "workflow.execute")
        self.assertEqual(root["attributes"]["workflow.status"], "error")

    async def test_attempts_are_spans_below_the_retry(self):
        with self.assertRaises(ValueError):
            await RetryPrimitive(fail, RetryStrategy(max_retries=2, initial_delay=0)).execute(1, WorkflowContext())
        spans = self.spans()
        self.assertEqual(self.tree(spans, ""), [("workflow.execute", [("primitive.retry", [("primitive.fail", [])] * 3)])])
        self.assertEqual(next(span for span in spans if span["name"] == "primitive.retry")["attributes"]["retry.attempts"], 3)

    async def test_branches_that_run_together_are_siblings(self):
        await (LambdaPrimitive(work, name="a") | LambdaPrimitive(work, name="b") | LambdaPrimitive(work, name="c")).execute(1, WorkflowContext())
        self.assertEqual(self.tree(self.spans(), ""), [("workflow.execute", [("primitive.parallel", [("primitive.a", []), ("primitive.b", []), ("primitive.c", [])])])])

    async def test_workflows_that_run_together_do_not_mix(self):
        workflow = LambdaPrimitive(work) >> (LambdaPrimitive(work) | work)
        contexts = [WorkflowContext(trace_id=f"request {index}") for index in range(50)]
        await asyncio.gather(*(workflow.execute(1, context) for context in contexts))
        traces = {}
        for span in self.spans():
            traces.setdefault(span["trace_id"], []).append(span)
        self.assertEqual(set(traces), {context.trace_id_hex for context in contexts})
        for spans in traces.values():
            self.assertEqual(len(spans), 6)
            self.assertEqual(len([span for span in spans if span["parent_id"] == ""]), 1)

    async def test_a_workflow_inside_a_step_is_below_it(self):
        inner = LambdaPrimitive(work, name="inner")

        async def outer(data, context):
            return await inner.execute(data, context)

        await LambdaPrimitive(outer).execute(1, WorkflowContext())
        self.assertEqual(self.tree(self.spans(), ""), [("workflow.execute", [("primitive.outer", [("primitive.inner", [])])])])
        self.assertIsNone(current_span.get())

    async def test_timeout_and_fallback_say_so(self):
        async def slow(data):
            await asyncio.sleep(60)

        await FallbackPrimitive(TimeoutPrimitive(slow, timeout_seconds=0.01), work).execute(1, WorkflowContext())
        by_name = {span["name"]: span for span in self.spans()}
        self.assertEqual(by_name["primitive.timeout"]["attributes"]["timeout.seconds"], 0.01)
        self.assertEqual(by_name["primitive.timeout"]["status"], ERROR)
        self.assertEqual(by_name["primitive.timeout"]["events"][0]["attributes"]["exception.type"], "tta_dev_primitives.recovery.timeout.TimeoutError")
        self.assertEqual(by_name["primitive.slow"]["status_message"], "CancelledError")
        self.assertTrue(by_name["primitive.fallback"]["attributes"]["fallback.used"])
        self.assertEqual(by_name["primitive.fallback"]["status"], 0)


class MetricTests(ObservedTestCase):
    async def test_executions_are_counted_by_primitive_name_and_end(self):
        workflow = LambdaPrimitive(work, name="a") >> LambdaPrimitive(fail, name="b")
        for _ in range(3):
            with self.assertRaises(ValueError):
                await workflow.execute(1, WorkflowContext())
        await LambdaPrimitive(work, name="a").execute(1, WorkflowContext())
        found = self.metrics()
        for series, value in {
            'primitive_requests_total{primitive="LambdaPrimitive",name="a",status="success"}': 4,
            'primitive_requests_total{primitive="LambdaPrimitive",name="b",status="success"}': 0,
            'primitive_requests_total{primitive="LambdaPrimitive",name="b",status="error"}': 3,
            'primitive_requests_total{primitive="SequentialPrimitive",name="sequential",status="error"}': 3,
            'primitive_errors_total{primitive="LambdaPrimitive",name="b",error="ValueError"}': 3,
            'primitive_errors_total{primitive="SequentialPrimitive",name="sequential",error="ValueError"}': 3,
            'primitive_duration_seconds_count{primitive="LambdaPrimitive",name="a"}': 4,
            'workflow_requests_total{workflow="sequential",status="error"}': 3,
            'workflow_requests_total{workflow="a",status="success"}': 1,
            'workflow_duration_seconds_count{workflow="sequential"}': 3,
            'workflow_active_requests{workflow="sequential"}': 0,
            'observability_service_info{service_name="test",language="python"}': 1,
        }.items():
            self.assertEqual(found.get(series), value, series)
        self.assertNotIn('primitive_errors_total{primitive="LambdaPrimitive",name="a",error="ValueError"}', found)

    async def test_what_recovery_and_caches_did_is_counted(self):
        cache = CachePrimitive(work, name="answers")
        self.assertFalse([series for series in self.metrics() if series.startswith("cache_hit_rate")])
        for data in (1, 1, 1, 2):
            await cache.execute(data, WorkflowContext())
        await FallbackPrimitive(RetryPrimitive(fail, RetryStrategy(max_retries=2, initial_delay=0), name="tries"), work).execute(1, WorkflowContext())
        await TimeoutPrimitive(lambda data: asyncio.sleep(60), 0.01, fallback=work, name="impatient").execute(1, WorkflowContext())
        found = self.metrics()
        for series, value in {
            'cache_hits_total{name="answers"}': 2, 'cache_misses_total{name="answers"}': 2, 'cache_hit_rate{name="answers"}': 0.5,
            'primitive_retries_total{name="tries"}': 2, 'primitive_fallbacks_total{name="fallback"}': 1, 'primitive_timeouts_total{name="impatient"}': 1,
            'primitive_fallbacks_total{name="impatient"}': 1, 'primitive_requests_total{primitive="TimeoutPrimitive",name="impatient",status="success"}': 1,
            'primitive_errors_total{primitive="LambdaPrimitive",name="lambda",error="CancelledError"}': 1,
        }.items():
            self.assertEqual(found.get(series), value, series)

    async def test_running_workflows_are_counted_while_they_run(self):
        release = asyncio.Event()

        async def wait(data):
            await release.wait()

        tasks = [asyncio.ensure_future(LambdaPrimitive(wait).execute(1, WorkflowContext())) for _ in range(3)]
        await asyncio.sleep(0.01)
        self.assertEqual(self.metrics()['workflow_active_requests{workflow="wait"}'], 3)
        tasks[0].cancel()
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        found = self.metrics()
        self.assertEqual(found['workflow_active_requests{workflow="wait"}'], 0)
        self.assertEqual(found['workflow_requests_total{workflow="wait",status="error"}'], 1)

    async def test_the_protobuf_exposition_has_both_histograms(self):
        for _ in range(10):
            await CachePrimitive(work).execute(1, WorkflowContext())
        content_type, body = scrape(PROTOBUF_ACCEPT)
        self.assertIn("delimited", content_type)
        found = decode_families(body)["primitive_duration_seconds"]["metrics"][("primitive", "CachePrimitive"), ("name", "cache")]
        self.assertEqual((found["count"], found["buckets"][-1][1], found["schema"]), (10, 10, 3))
        total = running = 0
        for delta in found["deltas"]:
            running += delta
            total += running
        self.assertEqual(total + found["zero_count"], 10)

    async def test_a_subclass_that_calls_its_parent_is_one_execution(self):
        class Base(WorkflowPrimitive):
            async def execute(self, input_data, context):
                return input_data

        class HTTPGetPrimitive(Base):
            async def execute(self, input_data, context):
                return await super().execute(input_data, context)

        await HTTPGetPrimitive().execute(1, WorkflowContext())
        found = self.metrics()
        self.assertEqual(found['primitive_requests_total{primitive="HTTPGetPrimitive",name="http_get",status="success"}'], 1)
        self.assertEqual(len([span for span in self.spans()]), 2)

    async def test_further_arguments_of_a_users_execute_are_passed_on(self):
        class Scaled(WorkflowPrimitive):
            async def execute(self, input_data, context, factor=1, *, offset=0):
                return input_data * factor + offset

        self.assertEqual(await Scaled().execute(2, WorkflowContext(), 3, offset=1), 7)
        self.assertEqual(await Scaled().execute(input_data=2, context=WorkflowContext()), 2)

    async def test_an_observed_primitive_can_be_copied(self):
        primitive = RetryPrimitive(work)
        await primitive.execute(1, WorkflowContext())
        self.assertEqual(await copy.deepcopy(primitive).execute(2, WorkflowContext()), 2)


class WithoutObservabilityTests(unittest.IsolatedAsyncioTestCase):
    async def test_workflows_work_and_leave_nothing(self):
        self.assertFalse(observability.is_observability_enabled())
        context = WorkflowContext()
        self.assertEqual(await (LambdaPrimitive(work) >> CachePrimitive(work)).execute(1, context), 1)
        self.assertIsNone(observability.metrics_url())
        observability.shutdown_observability()

    async def test_switching_on_and_off_while_a_workflow_runs_does_it_no_harm(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

        async def switch_on(data):
            observability.initialize_observability("test", prometheus_port=0, otlp_endpoint="http://127.0.0.1:1")
            return data

        async def switch_off(data):
            observability.shutdown_observability()
            return data

        self.assertEqual(await (LambdaPrimitive(switch_on) >> work >> (LambdaPrimitive(switch_off) >> work)).execute(7, WorkflowContext()), 7)

    def test_names(self):
        for name, expected in {"CachePrimitive": "cache", "HTTPGetPrimitive": "http_get", "Primitive": "primitive", "LLMCall": "llm_call", "Step2Primitive": "step2"}.items():
            self.assertEqual(default_name(type(name, (), {})), expected)


if __name__ == "__main__":
    unittest.main()
