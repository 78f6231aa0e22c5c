import MetricModel

/// One alert of a rule: the labels that it is known by, and how it stands. Times are milliseconds since the epoch.
package struct Alert: Sendable, Equatable {
    package enum State: Int, Sendable, Comparable {
        /// Its condition no longer holds.
        case inactive
        /// Its condition holds, and has not held for long enough.
        case pending
        case firing

        package static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }

        package var text: String {
            switch self {
            case .inactive: "inactive"
            case .pending: "pending"
            case .firing: "firing"
            }
        }
    }

    package internal(set) var state = State.pending
    package let labels: Labels
    package internal(set) var annotations: [String: String]
    package internal(set) var value: Double
    package internal(set) var activeAtMillis: Int64
    package internal(set) var firedAtMillis: Int64?
    package internal(set) var resolvedAtMillis: Int64?
    package internal(set) var lastSentAtMillis: Int64?
    package internal(set) var validUntilMillis: Int64?
    package internal(set) var keepFiringSinceMillis: Int64?

    package init(labels: Labels, annotations: [String: String], value: Double, activeAtMillis: Int64) {
        self.labels = labels
        self.annotations = annotations
        self.value = value
        self.activeAtMillis = activeAtMillis
    }

    func needsSending(atMillis: Int64, resendDelayMillis: Int64) -> Bool {
        if state == .pending { return false }
        guard let lastSentAtMillis else { return true }
        // One that was resolved since it was sent is sent at once.
        if let resolvedAtMillis, resolvedAtMillis > lastSentAtMillis { return true }
        return lastSentAtMillis + resendDelayMillis < atMillis
    }
}
