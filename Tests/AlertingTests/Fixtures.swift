import Alerting
import MetricModel

/// Short ways to write alerts, routes and times for these tests.
enum Fixture {
    /// Some Monday, 12:00 UTC.
    static let noon: Int64 = 1_700_481_600_000

    static func alert(_ labels: [String: String], firing: Bool = true, at now: Int64 = noon, startedAt: Int64? = nil, annotations: [String: String] = [:]) -> Alert {
        Alert(
            labels: Labels(labels.map { ($0.key, $0.value) }), annotations: annotations, startsAtMillis: startedAt ?? now, endsAtMillis: firing ? now + 7_200_000 : now,
            generatorURL: "http://localhost:9090/graph", nowMillis: now, resolveTimeoutMillis: 300_000)
    }

    static func route(_ receiver: String?, _ change: (inout RouteOptions) -> Void = { _ in }) -> RouteOptions {
        var route = RouteOptions()
        route.receiver = receiver
        change(&route)
        return route
    }

    static func receiver(_ name: String, webhooks: Int = 1, _ change: (inout Webhook) -> Void = { _ in }) -> Receiver {
        Receiver(name: name, webhooks: (0..<webhooks).map { index in
            var webhook = Webhook(url: .inline("http://localhost:1/\(name)/\(index)"), index: index)
            change(&webhook)
            return webhook
        })
    }

    static func dispatcher(
        _ root: RouteOptions, _ receivers: [Receiver], inhibit: [InhibitRule] = [], intervals: [(name: String, intervals: [TimeInterval])] = [], log: NotificationLog = NotificationLog(),
        limits: Dispatcher.Limits = .init()
    ) throws -> Dispatcher {
        Dispatcher(try AlertRouting(root: root, receivers: receivers, inhibitRules: inhibit, timeIntervals: intervals), log: log, limits: limits)
    }

    static func names(_ delivery: Delivery) -> [String] { delivery.items.map { ($0.alert.labels["alertname"] ?? "?") + ($0.isResolved ? "-" : "+") } }
}
