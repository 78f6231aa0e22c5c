import http.client
import threading
import unittest
import urllib.error
import urllib.request

from support import PROTOBUF_ACCEPT, decode_families, observability, scrape
from observability_integration.exposition import prefers_protobuf, render_protobuf, render_text
from observability_integration.metrics import MAX_SERIES, Registry
from observability_integration.metrics_server import MetricsServer


class ExpositionTests(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()

    def test_text_escapes_and_writes_numbers_as_the_format_has_them(self):
        counter = self.registry.counter("c_total", "Two\nlines and a \\.", "path")
        counter.labels('a"b\\c\nd').inc(3)
        gauge = self.registry.gauge("g", "A gauge.")
        gauge.labels().set(0.25)
        self.assertEqual(
            render_text(self.registry.collect()).decode(),
            "# HELP c_total Two\\nlines and a \\\\.\n# TYPE c_total counter\n"
            'c_total{path="a\\"b\\\\c\\nd"} 3\n'
            "# HELP g A gauge.\n# TYPE g gauge\ng 0.25\n")

    def test_values_that_are_no_finite_numbers(self):
        gauge = self.registry.gauge("g", "A gauge.", "n")
        for index, value in enumerate((float("inf"), float("-inf"), float("nan"), 1e300, -0.5)):
            gauge.labels(str(index)).set(value)
        self.assertEqual([line.split()[1] for line in render_text(self.registry.collect()).decode().splitlines()[2:]], ["+Inf", "-Inf", "NaN", "1e+300", "-0.5"])

    def test_a_histogram_has_cumulative_buckets_with_inclusive_bounds(self):
        histogram = self.registry.histogram("d_seconds", "Durations.", "name")
        for value in (0.001, 0.0011, 0.3, 100.0):
            histogram.labels("x").observe(value)
        text = render_text(self.registry.collect()).decode()
        for line in ('d_seconds_bucket{name="x",le="0.001"} 1', 'd_seconds_bucket{name="x",le="0.0025"} 2', 'd_seconds_bucket{name="x",le="0.5"} 3',
                     'd_seconds_bucket{name="x",le="10"} 3', 'd_seconds_bucket{name="x",le="+Inf"} 4', 'd_seconds_count{name="x"} 4'):
            self.assertIn(line + "\n", text)
        self.assertNotIn("schema", text)

    def test_protobuf_has_the_classic_and_the_native_histogram_in_one_family(self):
        histogram = self.registry.histogram("d_seconds", "Durations.", "name")
        self.registry.counter("c_total", "Things.", "name").labels("größe").inc(2.5)
        for value in (0.0, 0.5, 0.5, 1.0, 100.0):
            histogram.labels("x").observe(value)
        families = decode_families(render_protobuf(self.registry.collect()))
        self.assertEqual(families["c_total"], {"help": "Things.", "type": 0, "metrics": {(("name", "größe"),): 2.5}})
        self.assertEqual(families["d_seconds"]["type"], 4)
        found = families["d_seconds"]["metrics"][("name", "x"),]
        self.assertEqual((found["count"], found["sum"], found["schema"], found["zero_threshold"], found["zero_count"]), (5, 102.0, 3, 2.0**-128, 1))
        self.assertEqual(dict(found["buckets"])[0.5], 3)
        self.assertEqual(found["buckets"][-1], (float("inf"), 5))
        # 0.5 is bucket -8 of eight a doubling, 1 is 0, and 100 is in (2^6.625, 2^6.75].
        self.assertEqual((found["spans"], found["deltas"]), ([(-8, 1), (7, 1), (53, 1)], [2, -1, 0]))

    def test_a_family_without_series_is_left_out(self):
        self.registry.counter("c_total", "Things.", "name")
        self.assertEqual((render_text(self.registry.collect()), render_protobuf(self.registry.collect())), (b"", b""))

    def test_labels_are_bounded(self):
        counter = self.registry.counter("c_total", "Things.", "name")
        for index in range(MAX_SERIES + 50):
            counter.labels(str(index)).inc()
        lines = render_text(self.registry.collect()).decode().splitlines()[2:]
        self.assertEqual(len(lines), MAX_SERIES + 1)
        self.assertEqual(lines[-1], 'c_total{name="other"} 50')

    def test_nothing_is_lost_between_threads_and_every_moment_agrees_with_itself(self):
        counter, histogram = self.registry.counter("c_total", "Things.", "n"), self.registry.histogram("d_seconds", "Durations.", "n")
        pattern = [0.0, 0.0005, 0.3, 2.0, 20.0]

        def work():
            for index in range(5_000):
                counter.labels(str(index % 3)).inc()
                histogram.labels("x").observe(pattern[index % 5])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for family in self.registry.collect():
                if family.kind == "histogram":
                    ((_, point),) = family.points
                    self.assertEqual(point.cumulative_counts[-1], point.native.zero_count + sum(count for _, count in point.native.buckets))
        counts, durations = self.registry.collect()
        self.assertEqual(sum(value for _, value in counts.points), 20_000)
        self.assertEqual((durations.points[0][1].count, durations.points[0][1].native.zero_count), (20_000, 4_000))

    def test_the_accept_header_chooses(self):
        for accept, expected in {
            PROTOBUF_ACCEPT: True, "": False, "*/*": False, "text/plain": False, "application/vnd.google.protobuf": False,
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3": False,
            "text/plain;q=0.9, application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; q=0.2": False,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text": False,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited": True,
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=x": False,
        }.items():
            self.assertIs(prefers_protobuf(accept), expected, accept)


class MetricsServerTests(unittest.TestCase):
    def setUp(self):
        registry = Registry()
        registry.counter("c_total", "Things.").labels().inc()
        self.server = MetricsServer(registry, "127.0.0.1", 0)
        self.addCleanup(self.server.close)

    def test_one_connection_serves_many_scrapes_of_both_kinds(self):
        connection = http.client.HTTPConnection(*self.server.address, timeout=5)
        for accept, content_type in (("*/*", "text/plain; version=0.0.4; charset=utf-8"),
                                     (PROTOBUF_ACCEPT, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")) * 2:
            connection.request("GET", "/metrics", headers={"Accept": accept})
            response = connection.getresponse()
            body = response.read()
            self.assertEqual((response.status, response.headers["Content-Type"]), (200, content_type))
            self.assertIn(b"c_total", body)
        connection.request("HEAD", "/metrics")
        self.assertEqual(connection.getresponse().read(), b"")
        connection.request("GET", "/other")
        self.assertEqual(connection.getresponse().status, 404)
        connection.close()

    def test_a_port_that_is_taken_is_said_and_disturbs_nothing(self):
        with self.assertLogs("observability_integration", "WARNING") as logs:
            self.assertFalse(observability.initialize_observability("t", prometheus_port=self.server.address[1], otlp_endpoint="http://127.0.0.1:1"))
        self.addCleanup(observability.shutdown_observability)
        self.assertIn(str(self.server.address[1]), logs.output[0])
        self.assertTrue(observability.is_observability_enabled())
        self.assertIsNone(observability.metrics_url())

    def test_the_port_is_free_again_after_shutdown(self):
        observability.initialize_observability("t", prometheus_port=0, otlp_endpoint="http://127.0.0.1:1")
        url = observability.metrics_url()
        self.assertEqual(scrape()[0], "text/plain; version=0.0.4; charset=utf-8")
        observability.shutdown_observability()
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(url, timeout=2)


if __name__ == "__main__":
    unittest.main()
