import logging
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

from support import Receiver, decode_request, observability
from observability_integration import apm_setup, otlp, span_exporter
from observability_integration.span_exporter import SpanExporter
from observability_integration.tracing import MAX_ATTRIBUTES, MAX_TEXT, Span, new_trace_id

try:
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
except ImportError:
    trace_service_pb2 = None

SOURCES = str(Path(__file__).resolve().parent.parent / "src")


def ended(name="s", **attributes):
    span = Span(name, new_trace_id(), attributes=attributes)
    span.end()
    return span


class SpanExporterTests(unittest.TestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)
        patch = mock.patch.object(span_exporter, "RETRY_SECONDS", (0.01,))
        patch.start()
        self.addCleanup(patch.stop)

    def make(self, receiver, **options):
        exporter = SpanExporter(receiver.endpoint + "/v1/traces", {"service.name": "x"}, "1", **options)
        self.addCleanup(exporter.close)
        self.addCleanup(receiver.close)
        return exporter

    def test_attributes_of_every_type_arrive(self):
        exporter = self.make(receiver := Receiver())
        attributes = dict(text="größe 日本", lone="\ud800", yes=True, one=1, negative=-7, large=2**80, real=1.0, huge=-(2**63))
        exporter.submit(ended(**attributes))
        self.assertTrue(exporter.flush())
        self.assertEqual(receiver.spans()[0]["attributes"], {**attributes, "lone": "?", "large": str(2**80)})
        path, headers, _ = receiver.requests[0]
        self.assertEqual((path, headers["content-type"]), ("/v1/traces", "application/x-protobuf"))

    @unittest.skipUnless(trace_service_pb2, "the official OpenTelemetry messages are not installed")
    def test_the_official_messages_say_the_same(self):
        span = Span("größe", new_trace_id(), b"parent78", {"yes": True, "negative": -7, "real": 0.5, "text": "日本"})
        span.record_error(ValueError("no"))
        span.end()
        body = otlp.encode_request(otlp.encode_resource({"service.name": "x"}), "scope", "1.2", [span, ended()])
        request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
        (resource_spans,) = request.resource_spans
        (scope_spans,) = resource_spans.scope_spans
        read = scope_spans.spans[0]
        self.assertEqual((resource_spans.resource.attributes[0].value.string_value, scope_spans.scope.name, scope_spans.scope.version), ("x", "scope", "1.2"))
        self.assertEqual((read.name, read.trace_id, read.span_id, read.parent_span_id), (span.name, span.trace_id, span.span_id, b"parent78"))
        self.assertEqual((read.start_time_unix_nano, read.end_time_unix_nano, read.kind), (span.start_unix_nano, span.end_unix_nano, 1))
        values = {attribute.key: attribute.value for attribute in read.attributes}
        self.assertEqual((values["yes"].bool_value, values["negative"].int_value, values["real"].double_value, values["text"].string_value), (True, -7, 0.5, "日本"))
        self.assertEqual((read.status.code, read.status.message, read.events[0].name, len(scope_spans.spans)), (2, "no", "exception", 2))
        # Nothing was passed over: what is written again is as long.
        self.assertEqual(len(request.SerializeToString()), len(body))

    def test_spans_are_bounded(self):
        span = Span("s", new_trace_id())
        for index in range(MAX_ATTRIBUTES + 10):
            span.set_attribute(f"k{index}", "x" * (MAX_TEXT + 10))
        self.assertEqual((len(span.attributes), len(span.attributes["k0"])), (MAX_ATTRIBUTES, MAX_TEXT))

    def test_many_spans_go_in_batches_over_one_connection(self):
        exporter = self.make(receiver := Receiver())
        for index in range(2_000):
            exporter.submit(ended(index=index))
        self.assertTrue(exporter.flush())
        self.assertEqual(sorted(span["attributes"]["index"] for span in receiver.spans()), list(range(2_000)))
        self.assertTrue(all(len(decode_request(body)) <= span_exporter.BATCH_SPANS for _, _, body in receiver.requests))
        self.assertEqual((exporter.sent, exporter.dropped), (2_000, 0))

    def test_a_span_is_sent_within_a_second_or_so_without_being_asked_for(self):
        exporter = self.make(receiver := Receiver())
        exporter.submit(ended())
        deadline = time.monotonic() + 10
        while not receiver.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(len(receiver.spans()), 1)

    def test_a_receiver_that_is_busy_gets_the_batch_again(self):
        exporter = self.make(receiver := Receiver(statuses=[503, 429, 502]))
        exporter.submit(ended())
        deadline = time.monotonic() + 10
        while exporter.sent == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual((len(receiver.requests), exporter.sent, exporter.dropped), (4, 1, 0))

    def test_a_batch_that_is_refused_is_dropped_and_the_next_one_is_sent(self):
        exporter = self.make(receiver := Receiver(statuses=[400]))
        exporter.submit(ended())
        exporter.flush()
        exporter.submit(ended())
        exporter.flush()
        self.assertEqual((len(receiver.requests), exporter.sent, exporter.dropped), (2, 1, 1))

    def test_spans_that_the_receiver_rejects_are_counted_as_dropped(self):
        exporter = self.make(Receiver(answer=b"\x0a\x08\x08\x02\x12\x04nope"))
        for _ in range(5):
            exporter.submit(ended())
        exporter.flush()
        self.assertEqual((exporter.sent, exporter.dropped), (3, 2))
        self.assertEqual([otlp.rejected_spans(answer) for answer in (b"", b"\x0a\x00", b"\x0a\x03\x08\xac\x02", b"\x0a\x0b\x08" + b"\xff" * 12, b"junk and more")], [0, 0, 300, 0, 0])

    def test_a_receiver_that_comes_later_gets_what_waited(self):
        receiver = Receiver()
        port = receiver.server.server_address[1]
        receiver.close()
        exporter = SpanExporter(f"http://127.0.0.1:{port}/v1/traces", {}, "1")
        self.addCleanup(exporter.close)
        exporter.submit(ended("early"))
        time.sleep(1.2)
        late = Receiver(port=port)
        self.addCleanup(late.close)
        deadline = time.monotonic() + 10
        while exporter.sent == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual([span["name"] for span in late.spans()], ["early"])

    def test_the_queue_is_bounded_and_submitting_never_waits(self):
        receiver = Receiver(statuses=[503] * 10_000)
        exporter = self.make(receiver)
        span = ended()
        for _ in range(span_exporter.QUEUE_SPANS + 5_000):
            exporter.submit(span)
        self.assertGreaterEqual(exporter.dropped, 5_000 - 2 * span_exporter.BATCH_SPANS)
        started = time.monotonic()
        exporter.close(timeout_seconds=1)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(exporter.sent + exporter.dropped, span_exporter.QUEUE_SPANS + 5_000)

    def test_endpoints_are_understood_as_people_write_them(self):
        for given in ("http://h:4318", "http://h:4318/", "http://h:4318/v1/traces", "http://h:4317"):
            self.assertEqual(apm_setup._traces_endpoint(given), "http://h:4318/v1/traces")
        with mock.patch.dict(os.environ, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/spans", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"}):
            self.assertEqual(apm_setup._traces_endpoint(None), "http://h/spans")

    def test_an_endpoint_that_is_none_is_refused(self):
        for endpoint in ("localhost:4318", "ftp://x", "http://", "http://x:port/"):
            with self.assertRaises(ValueError):
                SpanExporter(endpoint, {}, "1")
        logging.disable(logging.NOTSET)
        with self.assertLogs("observability_integration", "WARNING"):
            self.assertFalse(observability.initialize_observability("t", prometheus_port=0, otlp_endpoint="nonsense"))


