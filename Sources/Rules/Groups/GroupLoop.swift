import Logging
import MetricModel
import MetricStore
import Platform
import PromQL
import Synchronization

/// Evaluates one group at its times until it is told to stop.
final class GroupLoop: Sendable {
    /// What all loops of a manager share.
    struct Surroundings: Sendable {
        let evaluator: GroupEvaluator
        let reader: any MetricReader
        let blocking: BlockingPool
        let gate: EvaluationGate
        let options: RuleManager.Options
        let settings: @Sendable () -> RuleSettings
        var clock: any TimeSource { evaluator.clock }
        var tally: RuleTally { evaluator.tally }
        var logger: Logger { evaluator.logger }
    }

    let group: RuleGroup
    let stop = LoopStop()
    private let surroundings: Surroundings
    private let predecessor: Mutex<GroupLoop?>
    private let current: Mutex<GroupState>
    /// Whether nobody goes on with its series.
    private let isGone = Mutex(false)

    /// With a predecessor the loop waits for its end, then goes on where it stopped.
    init(_ group: RuleGroup, _ surroundings: Surroundings, isRestored: Bool, after predecessor: GroupLoop? = nil) {
        self.group = group
        self.surroundings = surroundings
        self.predecessor = Mutex(predecessor)
        var state = GroupState(group, isRestored: isRestored)
        if let predecessor { state.adopt(predecessor.state) }
        current = Mutex(state)
    }

    var state: GroupState { current.withLock { $0 } }

    /// Ends the loop and, two intervals later, the series of its rules.
    func remove() {
        isGone.withLock { $0 = true }
        stop.stop()
    }

    func run() async {
        let clock = surroundings.clock
        let earlier = predecessor.withLock { predecessor in
            defer { predecessor = nil }
            return predecessor
        }
        if let earlier {
            await earlier.stop.waitForEnd()
            let last = earlier.state
            current.withLock { state in
                state = GroupState(group, isRestored: !state.needsRestoring)
                state.adopt(last)
            }
        }
        var schedule = GroupSchedule(group, nowNanos: clock.unixNanos)
        var delay = schedule.firstDelayNanos(nowNanos: clock.unixNanos)
        var evaluations = 0
        while await stop.sleep(nanos: delay, clock) {
            if evaluations > 0 { surroundings.tally.countMissed(group, schedule.advance(nowNanos: clock.unixNanos)) }
            await evaluate(atMillis: schedule.slotNanos / 1_000_000)
            evaluations += 1
            // The first evaluation may come before much was scraped, and before recording rules that alerts need.
            if evaluations >= 2, state.needsRestoring { await restore() }
            delay = schedule.delayNanos(nowNanos: clock.unixNanos)
        }
        stop.end()
        if isGone.withLock({ $0 }), evaluations > 0 || earlier != nil { await endSeries() }
    }

    private func evaluate(atMillis: Int64) async {
        await surroundings.gate.enter()
        defer { surroundings.gate.leave() }
        surroundings.tally.countIteration(group)
        var state = self.state
        await surroundings.evaluator.evaluate(&state, atMillis: atMillis, surroundings.settings()) { state in
            current.withLock { $0 = state }
            return !stop.isStopped && !Task.isCancelled
        }
        current.withLock { [state] in $0 = state }
    }

    /// Looks up how long alerts had waited before a restart.
    private func restore() async {
        let clock = surroundings.clock
        let (began, now) = (clock.monotonicNanos, clock.unixMillis)
        var state = self.state
        for index in state.rules.indices {
            guard let alerting = state.rules[index].rule.alerting, !state.rules[index].alerts.isRestored else { continue }
            // One that waits for no longer than the grace waits for it anew.
            if alerting.holdMillis >= surroundings.options.graceMillis, !state.rules[index].alerts.isEmpty {
                let found = await forState(of: state.rules[index].rule, nowMillis: now)
                state.rules[index].alerts.restore(found, holdMillis: alerting.holdMillis, graceMillis: surroundings.options.graceMillis, atMillis: now)
            }
            state.rules[index].alerts.isRestored = true
        }
        state.restoreSeconds = Double(clock.monotonicNanos - began) / 1e9
        current.withLock { [state] in $0 = state }
    }

    /// For each alert of a rule its last sample of `ALERTS_FOR_STATE`.
    private func forState(of rule: Rule, nowMillis: Int64) async -> [Labels: (lastMillis: Int64, activeAtSeconds: Double)] {
        var matchers = [Matcher.equal(LabelName.metric, AlertLabel.forStateMetric), .equal(AlertLabel.name, rule.name)]
        // What a template became is not known; other labels are as the rule has them.
        for (name, text) in rule.labels.sorted(by: { $0.key < $1.key }) where text.range(of: "{{") == nil { matchers.append(.equal(name, text)) }
        let time = nowMillis - surroundings.options.outageToleranceMillis...nowMillis
        let outcome = await surroundings.blocking.run { [reader = surroundings.reader, matchers] in
            Result { () throws(MetricStoreError) in
                var found: [Labels: (lastMillis: Int64, activeAtSeconds: Double)] = [:]
                var buffer = SampleBuffer()
                for series in try reader.select(SeriesSelection(matchers, time: time)) {
                    buffer.removeAll()
                    try series.read(time, into: &buffer)
                    guard buffer.count > 0 else { continue }
                    found[series.labels.with([LabelName.metric: ""])] = (buffer.timestamps[buffer.count - 1], buffer.values[buffer.count - 1])
                }
                return found
            }
        }
        switch outcome {
        case .success(let found): return found
        case .failure(let error):
            surroundings.logger.error("Failed to restore 'for' state", metadata: ["alertname": "\(rule.name)", "err": "\(error)"])
            return [:]
        }
    }

    /// Two intervals are time enough for the same rule in another group to go on with a series.
    private func endSeries() async {
        let clock = surroundings.clock
        let atMillis = clock.unixMillis - (group.queryOffsetMillis ?? surroundings.settings().queryOffsetMillis)
        guard (try? await clock.sleep(nanos: UInt64(group.intervalMillis) * 2_000_000)) != nil else { return }
        var series = state.written
        await surroundings.evaluator.end(&series, atMillis: atMillis)
    }
}
