import Logging
import MetricModel
import MetricStore
import Platform
import PromQL
import Rules
import Server
import Testing

@Suite("Service levels")
struct ServiceLevelTests {
    @Test("a file is one service level, or a list of them")
    func files() throws {
        let one = try ServiceLevelFile.parse("name: fast\ntarget: 0.95\nthreshold_ms: 1000\nwindow_seconds: 86400\ndescription: d\nprimitive: p\njob: j\n", file: "f")
        #expect(one == [try ServiceLevel(name: "fast", target: 0.95, objective: .latency(thresholdMillis: 1_000), windowSeconds: 86_400, description: "d", primitive: "p", job: "j")])
        let list = try ServiceLevelFile.parse("slos:\n- {name: a, target: 0.99, error_rate_threshold: 0.05}\n- {name: b, target: 0.9, threshold_ms: 250}\n", file: "f")
        #expect(list.map(\.name) == ["a", "b"])
        #expect(list[0].window == .seconds(30 * 86_400))
    }

    @Test("mistakes are told with file, line and key", arguments: [
        ("name: a\ntarget: 1.5\nthreshold_ms: 1\n", "f:2: target: 1.5 is not a share between 0 and 1, such as 0.99"),
        ("name: a\ntarget: 0.9\n", "f:1: threshold_ms: a service level has either threshold_ms or error_rate_threshold"),
        ("name: a\ntarget: 0.9\nthreshold_ms: 1\nerror_rate_threshold: 0.1\n", "f:3: threshold_ms: a service level has either threshold_ms or error_rate_threshold"),
        ("name: a\ntarget: 0.9\nthreshold_ms: -1\n", "f:3: threshold_ms: -1.0 is not a number of milliseconds above 0"),
        ("name: a\ntarget: 0.9\nthreshold_ms: fast\n", "f:3: threshold_ms: \"fast\" is not a number"),
        ("name: a\ntarget: 0.9\nthreshold_ms: 1\nwindow_seconds: 10\n", "f:4: window_seconds: 10.0 is not a number of seconds between 300 and 31536000"),
        ("name: a\ntarget: 0.9\nerror_rate_threshold: 0.1\nwindow: 5\n", "f:4: field window is not known in the document"),
        ("slos:\n- {name: a, target: 0.9, threshold_ms: 1}\n- {name: a, target: 0.9, threshold_ms: 1}\n", "f:3: slos[1].name: \"a\" stands twice"),
    ])
    func mistakes(text: String, error: String) {
        do {
            _ = try ServiceLevelFile.parse(text, file: "f")
            Issue.record("\(text) was taken")
        } catch let found {
            #expect(found.description == error)
        }
    }