class ProcessTests(unittest.TestCase):
    """Whole processes: what stands in an application's file, and how it ends."""

    def run_python(self, code, **environment):
        started = time.monotonic()
        # A fresh environment for what this package reads; the rest as it is here.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**inherited, "PYTHONPATH": SOURCES, **environment})
        return process, time.monotonic() - started

    WORK = (
        "import asyncio\n"
        "from observability_integration import initialize_observability\n"
        "from tta_dev_primitives import LambdaPrimitive, WorkflowContext\n"
        "started = initialize_observability({arguments})\n"
        "async def main():\n"
        "    for _ in range(3): await LambdaPrimitive(lambda x: x).execute(1, WorkflowContext(trace_id='req-123'))\n"
        "asyncio.run(main())\n"
        "print('done', started)\n"
    )

    def test_spans_are_sent_when_the_process_ends(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        process, _ = self.run_python(self.WORK.format(arguments="prometheus_port=0"), OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint + "/", OTEL_SERVICE_NAME="by-environment",
                                     OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test,team=a%20b", OTEL_EXPORTER_OTLP_HEADERS="x-key=1")
        self.assertEqual((process.stdout, process.stderr), ("done True\n", ""))
        spans = receiver.spans()
        self.assertEqual(len(spans), 6)
        self.assertEqual({span["trace_id"] for span in spans}, {"4e4af1e8fe818e12e32bac7236e10825"})
        resource = spans[0]["resource"]
        self.assertEqual((resource["service.name"], resource["deployment.environment"], resource["team"]), ("by-environment", "test", "a b"))
        self.assertEqual((receiver.requests[0][0], receiver.requests[0][1]["x-key"]), ("/v1/traces", "1"))

    def test_an_application_without_a_stack_is_not_disturbed_and_told_once(self):
        process, seconds = self.run_python(self.WORK.format(arguments="'my-app', prometheus_port=0, otlp_endpoint='http://127.0.0.1:1'"))
        self.assertEqual((process.returncode, process.stdout), (0, "done True\n"))
        self.assertEqual(process.stderr.count("\n"), 1)
        self.assertIn("http://127.0.0.1:1/v1/traces", process.stderr)
        self.assertLess(seconds, 10)

    def test_a_stack_that_does_not_answer_holds_up_the_end_for_seconds_at_most(self):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            process, seconds = self.run_python(self.WORK.format(arguments=f"'my-app', prometheus_port=0, otlp_endpoint='{endpoint}'"))
        self.assertEqual(process.returncode, 0)
        self.assertLess(seconds, 15)

    def test_switched_off_by_the_environment(self):
        process, _ = self.run_python(self.WORK.format(arguments="'my-app'"), OTEL_SDK_DISABLED="true")
        self.assertEqual((process.stdout, process.stderr), ("done False\n", ""))

    @unittest.skipUnless(hasattr(os, "fork"), "this system does not fork")
    def test_a_forked_worker_sends_its_own_spans(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        code = self.WORK.format(arguments=f"'my-app', prometheus_port=0, otlp_endpoint='{receiver.endpoint}'") + (
            "import os\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    from observability_integration import metrics_url\n"
            "    assert metrics_url() is None\n"
            "    asyncio.run(main())\n"
            "    raise SystemExit\n"
            "os.waitpid(child, 0)\n"
        )
        process, _ = self.run_python(code)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertNotIn("Error", process.stderr)
        spans = receiver.spans()
        self.assertEqual(len(spans), 12)
        self.assertEqual(len({span["span_id"] for span in spans}), 12)
        self.assertEqual(len({span["resource"]["process.pid"] for span in spans}), 2)

    def test_spans_are_printed_where_that_is_asked_for(self):
        process, _ = self.run_python(self.WORK.format(arguments="'my-app', prometheus_port=0, enable_console_traces=True, otlp_endpoint='http://127.0.0.1:1'"))
        self.assertEqual(process.stderr.count("workflow.execute"), 3)


if __name__ == "__main__":
    unittest.main()
