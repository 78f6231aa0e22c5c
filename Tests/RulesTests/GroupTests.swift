import Logging
import MetricModel
import MetricStore
import Platform
import PromQL
import Rules
import Testing

@Suite("Groups of rules")
struct GroupTests {
    private static func rule(record name: String, _ query: String, labels: [String: String] = [:]) throws -> Rule { Rule(recording: name, try PromQL.parse(query), labels: labels) }

    /// A store, a group, and evaluations of it at will.
    private struct Bench {
        let store = MemoryStore()
        let engine: QueryEngine
        let evaluator: GroupEvaluator
        var state: GroupState
        var settings = RuleSettings()

        init(_ rules: [Rule], limit: Int = 0, offset: Int64? = nil, isRestored: Bool = true) {
            engine = QueryEngine(reader: store)
            evaluator = GroupEvaluator(engine: engine, writer: MemoryWriter(store: store), clock: SystemClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            state = GroupState(RuleGroup(name: "g", file: "f", intervalMillis: 60_000, queryOffsetMillis: offset, limit: limit, rules: rules), isRestored: isRestored)
        }

        func feed(_ metric: Labels, _ samples: [(Int64, Double)]) { store.append(metric, samples.map { (timestamp: $0.0, value: $0.1) }) }

        mutating func evaluate(_ millis: Int64) async { await evaluator.evaluate(&state, atMillis: millis, settings) }

        /// Every sample of a metric: time, value, nil for the marker of an end.
        func samples(_ name: String) throws -> [String: [(Int64, Double?)]] {
            var found: [String: [(Int64, Double?)]] = [:]
            for series in try store.select(SeriesSelection([.equal("__name__", name)], time: -1_000_000...1_000_000_000)) {
                var buffer = SampleBuffer()
                try series.read(-1_000_000...1_000_000_000, into: &buffer)
                found[series.labels.description] = (0..<buffer.count).map { (buffer.timestamps[$0], Staleness.isMarker(buffer.values[$0]) ? nil : buffer.values[$0]) }
            }
            return found
        }
    }

    private static func text(_ samples: [String: [(Int64, Double?)]]) -> [String: String] {
        samples.mapValues { $0.map { "\($0.0):\($0.1.map { "\($0)" } ?? "end")" }.joined(separator: " ") }
    }

    @Test("rules are evaluated in their order, each seeing what those before it wrote; labels are set, and taken away where they are empty")
    func recording() async throws {
        var bench = Bench([
            try Self.rule(record: "a", "sum by (job, x) (up)", labels: ["team": "t", "x": ""]), try Self.rule(record: "b", "a * 2"), try Self.rule(record: "c", "7"),
        ])
        bench.feed(["__name__": "up", "job": "j", "x": "1"], [(0, 3)])
        await bench.evaluate(1_000)
        #expect(bench.state.rules.map(\.health) == [.good, .good, .good])
        #expect(Self.text(try bench.samples("a")) == [#"a{job="j", team="t"}"#: "1000:3.0"])
        #expect(Self.text(try bench.samples("b")) == [#"b{job="j", team="t"}"#: "1000:6.0"])
        #expect(Self.text(try bench.samples("c")) == ["c": "1000:7.0"])
        #expect(bench.state.samples == 3)
    }

    @Test("a series that is not computed any more ends with a marker, once")
    func staleness() async throws {
        var bench = Bench([try Self.rule(record: "a", "up > 0")])
        bench.feed(["__name__": "up"], [(0, 1), (60_000, 0), (120_000, 0), (180_000, 2)])
        for minute in 0..<4 { await bench.evaluate(Int64(minute) * 60_000) }
        #expect(Self.text(try bench.samples("a")) == ["a": "0:1.0 60000:end 180000:2.0"])
    }

    @Test("a query offset moves the question and its samples back")
    func offset() async throws {
        var bench = Bench([try Self.rule(record: "a", "up")], offset: 60_000)
        bench.feed(["__name__": "up"], [(0, 1), (90_000, 2)])
        await bench.evaluate(120_000)
        #expect(Self.text(try bench.samples("a")) == ["a": "60000:1.0"])
    }

    @Test("labels that make two series one, too many series, a string, and what cannot be computed are errors of the rule, and nothing is written", arguments: [
        ("up", ["x": ""], 0, "vector contains metrics with the same labelset after applying rule labels"), ("up", [:], 1, "exceeded limit of 1 with 2 series"),
        ("\"text\"", [:], 0, "rule result is not a vector or scalar"), ("up[5m]", [:], 0, "rule result is not a vector or scalar"),
    ])
    func errors(query: String, labels: [String: String], limit: Int, error: String) async throws {
        var bench = Bench([try Self.rule(record: "a", query, labels: labels), try Self.rule(record: "b", "1")], limit: limit)
        bench.feed(["__name__": "up", "x": "1"], [(0, 1)])
        bench.feed(["__name__": "up", "x": "2"], [(0, 2)])
        await bench.evaluate(0)
        #expect(bench.state.rules.map(\.health) == [.bad, .good])
        #expect(bench.state.rules[0].lastError == error)
        #expect(try bench.samples("a").isEmpty)
    }

