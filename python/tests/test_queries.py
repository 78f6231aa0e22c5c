import json
import threading
import unittest
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from support import observability


class QueryTests(unittest.TestCase):
    """What is asked, by a server that answers what it is told to and remembers the question."""

    def setUp(self):
        test = self
        self.status, self.answer = 200, {"data": []}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                test.asked = (parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
                body = test.answer if isinstance(test.answer, bytes) else json.dumps(test.answer).encode()
                self.send_response(test.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *args):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def test_an_instant_query(self):
        series = [{"metric": {"job": "a"}, "value": [1, "2"]}]
        self.answer = {"status": "success", "data": {"resultType": "vector", "result": series}}
        self.assertEqual(observability.get_prometheus_metrics(query="up", url=self.url), series)
        self.assertEqual(self.asked, ("/api/v1/query", {"query": "up"}))
        observability.get_prometheus_metrics("up", end_time=1_700_000_000, url=self.url + "/")
        self.assertEqual(self.asked, ("/api/v1/query", {"query": "up", "time": "1700000000.0"}))
        self.answer = {"data": {"resultType": "scalar", "result": [1, "2"]}}
        self.assertEqual(observability.get_prometheus_metrics("2", url=self.url), [{"metric": {}, "value": [1, "2"]}])

    def test_a_range_query_with_times_of_every_kind(self):
        self.answer = {"data": {"resultType": "matrix", "result": []}}
        start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        seconds = start.timestamp()
        for given, end in ((start, start + timedelta(hours=1)), (seconds, seconds + 3600), ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05+01:00"), (str(seconds), int(seconds) + 3600)):
            self.assertEqual(observability.get_prometheus_metrics("rate(x[5m])", start_time=given, end_time=end, url=self.url), [])
            self.assertEqual(self.asked, ("/api/v1/query_range", {"query": "rate(x[5m])", "start": repr(seconds), "end": repr(seconds + 3600), "step": "14"}))
        for step, asked in ((30, "30"), ("1m", "1m"), (timedelta(minutes=2), "120.0")):
            observability.get_prometheus_metrics("x", start, step=step, url=self.url)
            self.assertEqual(self.asked[1]["step"], asked)

    def test_a_search_for_traces(self):
        traces = [{"traceID": "1", "spans": [], "processes": {}}]
        self.answer = {"data": traces, "errors": None}
        self.assertEqual(observability.query_jaeger_traces(service="my-service", operation="workflow.execute", limit=10, url=self.url), traces)
        self.assertEqual(self.asked, ("/api/traces", {"service": "my-service", "operation": "workflow.execute", "limit": "10", "lookback": "1h"}))
        observability.query_jaeger_traces("s", tags={"workflow.id": "req-123"}, start_time=1, end_time=2.5, min_duration="100ms", max_duration="2s", url=self.url)
        self.assertEqual(self.asked[1], {"service": "s", "limit": "20", "lookback": "1h", "tags": '{"workflow.id": "req-123"}', "start": "1000000", "end": "2500000",
                                         "minDuration": "100ms", "maxDuration": "2s"})

    def test_errors_are_told_in_the_servers_words(self):
        self.status, self.answer = 400, {"status": "error", "errorType": "bad_data", "error": "1:3: parse error: unexpected end of input"}
        with self.assertRaisesRegex(observability.QueryError, "400: 1:3: parse error"):
            observability.get_prometheus_metrics("up(", url=self.url)
        self.answer = {"data": None, "errors": [{"code": 400, "msg": "parameter 'service' is required"}]}
        with self.assertRaisesRegex(observability.QueryError, "'service' is required"):
            observability.query_jaeger_traces("", url=self.url)
        self.status, self.answer = 200, b"<html>"
        with self.assertRaisesRegex(observability.QueryError, "right port"):
            observability.query_jaeger_traces("s", url=self.url)
        with self.assertRaisesRegex(observability.QueryError, "is the stack running"):
            observability.get_prometheus_metrics("up", url="http://127.0.0.1:1")


if __name__ == "__main__":
    unittest.main()
