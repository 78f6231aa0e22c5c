#!/usr/bin/env python3
"""Sends traces and metrics with the real OpenTelemetry SDK and writes what it sent to stdout as JSON.

    otel_sdk.py --protocol http|grpc --endpoint http://127.0.0.1:4318 [--service NAME] [--compression gzip|none] [--spans N]

`--endpoint` is the base address of OTLP over HTTP, or the address of OTLP over gRPC. Exits 1 when an export was not acknowledged.

stdout: {"service", "trace_id", "spans": [{"name", "span_id", "parent_span_id", "kind", "status", "status_message", "start_unix_nano",
"end_unix_nano", "attributes", "events": [{"name", "time_unix_nano", "attributes"}], "links": [{"trace_id", "span_id"}]}],
"metrics": [{"name", "labels", "value"}]}, the series as Prometheus names them.
"""

import argparse
import json
import sys
import time

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


def exporters(arguments):
    if arguments.protocol == "http":
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        compression = Compression.Gzip if arguments.compression == "gzip" else Compression.NoCompression
        base = arguments.endpoint.rstrip("/")
        return (
            OTLPSpanExporter(endpoint=base + "/v1/traces", compression=compression, timeout=10),
            OTLPMetricExporter(endpoint=base + "/v1/metrics", compression=compression, timeout=10),
        )
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    compression = Compression.Gzip if arguments.compression == "gzip" else Compression.NoCompression
    options = dict(endpoint=arguments.endpoint, insecure=True, compression=compression, timeout=10)
    return OTLPSpanExporter(**options), OTLPMetricExporter(**options)


class Recorder(SpanExporter):
    """Exports a batch and remembers what was acknowledged."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.spans = []
        self.failed = False

    def export(self, spans):
        result = self.exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.spans.extend(spans)
        else:
            self.failed = True
        return result

    def shutdown(self):
        self.exporter.shutdown()


def span_json(span):
    plain = lambda attributes: {key: list(value) if isinstance(value, tuple) else value for key, value in (attributes or {}).items()}
    return {
        "name": span.name,
        "trace_id": format(span.context.trace_id, "032x"),
        "span_id": format(span.context.span_id, "016x"),
        "parent_span_id": format(span.parent.span_id, "016x") if span.parent else "",
        "kind": span.kind.name.lower(),
        "status": span.status.status_code.name.lower(),
        "status_message": span.status.description or "",
        "start_unix_nano": span.start_time,
        "end_unix_nano": span.end_time,
        "attributes": plain(span.attributes),
        "events": [{"name": e.name, "time_unix_nano": e.timestamp, "attributes": plain(e.attributes)} for e in span.events],
        "links": [{"trace_id": format(l.context.trace_id, "032x"), "span_id": format(l.context.span_id, "016x")} for l in span.links],
    }


def send_traces(exporter, resource, count):
    recorder = Recorder(exporter)
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(recorder))
    tracer = provider.get_tracer("tests.clients", "1.0")
    with tracer.start_as_current_span("workflow.execute", kind=SpanKind.SERVER) as root:
        root.set_attributes({"text": "größe 日本", "whole": 42, "negative": -7, "real": 0.25, "flag": True, "list": ["a", "b"], "numbers": [1, 2]})
        root.add_event("started", {"step": 1})
        with tracer.start_as_current_span("cache.get", kind=SpanKind.CLIENT, links=[Link(root.get_span_context(), {"why": "test"})]) as cache:
            cache.set_attribute("cache.hit", False)
        try:
            with tracer.start_as_current_span("llm.call", kind=SpanKind.CLIENT):
                raise ValueError("the model answered nothing")
        except ValueError:
            pass
        for index in range(max(0, count - 4)):
            with tracer.start_as_current_span(f"step.{index}"):
                pass
        with tracer.start_as_current_span("finish", kind=SpanKind.INTERNAL) as finish:
            finish.set_status(Status(StatusCode.OK))
    provider.shutdown()
    return recorder


def send_metrics(exporter, resource):
    # The reader exports on force_flush; its own interval is out of the way.
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    results = []
    export = exporter.export
    exporter.export = lambda *a, **k: results.append(export(*a, **k)) or results[-1]
    provider = MeterProvider(resource=resource, metric_readers=[reader])
    meter = provider.get_meter("tests.clients", "1.0")
    requests = meter.create_counter("sdk.requests", unit="{request}", description="Requests")
    requests.add(3, {"http.method": "GET"})
    requests.add(4, {"http.method": "GET"})
    queue = meter.create_up_down_counter("sdk.queue.length", description="Queue")
    queue.add(5)
    queue.add(-2)
    meter.create_gauge("sdk.temperature", unit="Cel", description="Temperature").set(21.5)
    duration = meter.create_histogram("sdk.duration", unit="s", description="Duration", explicit_bucket_boundaries_advisory=[0.1, 1, 10])
    for value in (0.05, 0.5, 0.5, 5, 50):
        duration.record(value, {"route": "/a"})
    provider.force_flush()
    provider.shutdown()
    ok = bool(results) and all(result is MetricExportResult.SUCCESS for result in results)
    route = {"route": "/a"}
    sent = [
        ("sdk_requests_total", {"http_method": "GET"}, 7), ("sdk_queue_length", {}, 3), ("sdk_temperature_celsius", {}, 21.5),
        ("sdk_duration_seconds_sum", route, 56.05), ("sdk_duration_seconds_count", route, 5),
        ("sdk_duration_seconds_bucket", {"le": "0.1", **route}, 1), ("sdk_duration_seconds_bucket", {"le": "1", **route}, 3),
        ("sdk_duration_seconds_bucket", {"le": "10", **route}, 4), ("sdk_duration_seconds_bucket", {"le": "+Inf", **route}, 5),
    ]
    return ok, [{"name": name, "labels": labels, "value": value} for name, labels, value in sent]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", choices=["http", "grpc"], required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--service", default="otel-sdk-test")
    parser.add_argument("--compression", choices=["gzip", "none"], default="gzip")
    parser.add_argument("--spans", type=int, default=4)
    arguments = parser.parse_args()

    resource = Resource.create({"service.name": arguments.service, "service.instance.id": f"{arguments.protocol}-{time.time_ns()}", "deployment.environment": "test"})
    traces, metrics = exporters(arguments)
    recorder = send_traces(traces, resource, arguments.spans)
    metrics_ok, series = send_metrics(metrics, resource)
    spans = [span_json(span) for span in recorder.spans]
    json.dump(
        {
            "service": arguments.service,
            "instance": resource.attributes["service.instance.id"],
            "trace_id": spans[0]["trace_id"] if spans else "",
            "spans": spans,
            "metrics": series,
        },
        sys.stdout,
    )
    sys.stdout.write("\n")
    if recorder.failed or not metrics_ok:
        sys.exit("an export was not acknowledged")


if __name__ == "__main__":
    main()
