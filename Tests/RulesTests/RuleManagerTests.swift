import Foundation
import Logging
import MetricModel
import MetricStore
import Platform
import PromQL
import Rules
import Synchronization
import Testbed
import Testing

/// The service itself, on a clock that the test moves.
@Suite("The rule manager", .ownWaitingThread)
struct RuleManagerTests {
    /// What was sent, in order.
    private final class Outbox: Sendable {
        let sent = Mutex<[[RaisedAlert]]>([])
        var all: [RaisedAlert] { sent.withLock { $0.flatMap { $0 } } }
    }

    private struct Bench {
        let store = MemoryStore()
        let clock = ManualClock(unixMillis: 1_000_000_000)
        let outbox = Outbox()
        let pool: BlockingPool
        let manager: RuleManager
        let run: Task<Void, Never>

        init() throws {
            pool = try BlockingPool()
            manager = RuleManager(
                engine: QueryEngine(reader: store), reader: store, writer: MemoryWriter(store: store), blocking: pool, clock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, notify: { [outbox] alerts in outbox.sent.withLock { $0.append(alerts) } })
            var settings = RuleSettings()
            settings.externalURL = "http://here:9090"
            manager.set(settings)
            run = Task { [manager] in await manager.run() }
        }

        func end() async {
            run.cancel()
            await run.value
            pool.close()
        }

        /// Moves the clock on by quarters of a second until the condition holds; whether it came to. The manager's tasks share two threads with all other
        /// tests, which may keep them for long.
        func advance(until condition: () throws -> Bool) async throws -> Bool {
            let deadline = Date().addingTimeInterval(300)
            while try !condition() {
                guard Date() < deadline else { return false }
                clock.advance(millis: 250)
                try await Task.sleep(for: .milliseconds(2))
            }
            return true
        }

        /// The last value of a series, nil for none and for one that has ended.
        func last(_ name: String) throws -> Double? {
            guard let series = try store.select(SeriesSelection([.equal("__name__", name)], time: 0...2_000_000_000)).first else { return nil }
            var buffer = SampleBuffer()
            try series.read(0...2_000_000_000, into: &buffer)
            let value = buffer.values[buffer.count - 1]
            return Staleness.isMarker(value) ? nil : value
        }

    }

    private static func group(_ name: String, _ rules: [(name: String, query: String)], interval: Int64 = 1_000) throws -> RuleGroup {
        RuleGroup(name: name, file: "f", intervalMillis: interval, rules: try rules.map { Rule(recording: $0.name, try PromQL.parse($0.query)) })
    }

    @Test("groups are evaluated at their interval; each source replaces its own, and series of what is gone end")
    func sources() async throws {
        let bench = try Bench()
        bench.manager.setGroups([try Self.group("g", [("a", "1"), ("b", "2")])], from: .files)
        bench.manager.setGroups([try Self.group("g", [("c", "3")])], from: .serviceLevels)
        #expect(try await bench.advance { try bench.last("a") == 1 && bench.last("b") == 2 && bench.last("c") == 3 })
        #expect(bench.manager.groups.map { $0.rules.count }.sorted() == [1, 2])
        // One rule less: its series ends, the other goes on without a gap.
        bench.manager.setGroups([try Self.group("g", [("a", "1")])], from: .files)
        #expect(bench.manager.groups.map { $0.rules.count } == [1, 1])
        #expect(try await bench.advance { try bench.last("b") == nil })
        #expect(try bench.last("a") == 1)
        // The whole group less.
        bench.manager.setGroups([], from: .files)
        #expect(try await bench.advance { try bench.last("a") == nil })
        #expect(try bench.last("c") == 3)
        #expect(bench.manager.groups.count == 1)
        await bench.end()
    }

    @Test("a rule that moves to another group keeps its series")
    func moved() async throws {
        let bench = try Bench()
        bench.manager.setGroups([try Self.group("old", [("a", "1")])], from: .files)
        #expect(try await bench.advance { try bench.last("a") == 1 })
        bench.manager.setGroups([try Self.group("new", [("a", "2")])], from: .files)
        #expect(try await bench.advance { try bench.last("a") == 2 })
        let end = bench.clock.unixMillis + 5_000
        #expect(try await bench.advance { try bench.clock.unixMillis > end && bench.last("a") == 2 })
        await bench.end()
    }

    @Test("what is due is sent with its times and a link; a reload keeps alerts; resolved ones are sent as such")
    func notifications() async throws {
        let bench = try Bench()
        func group(_ rules: [Rule]) -> RuleGroup { RuleGroup(name: "g", file: "f", intervalMillis: 1_000, rules: rules) }
        bench.store.append(["__name__": "up"], [(timestamp: Int64(1_000_000_000 - 1_000), value: 0.0)])
        let rule = Rule(alerting: "Down", try PromQL.parse("last_over_time(up[1d]) == 0"), .init(annotations: ["s": "{{ $value }} on {{ externalURL }}"]), labels: ["severity": "page"])
        bench.manager.setGroups([group([rule])], from: .files)
        #expect(try await bench.advance { !bench.outbox.all.isEmpty })
        let raised = try #require(bench.outbox.all.first)
        #expect(raised.labels == ["alertname": "Down", "severity": "page"])
        #expect(raised.annotations == ["s": "0 on http://here:9090"])
        #expect(raised.endsAtMillis == raised.startsAtMillis + 4 * 60_000)
        #expect(raised.generatorURL == "http://here:9090/graph?g0.expr=last_over_time%28up%5B1d%5D%29+%3D%3D+0&g0.tab=1")
        // Another rule beside it: the group is another, the alert the same.
        bench.manager.setGroups([group([Rule(recording: "r", try PromQL.parse("1")), rule])], from: .files)
        #expect(try await bench.advance { try bench.last("r") == 1 })
        #expect(bench.manager.groups[0].rules[1].alerts.all.first?.firedAtMillis == raised.startsAtMillis)
        // Behind the delay of a minute it is sent again.
        #expect(try await bench.advance { bench.outbox.all.count > 1 })
        #expect(bench.outbox.all[1].startsAtMillis == raised.startsAtMillis)
        #expect(bench.outbox.all[1].endsAtMillis > raised.endsAtMillis + 60_000 - 1_000)
        bench.store.append(["__name__": "up"], [(timestamp: bench.clock.unixMillis, value: 1.0)])
        #expect(try await bench.advance { bench.outbox.all.last.map { $0.endsAtMillis <= bench.clock.unixMillis } ?? false })
        #expect(bench.outbox.all.last?.startsAtMillis == raised.startsAtMillis)
        await bench.end()
    }

    @Test("of a group that is gone the metrics say nothing more")
    func metrics() async throws {
        let bench = try Bench()
        func value(_ name: String, _ group: String) -> Double? {
            bench.manager.metricFamilies().first { $0.name == name }?.points.first { $0.labels.first?.value == group }?.value
        }
        bench.manager.setGroups([try Self.group("g", [("a", "1"), ("b", "up[1m]")])], from: .files)
        #expect(try await bench.advance { (value("prometheus_rule_evaluations_total", "f;g") ?? 0) >= 4 })
        #expect((value("prometheus_rule_evaluation_failures_total", "f;g") ?? 0) >= 1)
        #expect(value("prometheus_rule_group_rules", "f;g") == 2)
        #expect(value("prometheus_rule_group_interval_seconds", "f;g") == 1)
        #expect(value("prometheus_rule_group_last_evaluation_samples", "f;g") == 1)
        bench.manager.setGroups([], from: .files)
        #expect(value("prometheus_rule_group_rules", "f;g") == nil)
        await bench.end()
    }
}
