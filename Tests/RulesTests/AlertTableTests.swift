import MetricModel
import PromQL
import Rules
import Testing

/// Alerts as upstream's rules/alerting.go and rules/group.go have them, without a clock.
@Suite("The states of alerts")
struct AlertTableTests {
    fileprivate static let minute: Int64 = 60_000

    /// A rule that is told at each minute whether its condition holds.
    fileprivate struct Run {
        var table = AlertTable(isRestored: true)
        var rule: Rule.Alerting
        var value = 0.0

        init(hold: Int64 = 0, keep: Int64 = 0) { rule = Rule.Alerting(holdMillis: hold * minute, keepFiringMillis: keep * minute) }

        /// How the one alert stands behind the evaluation.
        mutating func step(_ minutes: Int64, holds: Bool) throws -> Alert? {
            let now = minutes * minute
            value += 1
            let labels: Labels = ["alertname": "A"]
            let raised = holds ? [labels: Alert(labels: labels, annotations: ["n": "\(value)"], value: value, activeAtMillis: now)] : [:]
            _ = try table.evaluate(raised, rule, limit: 0, atMillis: now)
            return table.all.first
        }
    }

    @Test("an alert is pending until its condition has held for as long as `for` says, then fires")
    func hold() throws {
        var run = Run(hold: 2)
        #expect(try run.step(0, holds: true)?.state == .pending)
        #expect(try run.step(1, holds: true)?.state == .pending)
        let fired = try run.step(2, holds: true)
        #expect(fired?.state == .firing)
        #expect(fired?.activeAtMillis == 0)
        #expect(fired?.firedAtMillis == 2 * Self.minute)
        #expect(fired?.value == 3)
        #expect(fired?.annotations == ["n": "3.0"])
        #expect(try Run(hold: 0).firesAtOnce())
    }

    @Test("one that is pending and no longer holds is forgotten; one that fired is resolved and kept for 15 minutes")
    func resolution() throws {
        var pending = Run(hold: 5)
        _ = try pending.step(0, holds: true)
        #expect(try pending.step(1, holds: false) == nil)
        var run = Run()
        _ = try run.step(0, holds: true)
        let resolved = try run.step(1, holds: false)
        #expect(resolved?.state == .inactive)
        #expect(resolved?.resolvedAtMillis == Self.minute)
        #expect(run.table.active.isEmpty)
        #expect(try run.step(16, holds: false)?.resolvedAtMillis == Self.minute)
        #expect(try run.step(17, holds: false) == nil)
    }

    @Test("one that holds again is another alert, whose time begins anew")
    func again() throws {
        var run = Run(hold: 1)
        _ = try run.step(0, holds: true)
        _ = try run.step(1, holds: true)
        _ = try run.step(2, holds: false)
        let again = try run.step(3, holds: true)
        #expect(again?.state == .pending)
        #expect(again?.activeAtMillis == 3 * Self.minute)
        #expect(again?.resolvedAtMillis == nil)
    }

    @Test("it fires on for as long as `keep_firing_for` says, counted from when it no longer holds")
    func keepFiring() throws {
        var run = Run(keep: 2)
        _ = try run.step(0, holds: true)
        let kept = try run.step(1, holds: false)
        #expect(kept?.state == .firing)
        #expect(kept?.keepFiringSinceMillis == Self.minute)
        #expect(try run.step(2, holds: true)?.keepFiringSinceMillis == nil)
        #expect(try run.step(3, holds: false)?.state == .firing)
        #expect(try run.step(4, holds: false)?.state == .firing)
        #expect(try run.step(5, holds: false)?.state == .inactive)
    }

    @Test("a longer `for` after a reload puts it back to pending")
    func longerHold() throws {
        var run = Run()
        _ = try run.step(0, holds: true)
        run.rule.holdMillis = 5 * Self.minute
        #expect(try run.step(1, holds: true)?.state == .pending)
        #expect(try run.step(5, holds: true)?.state == .firing)
    }

