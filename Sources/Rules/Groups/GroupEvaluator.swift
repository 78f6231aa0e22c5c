import Logging
import MetricModel
import MetricStore
import Platform
import PromQL

/// Evaluates a group once: asks, tells the group's state what came out, and writes.
package struct GroupEvaluator: Sendable {
    let engine: QueryEngine
    let writer: any MetricWriter
    let clock: any TimeSource
    let tally: RuleTally
    let logger: Logger
    /// Where alerts go that are due to be sent; nil where nobody is told.
    var notify: (@Sendable ([RaisedAlert]) async -> Void)?
    var resendDelayMillis: Int64 = 60_000

    package init(engine: QueryEngine, writer: any MetricWriter, clock: any TimeSource, logger: Logger) {
        self.init(engine: engine, writer: writer, clock: clock, tally: RuleTally(), logger: logger)
    }

    init(engine: QueryEngine, writer: any MetricWriter, clock: any TimeSource, tally: RuleTally, logger: Logger) {
        self.engine = engine
        self.writer = writer
        self.clock = clock
        self.tally = tally
        self.logger = logger
    }

    /// One evaluation of all rules, in their order, at the time `atMillis`.
    ///
    /// - Parameter goesOn: asked before each rule, with the state as it is; false ends the evaluation there.
    package func evaluate(_ state: inout GroupState, atMillis: Int64, _ settings: RuleSettings, goesOn: (GroupState) -> Bool = { _ in true }) async {
        let (began, beganUnix) = (clock.monotonicNanos, clock.unixNanos)
        let sampleMillis = atMillis - (state.group.queryOffsetMillis ?? settings.queryOffsetMillis)
        var samples = 0
        for index in state.rules.indices {
            guard goesOn(state) else { return }
            let (ruleBegan, ruleBeganUnix) = (clock.monotonicNanos, clock.unixNanos)
            tally.countEvaluation(state.group)
            do throws(RuleError) {
                samples += try await evaluate(&state.rules[index], state.group, atMillis: atMillis, sampleMillis: sampleMillis, settings)
            } catch {
                // Whoever shuts down ends the queries; that says nothing about the rule.
                if Task.isCancelled { return }
                fail(&state.rules[index], state.group, error.description)
            }
            state.rules[index].evaluationSeconds = seconds(since: ruleBegan)
            state.rules[index].evaluatedAtNanos = ruleBeganUnix
            tally.observeRule(state.rules[index].evaluationSeconds)
        }
        await end(&state.orphans, atMillis: sampleMillis)
        state.samples = samples
        state.evaluationSeconds = seconds(since: began)
        state.rulesSeconds = state.rules.reduce(0) { $0 + $1.evaluationSeconds }
        state.evaluatedAtNanos = beganUnix
        tally.observeGroup(state.evaluationSeconds)
    }

    private func seconds(since moment: UInt64) -> Double { Double(clock.monotonicNanos - moment) / 1e9 }

    private func fail(_ rule: inout RuleState, _ group: RuleGroup, _ reason: String) {
        rule.fail(reason)
        tally.countFailure(group)
        logger.warning("Evaluating rule failed", metadata: ["file": "\(group.file)", "group": "\(group.name)", "name": "\(rule.rule.name)", "err": "\(reason)"])
    }

    /// Returns how many samples came out.
    private func evaluate(
        _ state: inout RuleState, _ group: RuleGroup, atMillis: Int64, sampleMillis: Int64, _ settings: RuleSettings
    ) async throws(RuleError) -> Int {
        let answer = try await Self.answer(engine, state.rule.query, atMillis: sampleMillis)
        let samples: [InstantSample]
        if state.rule.alerting != nil {
            let raised = try await raise(answer, state.rule, atMillis: atMillis, settings)
            samples = try state.alerted(raised, limit: group.limit, atMillis: atMillis, sampleMillis: sampleMillis)
        } else {
            samples = try state.recorded(answer, limit: group.limit, atMillis: sampleMillis)
        }
        state.health = .good
        state.lastError = nil
        if state.rule.alerting != nil, let notify {
            let due = state.alerts.takeDue(atMillis: atMillis, intervalMillis: group.intervalMillis, resendDelayMillis: resendDelayMillis)
            if !due.isEmpty { await notify(due.map { RaisedAlert($0, link: settings.externalURL + GoURL.tableLink(state.rule.query)) }) }
        }
        await write(samples, &state, group, endMillis: sampleMillis)
        return samples.count
    }

    /// The answer to a rule's query: a vector, or a scalar as one.
    static func answer(_ engine: QueryEngine, _ query: String, atMillis: Int64) async throws(RuleError) -> [InstantSample] {
        let value: QueryValue
        do throws(QueryError) { value = try await engine.instant(query, atMillis: atMillis).value } catch { throw .query(error.description) }
        switch value {
        case .vector(let samples): return samples
        case .scalar(let time, let value): return [InstantSample(labels: .empty, timeMillis: time, value: value)]
        case .string, .matrix: throw .notAVector
        }
    }

    /// What the condition holds for, each with its labels and annotations expanded.
    private func raise(_ answer: [InstantSample], _ rule: Rule, atMillis: Int64, _ settings: RuleSettings) async throws(RuleError) -> [Labels: Alert] {
        guard let alerting = rule.alerting else { return [:] }
        var raised: [Labels: Alert] = [:]
        for sample in answer {
            let expander = AlertExpander(rule: rule, sample: sample, atMillis: atMillis, settings: settings, engine: engine, tally: tally, logger: logger)
            var changes = [LabelName.metric: ""]
            for (name, text) in rule.labels { changes[name] = await expander.expand(text) }
            changes[AlertLabel.name] = rule.name
            var annotations: [String: String] = [:]
            for (name, text) in alerting.annotations { annotations[name] = await expander.expand(text) }
            let labels = sample.labels.with(changes)
            guard raised.updateValue(Alert(labels: labels, annotations: annotations, value: sample.value, activeAtMillis: atMillis), forKey: labels) == nil else { throw .duplicateAlerts }
        }
        return raised
    }

    private func write(_ samples: [InstantSample], _ state: inout RuleState, _ group: RuleGroup, endMillis: Int64) async {
        var batch = SampleBatch()
        for sample in samples {
            if let histogram = sample.histogram {
                batch.append(sample.labels, timestamp: sample.timeMillis, histogram: histogram)
            } else {
                batch.append(sample.labels, timestamp: sample.timeMillis, value: sample.value)
            }
        }
        do throws(MetricStoreError) {
            let report = batch.isEmpty ? AppendReport() : try await writer.append(batch, durability: .logged)
            if report.refused > 0 {
                let reason = report.firstRefusal ?? "\(report.refused) samples were refused"
                state.fail(reason)
                logger.warning("Rule evaluation result discarded", metadata: [
                    "file": "\(group.file)", "group": "\(group.name)", "name": "\(state.rule.name)", "num_dropped": "\(report.refused)", "err": "\(reason)",
                ])
            }
            var ended = Set(state.settle(written: Set(samples.map(\.labels))))
            await end(&ended, atMillis: endMillis)
        } catch {
            fail(&state, group, error.description)
        }
    }

    /// Ends series with a stale marker; what cannot be written now is tried again with the next evaluation. One that another rule goes on with
    /// has a younger sample, and its marker is refused.
    func end(_ series: inout Set<Labels>, atMillis: Int64) async {
        if series.isEmpty { return }
        var batch = SampleBatch()
        for labels in series.sorted() { batch.append(labels, timestamp: atMillis, value: Staleness.marker) }
        do throws(MetricStoreError) {
            _ = try await writer.append(batch, durability: .logged)
            series = []
        } catch {
            logger.warning("Adding stale samples of rules failed", metadata: ["err": "\(error)"])
        }
    }
}

extension RaisedAlert {
    fileprivate init(_ alert: Alert, link: String) {
        self.init(
            labels: alert.labels, annotations: alert.annotations, startsAtMillis: alert.firedAtMillis ?? alert.activeAtMillis,
            endsAtMillis: alert.resolvedAtMillis ?? alert.validUntilMillis ?? alert.activeAtMillis, generatorURL: link)
    }
}
