import MetricFormats

/// What was pushed under one grouping key, and when.
package struct PushGroup: Sendable {
    /// A family as it was pushed, its metrics with the labels of the group.
    package struct Family: Sendable {
        package let family: ClientMetricFamily
        /// When it came, in nanoseconds since the epoch.
        package let pushedNanos: Int64
        /// Tells one push's family from another's.
        let revision: UInt64
        /// What of memory it holds, about.
        let byteCount: Int

        init(_ family: ClientMetricFamily, pushedNanos: Int64, revision: UInt64) {
            self.family = family
            self.pushedNanos = pushedNanos
            self.revision = revision
            byteCount = family.metrics.reduce(128 + family.name.utf8.count + family.help.utf8.count) { $0 + $1.byteCount }
        }
    }

    package let key: GroupingKey
    package internal(set) var families: [String: Family] = [:]
    /// When the group came to be, was last changed by a push, and last refused one; nanoseconds since the epoch, 0 for never.
    package let createdNanos: Int64
    package internal(set) var pushedNanos: Int64 = 0
    package internal(set) var failedNanos: Int64 = 0

    init(key: GroupingKey, createdNanos: Int64) {
        self.key = key
        self.createdNanos = createdNanos
    }

    /// Whether nothing was refused since the last push.
    package var lastPushSucceeded: Bool { failedNanos <= pushedNanos }

    package static let pushTimeName = "push_time_seconds"
    package static let pushFailureTimeName = "push_failure_time_seconds"

    /// The two gauges that every group has beside what was pushed to it.
    package var timeFamilies: [Family] {
        func gauge(_ name: String, _ help: String, _ nanos: Int64) -> Family {
            var metric = ClientMetricFamily.Metric(value: .gauge(Double(nanos) / 1e9))
            metric.take(key)
            return Family(ClientMetricFamily(name: name, kind: .gauge, help: help, metrics: [metric]), pushedNanos: nanos == 0 ? createdNanos : nanos, revision: 0)
        }
        return [
            gauge(Self.pushFailureTimeName, "Last Unix time when changing this group in the Pushgateway failed.", failedNanos),
            gauge(Self.pushTimeName, "Last Unix time when changing this group in the Pushgateway succeeded.", pushedNanos),
        ]
    }
}
