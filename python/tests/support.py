"""What the tests stand on: the package from its sources, a receiver of spans, a reader of protobuf."""

from __future__ import annotations

import struct
import sys
import threading
import unittest
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import observability_integration as observability

PROTOBUF_ACCEPT = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


class Receiver:
    """Takes OTLP over HTTP as the stack does, and keeps what came. `statuses` are answered first, one a request."""

    def __init__(self, statuses: list[int] | None = None, answer: bytes = b"", port: int = 0) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses = list(statuses or [])
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def spans(self) -> list[dict[str, Any]]:
        return [span for _, _, body in self.requests for span in decode_request(body)]


class ObservedTestCase(unittest.IsolatedAsyncioTestCase):
    """Observability on, with a receiver and a free port; off again after each test."""

    def setUp(self) -> None:
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.assertTrue(observability.initialize_observability("test", prometheus_port=0, otlp_endpoint=self.receiver.endpoint))
        self.addCleanup(observability.shutdown_observability)

    def spans(self) -> list[dict[str, Any]]:
        self.assertTrue(observability.flush_observability())
        return self.receiver.spans()

    def metrics(self) -> dict[str, float]:
        """Every series of the text exposition by its name with its labels."""
        lines = scrape()[1].decode().splitlines()
        return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def scrape(accept: str = "text/plain") -> tuple[str, bytes]:
    """Content type and body of this process's metrics."""
    url = observability.metrics_url()
    assert url is not None
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=5) as response:
        return response.headers["Content-Type"], response.read()


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def unzigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of a message's fields: an int for varints, a double or an int of 8 bytes, bytes."""
    position = 0
    while position < len(data):
        key, position = read_varint(data, position)
        if key & 7 == 0:
            value, position = read_varint(data, position)
            yield key >> 3, value
        elif key & 7 == 1:
            yield key >> 3, data[position : position + 8]
            position += 8
        elif key & 7 == 2:
            length, position = read_varint(data, position)
            assert position + length <= len(data)
            yield key >> 3, data[position : position + length]
            position += length
        else:
            raise AssertionError(f"wire type {key & 7}")


def message(data: bytes) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def double(data: bytes) -> float:
    (value,) = struct.unpack("<d", data)
    return float(value)


def decode_attributes(entries: list[bytes]) -> dict[str, Any]:
    attributes = {}
    for entry in entries:
        pair = message(entry)
        ((number, value),) = fields(pair[2][0])
        if number == 1:
            value = value.decode()
        elif number == 2:
            value = bool(value)
        elif number == 3:
            value = value - 2**64 if value >= 2**63 else value
        elif number == 4:
            value = double(value)
        attributes[pair[1][0].decode()] = value
    return attributes


def decode_request(body: bytes) -> list[dict[str, Any]]:
    """The spans of an `ExportTraceServiceRequest`, each with its resource's attributes."""
    spans = []
    for resource_spans in message(body)[1]:
        parts = message(resource_spans)
        resource = decode_attributes(message(parts[1][0])[1])
        for scope_spans in parts[2]:
            for encoded in message(scope_spans)[2]:
                span = message(encoded)
                status = message(span.get(15, [b""])[0])
                spans.append({
                    "resource": resource, "trace_id": span[1][0].hex(), "span_id": span[2][0].hex(), "parent_id": span.get(4, [b""])[0].hex(),
                    "name": span[5][0].decode(), "kind": span[6][0],
                    "start": int.from_bytes(span[7][0], "little"), "end": int.from_bytes(span[8][0], "little"),
                    "attributes": decode_attributes(span.get(9, [])),
                    "events": [{"name": message(event)[2][0].decode(), "attributes": decode_attributes(message(event).get(3, []))} for event in span.get(11, [])],
                    "status": status.get(3, [0])[0], "status_message": status.get(2, [b""])[0].decode(),
                })
    return spans


def decode_families(body: bytes) -> dict[str, dict[str, Any]]:
    """The delimited `MetricFamily` messages by name: help, type, and metrics by their labels."""
    families: dict[str, dict[str, Any]] = {}
    position = 0
    while position < len(body):
        length, position = read_varint(body, position)
        family = message(body[position : position + length])
        position += length
        metrics: dict[Any, Any] = {}
        for metric in family[4]:
            parts = message(metric)
            labels = tuple((message(pair)[1][0].decode(), message(pair)[2][0].decode()) for pair in parts.get(1, []))
            if 7 in parts:
                histogram = message(parts[7][0])
                metrics[labels] = {
                    "count": histogram[1][0], "sum": double(histogram[2][0]),
                    "buckets": [(double(message(bucket)[2][0]), message(bucket)[1][0]) for bucket in histogram[3]],
                    "schema": unzigzag(histogram[5][0]), "zero_threshold": double(histogram[6][0]), "zero_count": histogram[7][0],
                    "spans": [(unzigzag(message(span)[1][0]), message(span)[2][0]) for span in histogram.get(12, [])],
                    "deltas": [unzigzag(delta) for delta in histogram.get(13, [])],
                }
            else:
                ((_, value),) = [(number, double(message(parts[number][0])[1][0])) for number in (2, 3) if number in parts]
                metrics[labels] = value
        families[family[1][0].decode()] = {"help": family[2][0].decode(), "type": family[3][0], "metrics": metrics}
    return families
