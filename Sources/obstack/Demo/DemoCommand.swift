import ArgumentParser
import FoundationEssentials

/// `obstack demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Send the telemetry of a simulated workload, so that every page is alive at once.",
        discussion: "Workflows of cached, routed and retried model calls report real metrics and traces to a running stack over OTLP.")

    @Option(help: ArgumentHelp("The base address of OTLP over HTTP.", valueName: "url"))
    var otlp: String = "http://127.0.0.1:" + (ProcessInfo.processInfo.environment["JAEGER_OTLP_PORT"] ?? "4318")

    @Option(help: ArgumentHelp("Workflows a second, on average.", valueName: "number"))
    var rate: Double = 8

    @Option(help: ArgumentHelp("Seconds until it ends by itself; without it, Ctrl-C ends it.", valueName: "seconds"))
    var duration: Double?

    @Option(help: ArgumentHelp("Minutes before now to tell of as well, so that graphs are full at once.", valueName: "minutes"))
    var history: Double = 10

    @Option(help: ArgumentHelp("Seconds between reports of metrics.", valueName: "seconds"))
    var interval: Double = 2

    @Option(help: ArgumentHelp("Another seed tells another story.", valueName: "number"))
    var seed: UInt64 = 1

    func validate() throws {
        guard let url = URL(string: otlp), url.scheme == "http" || url.scheme == "https", url.host() != nil else {
            throw ValidationError("--otlp takes a base address such as http://127.0.0.1:4318, not '\(otlp)'")
        }
        guard (0.1...1000).contains(rate) else { throw ValidationError("--rate takes 0.1 to 1000 workflows a second, not \(rate)") }
        guard duration.map({ (0.1...31_536_000).contains($0) }) ?? true else { throw ValidationError("--duration takes 0.1 to 31536000 seconds, not \(duration ?? 0)") }
        guard (0...55).contains(history) else { throw ValidationError("--history takes 0 to 55 minutes, not \(history)") }
        guard (0.5...60).contains(interval) else { throw ValidationError("--interval takes 0.5 to 60 seconds, not \(interval)") }
    }

    func run() async throws {
        let interruption = Interruption()
        interruption.listen()
        do {
            try await Demo.run(
                options: DemoOptions(otlp: otlp, rate: rate, durationSeconds: duration, historySeconds: history * 60, intervalSeconds: interval, seed: seed),
                interruption: interruption)
        } catch {
            Terminal.complain("obstack demo: \(error)")
            throw ExitCode(1)
        }
    }
}
