import MetricModel
import PromQL

/// How one rule stands: what its last evaluation gave, and its alerts. A value; whoever evaluates tells it what came out.
package struct RuleState: Sendable {
    package enum Health: String, Sendable {
        case unknown
        case good = "ok"
        case bad = "err"
    }

    package let rule: Rule
    package internal(set) var health = Health.unknown
    package internal(set) var lastError: String?
    package internal(set) var evaluationSeconds = 0.0
    /// When it was last evaluated, in nanoseconds since the epoch.
    package internal(set) var evaluatedAtNanos: Int64?
    package internal(set) var alerts: AlertTable
    /// The series that the last evaluation wrote.
    var written: Set<Labels> = []

    init(_ rule: Rule, isRestored: Bool) {
        self.rule = rule
        alerts = AlertTable(isRestored: isRestored)
    }

    /// What a recording rule writes for a query's answer.
    func recorded(_ answer: [InstantSample], limit: Int, atMillis: Int64) throws(RuleError) -> [InstantSample] {
        var labels: Set<Labels> = []
        let samples = answer.map { sample in
            var renamed = sample
            renamed.labels = sample.labels.with([LabelName.metric: rule.name]).with(rule.labels)
            renamed.timeMillis = atMillis
            labels.insert(renamed.labels)
            return renamed
        }
        guard labels.count == samples.count else { throw .duplicateSeries }
        if limit > 0, samples.count > limit { throw .tooManySeries(limit: limit, count: samples.count) }
        return samples
    }

    /// Tells the alerts which of them hold, and returns the samples that say how they stand.
    ///
    /// - Parameter sampleMillis: the time of the samples, which the group's query offset may put before that of the evaluation.
    mutating func alerted(_ raised: [Labels: Alert], limit: Int, atMillis: Int64, sampleMillis: Int64) throws(RuleError) -> [InstantSample] {
        guard let alerting = rule.alerting else { return [] }
        let current = try alerts.evaluate(raised, alerting, limit: limit, atMillis: atMillis)
        guard alerts.isRestored else { return [] }
        return current.flatMap { alert in
            let labels = Labels(rule.labels.map { ($0, $1) }).with(Dictionary(uniqueKeysWithValues: alert.labels.pairs.map { ($0.name, $0.value) })).with([AlertLabel.name: rule.name])
            return [
                InstantSample(labels: labels.with([LabelName.metric: AlertLabel.metric, AlertLabel.state: alert.state.text]), timeMillis: sampleMillis, value: 1),
                InstantSample(
                    labels: labels.with([LabelName.metric: AlertLabel.forStateMetric]), timeMillis: sampleMillis, value: (Double(alert.activeAtMillis) / 1_000).rounded(.down)),
            ]
        }
    }

    /// The series that the last evaluation wrote and this one did not, sorted: they end.
    mutating func settle(written now: Set<Labels>) -> [Labels] {
        let ended = written.subtracting(now).sorted()
        written = now
        return ended
    }

    mutating func fail(_ reason: String) {
        health = .bad
        lastError = reason
    }
}

/// The names of the series that say how alerts stand.
package enum AlertLabel {
    package static let name = "alertname"
    static let state = "alertstate"
    static let metric = "ALERTS"
    static let forStateMetric = "ALERTS_FOR_STATE"
}

extension Labels {
    /// With other values for some labels; an empty one takes the label away.
    func with(_ changes: [String: String]) -> Labels { changes.isEmpty ? self : Labels(pairs.map { ($0.name, $0.value) } + changes.map { ($0, $1) }) }
}