    @Test("thirty days have the workbook's burn rates; a short window has only what makes sense in it")
    func windows() throws {
        func alerts(_ seconds: Double) throws -> [String] {
            let level = try ServiceLevel(name: "s", target: 0.99, objective: .latency(thresholdMillis: 500), windowSeconds: seconds)
            return try level.groups(file: "f", intervalMillis: 15_000)[0].rules.filter { $0.alerting != nil }.map(\.query)
        }
        #expect(try alerts(30 * 86_400) == [
            "slo:burn_rate:ratio{slo=\"s\",window=\"1h\"} > 14.4 and ignoring (window) slo:burn_rate:ratio{slo=\"s\",window=\"5m\"} > 14.4",
            "slo:burn_rate:ratio{slo=\"s\",window=\"6h\"} > 6 and ignoring (window) slo:burn_rate:ratio{slo=\"s\",window=\"30m\"} > 6",
            "slo:burn_rate:ratio{slo=\"s\",window=\"3d\"} > 1 and ignoring (window) slo:burn_rate:ratio{slo=\"s\",window=\"6h\"} > 1",
        ])
        #expect(try alerts(86_400).count == 3)
        #expect(try alerts(3_600) == ["slo:burn_rate:ratio{slo=\"s\",window=\"6m\"} > 1 and ignoring (window) slo:burn_rate:ratio{slo=\"s\",window=\"1m\"} > 1"])
        #expect(try alerts(300).isEmpty)
    }

    /// Evaluates the rules of a service level over ten minutes of samples every ten seconds, and gives what they recorded last.
    private func recorded(_ level: ServiceLevel, _ feed: [(Labels, perStep: Double)]) async throws -> (values: [String: Double], firing: [String]) {
        let store = MemoryStore()
        for (labels, perStep) in feed { store.append(labels, (0...60).map { (timestamp: Int64($0) * 10_000, value: Double($0) * perStep) }) }
        let evaluator = GroupEvaluator(engine: QueryEngine(reader: store), writer: MemoryWriter(store: store), clock: SystemClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var values: [String: Double] = [:]
        var firing: [String] = []
        for group in try level.groups(file: "f", intervalMillis: 10_000) {
            var state = GroupState(group, isRestored: true)
            for step in 30...60 { await evaluator.evaluate(&state, atMillis: Int64(step) * 10_000, RuleSettings()) }
            for rule in state.rules {
                #expect(rule.health == .good, "\(rule.rule.query): \(rule.lastError ?? "")")
                firing += rule.alerts.active.filter { $0.state == .firing }.map { "\(rule.rule.name): \($0.annotations["summary"] ?? "")" }
            }
        }
        for series in try store.select(SeriesSelection([try Matcher(.regex, "__name__", "slo:.*")], time: 0...600_000)) {
            var buffer = SampleBuffer()
            try series.read(0...600_000, into: &buffer)
            values[series.labels.description] = (buffer.values[buffer.count - 1] * 1e6).rounded() / 1e6
        }
        return (values, firing)
    }

    @Test("errors use up their budget: a rate of twice what is allowed burns twice as fast and leaves less than nothing")
    func errors() async throws {
        let level = try ServiceLevel(name: "ok", target: 0.99, objective: .errors(rateThreshold: 0.015), windowSeconds: 600, primitive: "p")
        let good: Labels = ["__name__": "primitive_requests_total", "primitive": "p"]
        let bad: Labels = ["__name__": "primitive_errors_total", "primitive": "p"]
        let other: Labels = ["__name__": "primitive_errors_total", "primitive": "other"]
        let none = try await recorded(level, [(good, 100), (other, 100)])
        #expect(none.values[#"slo:error_budget_remaining:ratio{slo="ok"}"#] == 1)
        #expect(none.firing.isEmpty)
        let twice = try await recorded(level, [(good, 100), (bad, 2)])
        #expect(twice.values[#"slo:error_budget_remaining:ratio{slo="ok"}"#] == -1)
        #expect(twice.firing == ["SLOErrorRate: ok fails more often than it may"])
        let empty = try await recorded(level, [])
        #expect(empty.values.isEmpty && empty.firing.isEmpty)
    }

    @Test("slow executions use up theirs, whichever way the bound is written", arguments: ["1", "1.0"])
    func latency(bound: String) async throws {
        let level = try ServiceLevel(name: "fast", target: 0.9, objective: .latency(thresholdMillis: 1_000), windowSeconds: 3_600)
        let (values, firing) = try await recorded(level, [
            (["__name__": "primitive_duration_seconds_bucket", "le": bound], 80), (["__name__": "primitive_duration_seconds_bucket", "le": "10"], 99),
            (["__name__": "primitive_duration_seconds_count"], 100),
        ])
        #expect(values[#"slo:burn_rate:ratio{slo="fast", window="6m"}"#] == 2)
        #expect(values[#"slo:burn_rate:ratio{slo="fast", window="1m"}"#] == 2)
        #expect(values[#"slo:error_budget_remaining:ratio{slo="fast"}"#] == -1)
        #expect(firing == ["SLOBurnRate: fast uses up its error budget"])
    }
}
