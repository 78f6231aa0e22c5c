import CoreMetrics
import ObservabilityIntegration
import Testing

@Suite("Metrics by swift-metrics")
struct MetricsFactoryTests {
    private let factory = StackMetricsFactory()

    private var lines: [String] {
        String(decoding: ExpositionFormat.text.render(factory.registry.collect()), as: UTF8.self).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    @Test("every kind is what Prometheus calls so")
    func kinds() {
        let counter = Counter(label: "http.requests", dimensions: [("path", "/a"), ("method", "GET")], factory: factory)
        counter.increment()
        counter.increment(by: 2)
        FloatingPointCounter(label: "bytes_total", factory: factory).increment(by: 0.5)
        let meter = Meter(label: "depth", factory: factory)
        meter.set(5)
        meter.decrement(by: 2.0)
        Gauge(label: "temperature", factory: factory).record(-1.5)
        #expect(Set(lines) == ["http_requests_total{method=\"GET\",path=\"/a\"} 3", "bytes_total 0.5", "depth 3", "temperature -1.5"])
    }

    @Test("timers are histograms in seconds, recorders histograms of anything")
    func histograms() {
        Timer(label: "request.duration", factory: factory).recordMilliseconds(20)
        let recorder = CoreMetrics.Recorder(label: "size", aggregate: true, factory: factory)
        recorder.record(80)
        recorder.record(-3)
        #expect(Set(lines).isSuperset(of: [
            "request_duration_seconds_bucket{le=\"0.01\"} 0", "request_duration_seconds_bucket{le=\"0.025\"} 1", "request_duration_seconds_sum 0.02",
            "size_bucket{le=\"0\"} 1", "size_bucket{le=\"75\"} 1", "size_bucket{le=\"100\"} 2", "size_count 2", "size_sum 77",
        ]))
    }

    @Test("names and labels become what Prometheus allows", arguments: [("a.b-c", "a_b_c"), ("9lives", "_9lives"), ("größe", "gr__e"), ("", "_"), ("x:y", "x:y")])
    func names(label: String, name: String) {
        #expect(StackMetricsFactory.name(label) == name)
        #expect(StackMetricsFactory.name("\(label)_total", ending: "_total") == "\(name == "_" ? "" : name)_total")
        #expect(StackMetricsFactory.labels([("b.c", "1"), ("a", "2"), ("a", "3")]) == [MetricLabel("a", "3"), MetricLabel("b_c", "1")])
    }

    @Test("two of one label are one series, also of other labels' names; one that is destroyed is gone")
    func series() {
        let first = Counter(label: "c", dimensions: [("a", "1")], factory: factory)
        let second = Counter(label: "c", dimensions: [("b", "1")], factory: factory)
        first.increment()
        Counter(label: "c", dimensions: [("a", "1")], factory: factory).increment()
        second.increment()
        #expect(lines == ["c_total{a=\"1\"} 2", "c_total{b=\"1\"} 1"])
        first.destroy()
        #expect(lines == ["c_total{b=\"1\"} 1"])
        second.reset()
        #expect(lines == ["c_total{b=\"1\"} 0"])
    }

    @Test("what a name is not is counted and not shown; a counter does not fall")
    func conflicts() {
        Gauge(label: "x", factory: factory).record(1)
        let timer = Timer(label: "x_seconds", factory: factory)
        timer.recordSeconds(1)
        Gauge(label: "x_seconds", factory: factory).record(7)
        let counter = Counter(label: "c", factory: factory)
        counter.increment(by: 3)
        counter.increment(by: -2)
        #expect(lines.filter { $0.hasPrefix("x ") || $0.hasPrefix("x_seconds ") || $0.hasPrefix("c_") } == ["x 1", "c_total 3"])
    }

    @Test("a label of the name of a histogram's own is renamed")
    func bounds() {
        Timer(label: "d", dimensions: [("le", "mine")], factory: factory).recordSeconds(1)
        #expect(lines.contains("d_seconds_count{exported_le=\"mine\"} 1"))
    }
}
