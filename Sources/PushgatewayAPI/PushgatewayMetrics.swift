import HTTPTypes
import MetricFormats
import MetricModel
import Synchronization

/// What the gateway says of itself, under upstream's names (handler/metrics.go).
final class PushgatewayMetrics: Sendable {
    private struct Handler: Hashable {
        let name: String
        let method: String
        let code: Int
    }

    private struct State {
        var requests: [Handler: UInt64] = [:]
        var sizes: [String: RecentObservations] = [:]
        var durations: [String: RecentObservations] = [:]
    }

    private let state = Mutex(State())

    private static let requestsName = "pushgateway_http_requests_total"
    private static let sizeName = "pushgateway_http_push_size_bytes"
    private static let durationName = "pushgateway_http_push_duration_seconds"
    private static let buildName = "pushgateway_build_info"

    static let kinds: [String: ClientMetricFamily.Kind] = [requestsName: .counter, sizeName: .summary, durationName: .summary, buildName: .gauge]

    func count(handler: String, method: HTTPRequest.Method, code: Int) {
        state.withLock { $0.requests[Handler(name: handler, method: method.rawValue.lowercased(), code: code), default: 0] += 1 }
    }

    func observe(method: HTTPRequest.Method, bytes: Double, seconds: Double, nowNanos: UInt64) {
        let name = method.rawValue.lowercased()
        state.withLock { state in
            state.sizes[name, default: RecentObservations()].add(bytes, nowNanos: nowNanos)
            state.durations[name, default: RecentObservations()].add(seconds, nowNanos: nowNanos)
        }
    }

    func families(version: String, nowNanos: UInt64) -> [ClientMetricFamily] {
        let (requests, sizes, durations) = state.withLock { ($0.requests, $0.sizes, $0.durations) }
        func summary(_ name: String, _ help: String, _ observed: [String: RecentObservations]) -> ClientMetricFamily {
            let metrics = observed.sorted { $0.key < $1.key }.map { method, observations in
                ClientMetricFamily.Metric(labels: [.init("method", method)], value: .summary(observations.summary(nowNanos: nowNanos)))
            }
            return ClientMetricFamily(name: name, kind: .summary, help: help, metrics: metrics)
        }
        let counted = requests.sorted { ($0.key.code, $0.key.name, $0.key.method) < ($1.key.code, $1.key.name, $1.key.method) }
        return [
            ClientMetricFamily(
                name: Self.buildName, kind: .gauge, help: "A metric with a constant '1' value labeled by the version from which pushgateway was built.",
                metrics: [.init(labels: [.init("version", version)], value: .gauge(1))]),
            summary(Self.durationName, "HTTP request duration for pushes to the Pushgateway.", durations),
            summary(Self.sizeName, "HTTP request size for pushes to the Pushgateway.", sizes),
            ClientMetricFamily(
                name: Self.requestsName, kind: .counter, help: "Total HTTP requests processed by the Pushgateway, excluding scrapes.",
                metrics: counted.map { .init(labels: [.init("code", "\($0.key.code)"), .init("handler", $0.key.name), .init("method", $0.key.method)], value: .counter(Double($0.value))) }),
        ].filter { !$0.metrics.isEmpty }
    }
}

/// A sum, a count, and the observations of the last ten minutes, of which at most `kept` are looked at for quantiles.
struct RecentObservations {
    private static let kept = 512
    private static let windowNanos: UInt64 = 600_000_000_000

    private var count: UInt64 = 0
    private var sum = 0.0
    private var recent: [(nanos: UInt64, value: Double)] = []
    private var next = 0

    mutating func add(_ value: Double, nowNanos: UInt64) {
        count += 1
        sum += value
        if recent.count < Self.kept { recent.append((nowNanos, value)) } else { recent[next] = (nowNanos, value) }
        next = (next + 1) % Self.kept
    }

    func summary(nowNanos: UInt64) -> ClientMetricFamily.Summary {
        let values = recent.filter { nowNanos - min($0.nanos, nowNanos) <= Self.windowNanos }.map(\.value).sorted()
        let quantiles = [0.1, 0.5, 0.9].map { quantile in
            ClientMetricFamily.Summary.Quantile(quantile: quantile, value: values.isEmpty ? .nan : values[min(values.count - 1, Int(Double(values.count) * quantile))])
        }
        return ClientMetricFamily.Summary(sampleCount: count, sampleSum: sum, quantiles: quantiles)
    }
}
