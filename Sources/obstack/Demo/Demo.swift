import FoundationEssentials
import OTLP
import TraceModel

/// Runs the simulated world in real time and reports it to a stack over the public protocols.
struct Demo {
    private static let tick = Duration.milliseconds(250)
    private static let spanSendSeconds = 1.0
    private static let progressSeconds = 10.0
    private static let historyStepSeconds = 5.0
    private static let spansPerRequest = 2000
    /// Spans kept while the stack does not answer; at more they are given up.
    private static let pendingSpansMax = 20_000

    private let options: DemoOptions
    private let interruption: Interruption
    private var exporter: DemoExporter
    private var simulation: DemoSimulation
    private let realStartUnixNano: UInt64

    private var spanCount = 0
    private var droppedSpanCount = 0
    private var reportCount = 0
    /// Whether the last request failed, so that the terminal is told once and not every second.
    private var isDisconnected = false

    /// Runs until the duration is over or the process is interrupted. Throws when the stack does not answer at the start.
    static func run(options: DemoOptions, interruption: Interruption = Interruption()) async throws(DemoError) {
        var demo = Demo(options: options, interruption: interruption)
        let outcome: Result<Void, DemoError>
        do throws(DemoError) { outcome = .success(try await demo.run()) } catch { outcome = .failure(error) }
        await demo.exporter.shutdown()
        try outcome.get()
    }

    private init(options: DemoOptions, interruption: Interruption) {
        self.options = options
        self.interruption = interruption
        exporter = DemoExporter(base: options.otlp)
        realStartUnixNano = Self.now()
        let start = realStartUnixNano - UInt64(options.historySeconds * 1e9)
        simulation = DemoSimulation(seed: options.seed, rate: options.rate, startUnixNano: start, instance: "demo-\(String(realStartUnixNano / 1_000_000, radix: 36))")
    }

    private mutating func run() async throws(DemoError) {
        // An empty request is valid OTLP: it asks whether somebody is there.
        try await exporter.send([], .traces)
        introduce()
        try await replayHistory()
        await play()
        await sayGoodbye()
    }

    private func introduce() {
        let host = URL(string: options.otlp)?.host() ?? "127.0.0.1"
        let services = DemoService.allCases.map(\.rawValue).joined(separator: ", ")
        Terminal.say("""
            obstack demo: about \(options.rate.formatted) workflows a second to \(options.otlp) (OTLP over HTTP, protobuf, gzip), seed \(options.seed)
              traces    \(services); workflow → cache → router → retry → model, with fallbacks, timeouts and errors
              metrics   of workflow-api: primitive_duration_seconds (native and classic), primitive_requests_total, workflow_active_requests, cache_hit_rate, …
              look at   http://\(host):3000  dashboard "TTA.dev Workflows"
                        http://\(host):16686 traces of workflow-api
                        http://\(host):9090  sum by (primitive) (rate(primitive_requests_total[1m]))
              \(options.durationSeconds.map { "ends after \($0.formatted) s" } ?? "Ctrl-C ends it")
            """)
    }

    /// Tells what would have happened before now, as fast as the stack takes it.
    private mutating func replayHistory() async throws(DemoError) {
        guard options.historySeconds > 0 else { return }
        let step = UInt64(Self.historyStepSeconds * 1e9)
        var time = realStartUnixNano - UInt64(options.historySeconds * 1e9)
        while time + step <= realStartUnixNano, !interruption.isRequested {
            time += step
            simulation.advance(to: time)
            if simulation.pendingSpanCount >= Self.spansPerRequest { try await sendSpans() }
            try await sendReport(at: time)
        }
        try await sendSpans()
        Terminal.say("  history   \(simulation.workflowCount) workflows of the last \((options.historySeconds / 60).formatted) minutes sent")
    }

    private mutating func play() async {
        var nextSpans = 0.0
        var nextReport = 0.0
        var nextProgress = Self.progressSeconds
        while !interruption.isRequested {
            let now = Self.now()
            let elapsed = Double(now - realStartUnixNano) / 1e9
            if let duration = options.durationSeconds, elapsed >= duration { break }
            simulation.advance(to: now)
            if elapsed >= nextSpans {
                nextSpans = elapsed + Self.spanSendSeconds
                await attempt { demo throws(DemoError) in try await demo.sendSpans() }
            }
            if elapsed >= nextReport {
                nextReport = elapsed + options.intervalSeconds
                await attempt { demo throws(DemoError) in try await demo.sendReport(at: now) }
            }
            if elapsed >= nextProgress {
                nextProgress += Self.progressSeconds
                printProgress("\(Int(elapsed)) s")
            }
            try? await Task.sleep(for: Self.tick)
        }
    }

    /// The last spans, and a report without values, so that graphs end where the demo does.
    private mutating func sayGoodbye() async {
        let now = Self.now()
        simulation.advance(to: now)
        await attempt { demo throws(DemoError) in try await demo.sendSpans() }
        await attempt { demo throws(DemoError) in try await demo.sendReport(at: now) }
        await attempt { demo throws(DemoError) in try await demo.sendReport(at: now + 1_000_000, ending: true) }
        printProgress("done")
    }

    private mutating func sendSpans() async throws(DemoError) {
        let count = simulation.pendingSpanCount
        guard count > 0 else { return }
        do throws(DemoError) { try await exporter.send(OTLPTraces.encode(simulation.pendingSpans), .traces) } catch {
            if count > Self.pendingSpansMax {
                simulation.forgetSpans()
                droppedSpanCount += count
            }
            throw error
        }
        simulation.forgetSpans()
        spanCount += count
    }

    private mutating func sendReport(at time: UInt64, ending: Bool = false) async throws(DemoError) {
        try await exporter.send(OTLPMetrics.encode(simulation.report(at: time, ending: ending)), .metrics)
        reportCount += 1
    }

    /// Does it, and when the stack does not answer says so once and goes on.
    private mutating func attempt(_ body: (inout Demo) async throws(DemoError) -> Void) async {
        do throws(DemoError) {
            try await body(&self)
            if isDisconnected { Terminal.say("  connected again") }
            isDisconnected = false
        } catch {
            if !isDisconnected { Terminal.say("  \(error); trying again") }
            isDisconnected = true
        }
    }

    private func printProgress(_ when: String) {
        var lost = droppedSpanCount > 0 ? ", \(droppedSpanCount) spans lost" : ""
        if exporter.rejected > 0 { lost += ", \(exporter.rejected) items rejected (\(exporter.rejection))" }
        Terminal.say("  \(when): \(simulation.workflowCount) workflows (\(simulation.failedCount) failed), \(spanCount) spans, \(reportCount) reports of metrics acknowledged\(lost)")
    }

    private static func now() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1e6) * 1000 }
}

extension Double {
    /// Without a fraction where there is none.
    fileprivate var formatted: String { self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self) }
}