    @Test("more alerts than the limit are an error that leaves none")
    func limit() {
        var table = AlertTable(isRestored: true)
        let raised = Dictionary(uniqueKeysWithValues: (0..<3).map { number in
            let labels: Labels = ["n": "\(number)"]
            return (labels, Alert(labels: labels, annotations: [:], value: 1, activeAtMillis: 0))
        })
        #expect(throws: RuleError.tooManyAlerts(limit: 2, count: 3)) { try table.evaluate(raised, Rule.Alerting(), limit: 2, atMillis: 0) }
        #expect(table.all.isEmpty)
        #expect(RuleError.tooManyAlerts(limit: 2, count: 3).description == "exceeded limit of 2 with 3 alerts")
    }

    @Test("it is sent when it fires, again behind the delay, and at once when it is resolved; never while it is pending")
    func sending() throws {
        func due(_ run: inout Run, _ minutes: Int64) -> [Alert] { run.table.takeDue(atMillis: minutes * Self.minute, intervalMillis: Self.minute, resendDelayMillis: Self.minute) }
        var run = Run(hold: 1)
        _ = try run.step(0, holds: true)
        #expect(due(&run, 0).isEmpty)
        _ = try run.step(1, holds: true)
        let sent = try #require(due(&run, 1).first)
        #expect(sent.validUntilMillis == 5 * Self.minute)
        #expect(sent.lastSentAtMillis == Self.minute)
        // The delay has to be over, not just reached.
        _ = try run.step(2, holds: true)
        #expect(due(&run, 2).isEmpty)
        _ = try run.step(3, holds: true)
        #expect(due(&run, 3).count == 1)
        _ = try run.step(4, holds: false)
        #expect(due(&run, 4).first?.resolvedAtMillis == 4 * Self.minute)
        #expect(due(&run, 5).isEmpty)
        #expect(due(&run, 6).first?.state == .inactive)
    }

    @Test("its validity is four times the longer of interval and delay")
    func validity() throws {
        var run = Run()
        _ = try run.step(0, holds: true)
        #expect(run.table.takeDue(atMillis: 0, intervalMillis: 10 * Self.minute, resendDelayMillis: Self.minute).first?.validUntilMillis == 40 * Self.minute)
    }

    /// Upstream rules/alerting_test.go, TestForStateRestore: `for: 30m`, a grace of 10 minutes; minutes before the stop and of the outage, and how much is left.
    @Test("what an alert had waited before a restart counts", arguments: [
        (waited: 0, down: 15, left: 30), (waited: 5, down: 5, left: 25), (waited: 15, down: 15, left: 15), (waited: 25, down: 5, left: 10), (waited: 40, down: 5, left: 0),
    ])
    func restoration(waited: Int64, down: Int64, left: Int64) throws {
        var run = Run(hold: 30)
        let stop = 1_000 + waited
        let start = stop + down
        _ = try run.step(start, holds: true)
        run.table.restore(
            [["alertname": "A"]: (stop * Self.minute, Double(1_000 * 60))], holdMillis: 30 * Self.minute, graceMillis: 10 * Self.minute, atMillis: start * Self.minute)
        let activeAt = try #require(run.table.all.first).activeAtMillis
        #expect(max(activeAt + 30 * Self.minute - start * Self.minute, 0) == left * Self.minute)
        if left > 0 { #expect(try run.step(start + left - 1, holds: true)?.state == .pending) }
        #expect(try run.step(start + left, holds: true)?.state == .firing)
    }

    @Test("a series that had ended, or is of another alert, restores nothing")
    func noRestoration() throws {
        for (name, value) in [("A", Staleness.marker), ("B", 0)] {
            var run = Run(hold: 30)
            _ = try run.step(100, holds: true)
            run.table.restore([["alertname": name]: (99 * Self.minute, value)], holdMillis: 30 * Self.minute, graceMillis: 10 * Self.minute, atMillis: 100 * Self.minute)
            #expect(run.table.all.first?.activeAtMillis == 100 * Self.minute)
        }
    }
}

extension AlertTableTests.Run {
    fileprivate func firesAtOnce() throws -> Bool {
        var run = self
        return try run.step(0, holds: true)?.state == .firing
    }
}