    @Test("alerts write ALERTS and ALERTS_FOR_STATE, which end with them; labels and annotations are expanded")
    func alerts() async throws {
        let rule = Rule(
            alerting: "Down", try PromQL.parse("up == 0"), .init(holdMillis: 60_000, annotations: ["summary": "{{ $labels.job }} is at {{ $value }} for {{ $externalLabels.site }}"]),
            labels: ["severity": "page", "where": "{{ .Labels.job }}"])
        var bench = Bench([rule])
        bench.settings.externalLabels = ["site": "home"]
        bench.feed(["__name__": "up", "job": "j"], [(0, 0), (60_000, 0), (120_000, 1)])
        await bench.evaluate(0)
        await bench.evaluate(60_000)
        let alert = try #require(bench.state.rules[0].alerts.active.first)
        #expect(alert.state == .firing)
        #expect(alert.labels == ["alertname": "Down", "job": "j", "severity": "page", "where": "j"])
        #expect(alert.annotations == ["summary": "j is at 0 for home"])
        await bench.evaluate(120_000)
        let labels = #"alertname="Down", "#
        #expect(Self.text(try bench.samples("ALERTS")) == [
            #"ALERTS{\#(labels)alertstate="pending", job="j", severity="page", where="j"}"#: "0:1.0 60000:end",
            #"ALERTS{\#(labels)alertstate="firing", job="j", severity="page", where="j"}"#: "60000:1.0 120000:end",
        ])
        #expect(Self.text(try bench.samples("ALERTS_FOR_STATE")) == [#"ALERTS_FOR_STATE{\#(labels)job="j", severity="page", where="j"}"#: "0:0.0 60000:0.0 120000:end"])
    }

    @Test("before it is known what was before a restart, alerts write nothing")
    func unrestored() async throws {
        var bench = Bench([Rule(alerting: "A", try PromQL.parse("1"), .init())], isRestored: false)
        await bench.evaluate(0)
        #expect(bench.state.rules[0].alerts.state == .firing)
        #expect(try bench.samples("ALERTS").isEmpty)
    }

    @Test("alerts that one label set would stand for are an error")
    func duplicateAlerts() async throws {
        var bench = Bench([Rule(alerting: "A", try PromQL.parse("up"), .init(), labels: ["x": "same"])])
        bench.feed(["__name__": "up", "x": "1"], [(0, 1)])
        bench.feed(["__name__": "up", "x": "2"], [(0, 1)])
        await bench.evaluate(0)
        #expect(bench.state.rules[0].lastError == "vector contains metrics with the same labelset after applying alert labels")
        #expect(bench.state.rules[0].alerts.all.isEmpty)
    }

    @Test("the templates of an alert may query; a broken one becomes its error")
    func templates() async throws {
        let rule = Rule(alerting: "A", try PromQL.parse("1"), .init(annotations: [
            "n": "{{ range query \"up\" | sortByLabel \"job\" }}{{ .Labels.job }}={{ .Value }};{{ end }}", "broken": "{{ query \"nothing\" | first }}", "unparsable": "{{ $nobody }}",
        ]))
        var bench = Bench([rule])
        bench.feed(["__name__": "up", "job": "b"], [(0, 1)])
        bench.feed(["__name__": "up", "job": "a"], [(0, 2)])
        await bench.evaluate(0)
        let annotations = try #require(bench.state.rules[0].alerts.all.first).annotations
        #expect(annotations["n"] == "a=2;b=1;")
        let front = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}".count
        #expect(annotations["broken"] == "<error expanding template: error executing template __alert_A: template: __alert_A:1:\(front + 21): executing \"__alert_A\" at <first>: error calling first: first() called on vector with no elements>")
        #expect(annotations["unparsable"] == "<error expanding template: error parsing template __alert_A: template: __alert_A:1: undefined variable \"$nobody\">")
    }

    // MARK: When

    @Test("evaluations stand on slots of the group's own, the same after every start; missed ones are counted and not made up for")
    func schedule() {
        let group = RuleGroup(name: "g", file: "f", intervalMillis: 10_000, rules: [])
        let interval: Int64 = 10_000_000_000
        var schedule = GroupSchedule(group, nowNanos: 1_000_000_000_123)
        let first = schedule.slotNanos
        #expect(first > 1_000_000_000_123 && first <= 1_000_000_000_123 + interval)
        #expect(GroupSchedule(group, nowNanos: 1_000_000_000_123 + 77 * interval).slotNanos == first + 77 * interval)
        #expect(GroupSchedule(RuleGroup(name: "other", file: "f", intervalMillis: 10_000, rules: []), nowNanos: 1_000_000_000_123).slotNanos != first)
        #expect(schedule.firstDelayNanos(nowNanos: 1_000_000_000_123) == UInt64(first - 1_000_000_000_123))
        #expect(schedule.delayNanos(nowNanos: first + 3) == UInt64(interval - 3))
        #expect(schedule.advance(nowNanos: first + interval) == 0)
        #expect(schedule.slotNanos == first + interval)
        // An evaluation that took three intervals and a half.
        #expect(schedule.delayNanos(nowNanos: first + 4 * interval + interval / 2) == 0)
        #expect(schedule.advance(nowNanos: first + 4 * interval + interval / 2) == 2)
        #expect(schedule.slotNanos == first + 4 * interval)
        // A clock that is set back an hour.
        _ = schedule.advance(nowNanos: first - 360 * interval + interval / 2)
        #expect(schedule.slotNanos == first - 360 * interval)
    }
}
