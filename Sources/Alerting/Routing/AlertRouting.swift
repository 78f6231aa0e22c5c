import MetricModel

/// Everything that `alertmanager.yml` says, validated: who is told of which alerts, when, and together with which others.
package struct AlertRouting: Hashable, Sendable {
    package let tree: RouteTree
    package let receivers: [String: Receiver]
    package let inhibitRules: [InhibitRule]
    package let timeIntervals: [String: [TimeInterval]]
    /// When an alert without an end is over that is not heard of again.
    package let resolveTimeoutMillis: Int64

    /// Throws for what upstream refuses: a receiver or a time interval that is used and not there, or there twice.
    package init(
        root: RouteOptions, receivers: [Receiver], inhibitRules: [InhibitRule] = [], timeIntervals: [(name: String, intervals: [TimeInterval])] = [],
        resolveTimeout: ModelDuration = .seconds(300)
    ) throws(AlertingError) {
        tree = try RouteTree(root)
        var byName: [String: Receiver] = [:]
        for receiver in receivers {
            guard !receiver.name.isEmpty else { throw .invalidReceiver(reason: "missing name in receiver") }
            guard byName.updateValue(receiver, forKey: receiver.name) == nil else { throw .invalidReceiver(reason: "notification config name \"\(receiver.name)\" is not unique") }
        }
        var intervals: [String: [TimeInterval]] = [:]
        for entry in timeIntervals {
            guard !entry.name.isEmpty else { throw .invalidTimeInterval(reason: "missing name in time interval") }
            guard intervals.updateValue(entry.intervals, forKey: entry.name) == nil else { throw .invalidTimeInterval(reason: "time interval \"\(entry.name)\" is not unique") }
        }
        for route in tree.routes {
            guard byName[route.receiver] != nil else { throw .invalidRoute(reason: "undefined receiver \"\(route.receiver)\" used in route") }
            for name in route.muteTimeIntervals + route.activeTimeIntervals where intervals[name] == nil {
                throw .invalidRoute(reason: "undefined time interval \"\(name)\" used in route")
            }
        }
        self.receivers = byName
        self.inhibitRules = inhibitRules
        self.timeIntervals = intervals
        resolveTimeoutMillis = resolveTimeout.millis
    }

    /// Whether one of the named intervals contains the moment.
    func isWithin(_ names: [String], atMillis now: Int64) -> Bool {
        names.contains { name in (timeIntervals[name] ?? []).contains { $0.contains(unixMillis: now) } }
    }
}
