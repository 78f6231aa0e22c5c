import MetricModel

/// The alerts of one rule: pending, firing, and for a while those that were resolved. Knows no clock: it is told the time and what holds.
///
/// Source: upstream rules/alerting.go (`Eval`, `sendAlerts`), rules/group.go (`RestoreForState`).
package struct AlertTable: Sendable, Equatable {
    /// How long a resolved alert is kept, so that a notification that was lost is repeated.
    private static let resolvedRetentionMillis: Int64 = 900_000

    private var byLabels: [Labels: Alert] = [:]
    /// Whether what was known before a restart has been looked up; before, nothing is written that would cover it.
    package internal(set) var isRestored: Bool

    package init(isRestored: Bool) { self.isRestored = isRestored }

    /// All of them, in the order of their labels.
    package var all: [Alert] { byLabels.values.sorted { $0.labels < $1.labels } }
    /// Those whose condition holds, or did a moment ago, in the order of their labels.
    package var active: [Alert] { byLabels.values.filter { $0.resolvedAtMillis == nil }.sorted { $0.labels < $1.labels } }
    /// How the worst of them stands.
    package var state: Alert.State { byLabels.values.map(\.state).max() ?? .inactive }
    var isEmpty: Bool { byLabels.isEmpty }

    /// Takes over the alerts of the same rule in an earlier version.
    mutating func adopt(_ earlier: AlertTable) { byLabels.merge(earlier.byLabels) { $1 } }

    /// The condition holds for what `raised` names, and for nothing else. Returns the alerts that are pending or firing, in the order of
    /// their labels; throws, with no alert left, when there are more than `limit`.
    package mutating func evaluate(_ raised: [Labels: Alert], _ rule: Rule.Alerting, limit: Int, atMillis now: Int64) throws(RuleError) -> [Alert] {
        for (labels, alert) in raised {
            if var known = byLabels[labels], known.state != .inactive {
                known.value = alert.value
                known.annotations = alert.annotations
                byLabels[labels] = known
            } else {
                byLabels[labels] = alert
            }
        }
        var current: [Alert] = []
        for (labels, alert) in byLabels {
            guard let next = Self.next(alert, holds: raised[labels] != nil, rule, now) else {
                byLabels[labels] = nil
                continue
            }
            byLabels[labels] = next
            if next.state != .inactive { current.append(next) }
        }
        if limit > 0, current.count > limit {
            byLabels = [:]
            throw .tooManyAlerts(limit: limit, count: current.count)
        }
        return current.sorted { $0.labels < $1.labels }
    }

    /// What becomes of one alert; nil when it is forgotten.
    private static func next(_ alert: Alert, holds: Bool, _ rule: Rule.Alerting, _ now: Int64) -> Alert? {
        var alert = alert
        if holds {
            alert.keepFiringSinceMillis = nil
        } else {
            var keepsFiring = false
            if alert.state == .firing, rule.keepFiringMillis > 0 {
                let since = alert.keepFiringSinceMillis ?? now
                alert.keepFiringSinceMillis = since
                keepsFiring = now - since < rule.keepFiringMillis
            }
            if alert.state == .pending { return nil }
            if let resolved = alert.resolvedAtMillis, now - resolved > resolvedRetentionMillis { return nil }
            if !keepsFiring {
                if alert.state != .inactive {
                    alert.state = .inactive
                    alert.resolvedAtMillis = now
                }
                return alert
            }
        }
        if alert.state == .pending, now - alert.activeAtMillis >= rule.holdMillis {
            alert.state = .firing
            alert.firedAtMillis = now
        }
        // The rule was reloaded with a longer `for`.
        if alert.state == .firing, now - alert.activeAtMillis < rule.holdMillis {
            alert.state = .pending
            alert.firedAtMillis = nil
            alert.lastSentAtMillis = nil
            alert.keepFiringSinceMillis = nil
        }
        return alert
    }

    /// The alerts that are to be sent now, counted as sent.
    package mutating func takeDue(atMillis now: Int64, intervalMillis: Int64, resendDelayMillis: Int64) -> [Alert] {
        var due: [Alert] = []
        for (labels, alert) in byLabels where alert.needsSending(atMillis: now, resendDelayMillis: resendDelayMillis) {
            var sent = alert
            sent.lastSentAtMillis = now
            // Two evaluations or deliveries may fail.
            sent.validUntilMillis = now + 4 * max(intervalMillis, resendDelayMillis)
            byLabels[labels] = sent
            due.append(sent)
        }
        return due.sorted { $0.labels < $1.labels }
    }

    /// Goes on with the time that alerts had waited before a restart.
    ///
    /// - Parameter found: for each alert the last sample of its `ALERTS_FOR_STATE`: when it was written, and when the alert had become active, in seconds.
    package mutating func restore(_ found: [Labels: (lastMillis: Int64, activeAtSeconds: Double)], holdMillis: Int64, graceMillis: Int64, atMillis now: Int64) {
        for labels in Array(byLabels.keys) {
            guard let (lastMillis, activeAtSeconds) = found[labels], !Staleness.isMarker(activeAtSeconds), let seconds = Int64(exactly: activeAtSeconds.rounded(.towardZero)),
                abs(seconds) < 1 << 50
            else { continue }
            let downAt = lastMillis / 1_000 * 1_000
            var activeAt = seconds * 1_000
            let remaining = holdMillis - (downAt - activeAt)
            if remaining > 0 {
                activeAt = remaining < graceMillis ? now + graceMillis - holdMillis : activeAt + (now - downAt)
            }
            byLabels[labels]?.activeAtMillis = activeAt
        }
    }
}
