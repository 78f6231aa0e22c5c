import Acquisition
import Bytes
import Logging
import MetricModel
import Platform

/// A scrape manager on a clock that stands still, a scripted transport and a store in memory.
///
/// Targets are `host:1` of the job `j` unless a test says otherwise. Time starts at 1,000,000 s and moves a scrape interval of ten
/// seconds a `tick`; the first tick is the first scrape of every target.
final class ScrapeRig: Sendable {
    let clock = ManualClock(unixMillis: 1_000_000_000)
    let transport = ScriptedTransport()
    let writer = RecordingWriter()
    let disk = SimulatedDisk()
    let manager: ScrapeManager
    private let running: Task<Void, Never>

    init() throws {
        let blocking = try BlockingPool(threads: 1)
        var options = ScrapeManager.Options()
        options.readYAML = { try JSONParser.parse($0) }
        let manager = ScrapeManager(
            writer: writer, transport: transport, files: disk, blocking: blocking, clock: clock, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.manager = manager
        running = Task { await manager.run() }
    }

    static func config(_ change: (inout ScrapeConfig) throws -> Void = { _ in }) rethrows -> ScrapeConfig {
        var config = ScrapeConfig(job: "j")
        config.interval = .seconds(10)
        config.timeout = .seconds(5)
        config.staticGroups = [TargetGroup(addresses: ["host:1"])]
        try change(&config)
        return config
    }

    /// Applies configurations and waits until as many loops and discoveries sleep.
    func apply(_ configs: [ScrapeConfig], sleepers: Int) async throws {
        try manager.apply(configs)
        try await settle(sleepers)
    }

    /// Moves time on by whole intervals, one by one, waiting for the scrapes of each.
    func tick(_ count: Int = 1, sleepers: Int = 1) async throws {
        for _ in 0..<count {
            clock.advance(millis: 10_000)
            try await settle(sleepers)
        }
    }

    /// Waits until so many tasks sleep, and go on sleeping.
    func settle(_ sleepers: Int) async throws {
        var calm = 0
        for _ in 0..<20_000 {
            if clock.sleeperCount == sleepers { calm += 1 } else { calm = 0 }
            if calm == 5 { return }
            try await Task.sleep(nanoseconds: 300_000)
        }
        throw Stuck(sleepers: clock.sleeperCount, expected: sleepers)
    }

    struct Stuck: Error {
        let sleepers: Int
        let expected: Int
    }

    func stop() async {
        running.cancel()
        await running.value
    }

    func samples(_ name: String, _ more: (String, String)..., job: String = "j", instance: String = "host:1") -> [String] {
        let labels = [("__name__", name), ("job", job), ("instance", instance)] + more
        return writer.samples(labels)
    }
}

extension RecordingWriter {
    func samples(_ labels: [(String, String)]) -> [String] { samples(labels: Labels(labels)) }
}
