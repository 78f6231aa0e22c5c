import Bytes
import Foundation
import Logging
import MetricModel
import Platform
import RemoteStores
import Synchronization
import Testbed
import Testing

@Suite("Remote write's queues", .serialized)
struct RemoteWriteTests {
    /// A writer with one queue at work, and the task that it runs in.
    private struct Running {
        let writer: RemoteWriter
        let task: Task<Void, Never>

        init(_ source: FakeCommits, _ receiver: FakeReceiver, on disk: any FileSystem, _ change: (inout RemoteWriteOptions) -> Void = { _ in }) throws {
            let made = Mutex<[FakeReceiver.Client]>([])
            writer = RemoteWriter(
                source: source, metadata: { [("m", MetricMetadata(kind: .gauge, unit: "", help: "A metric."))] }, directory: "/remote", disk: disk, logger: RemoteWriteTests.silence
            ) { _ in
                let client = receiver.client()
                made.withLock { $0.append(client) }
                return client
            }
            try writer.apply([RemoteWriteTests.options(change)])
            task = Task { [writer] in await writer.run() }
            self.made = { made.withLock { $0 } }
        }

        let made: @Sendable () -> [FakeReceiver.Client]

        func stop() async {
            task.cancel()
            await task.value
        }

        func value(_ name: String, _ label: (String, String)? = nil) -> Double {
            writer.metricFamilies().flatMap(\.points).filter { point in point.name == name && (label.map { wanted in point.labels.contains { $0.name == wanted.0 && $0.value == wanted.1 } } ?? true) }
                .reduce(0) { $0 + $1.value }
        }
    }

    private static let silence: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    private static func options(_ change: (inout RemoteWriteOptions) -> Void = { _ in }) -> RemoteWriteOptions {
        var options = RemoteWriteOptions(name: "test", http: RemoteHTTPOptions(url: "http://receiver/write"))
        options.queue.batchSendDeadlineMillis = 1
        options.queue.backoffMinMillis = 1
        options.queue.backoffMaxMillis = 5
        options.queue.samplesPerSendMax = 20
        options.queue.capacity = 50
        options.queue.shardsMax = 4
        options.metadata.isSent = false
        change(&options)
        return options
    }

    private static func waitUntil(_ condition: () -> Bool) async throws -> Bool {
        let deadline = Date().addingTimeInterval(60)
        while !condition() {
            guard Date() < deadline else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    private static func rows(_ count: Int, from first: Int, using generator: inout SeededGenerator) -> [FakeCommits.Row] {
        (first..<first + count).map { .init(series: Int.random(in: 0..<40, using: &generator), time: Int64($0)) }
    }

    private static func expectAll(of source: FakeCommits, at receiver: FakeReceiver, _ comment: Comment? = nil) {
        let sent = Dictionary(grouping: source.all, by: \.series).mapValues { $0.map(\.time) }
        #expect(Set(sent.values) == Set(receiver.samples.values), comment)
        #expect(sent.count == receiver.samples.count, comment)
    }

    @Test("whatever way a receiver is away and comes back, everything arrives, each series in order, and nothing is given up", arguments: 1...4)
    func outages(seed: Int) async throws {
        let source = FakeCommits()
        let receiver = FakeReceiver { number in
            var generator = SeededGenerator(UInt64(seed * 10_000 + number))
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: return .isAway
            case 1: return .answers(status: 503)
            case 2: return .takesSilently
            default: return .takes
            }
        }
        let running = try Running(source, receiver, on: SimulatedDisk())
        var generator = SeededGenerator(UInt64(seed))
        for burst in 0..<10 {
            source.add(Self.rows(200, from: burst * 200, using: &generator))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<30, using: &generator)))
        }
        #expect(try await Self.waitUntil { receiver.count == 2_000 })
        #expect(try await Self.waitUntil { running.value("prometheus_remote_storage_samples_pending") == 0 })
        Self.expectAll(of: source, at: receiver)
        let failed = running.value("prometheus_remote_storage_samples_failed_total")
        let attempted = running.value("prometheus_remote_storage_samples_total"), retried = running.value("prometheus_remote_storage_samples_retried_total")
        #expect(retried > 0)
        // What was taken silently is refused when it comes again, all of it being there.
        #expect(attempted - retried - failed <= 2_000 && (failed == 0) == (receiver.refused == 0))
        await running.stop()
    }

    @Test("power that goes in the middle of rounds, again and again: everything arrives", arguments: 1...4)
    func crashes(seed: Int) async throws {
        let source = FakeCommits()
        let receiver = FakeReceiver()
        var disk = SimulatedDisk()
        var generator = SeededGenerator(UInt64(seed))
        for life in 0..<8 {
            let running = try Running(source, receiver, on: disk)
            source.add(Self.rows(300, from: life * 300, using: &generator))
            let enough = receiver.requests + Int.random(in: 1..<12, using: &generator)
            #expect(try await Self.waitUntil { receiver.requests >= enough || receiver.count == (life + 1) * 300 })
            for client in running.made() { client.cut() }
            disk = disk.losingPower(using: &generator)
            await running.stop()
        }
        let running = try Running(source, receiver, on: disk)
        #expect(try await Self.waitUntil { receiver.count == 2_400 }, "\(receiver.count) of 2400 samples arrived")
        Self.expectAll(of: source, at: receiver)
        await running.stop()
    }

    @Test("what a receiver refuses for good is counted and passed over; 429 is tried again only where that is asked for")
    func refusals() async throws {
        for (status, retries, isTaken) in [(400, false, false), (429, false, false), (429, true, true), (500, false, true)] {
            let source = FakeCommits()
            let receiver = FakeReceiver { $0 == 0 ? .answers(status: status) : .takes }
            source.add([.init(series: 1, time: 1)])
            let running = try Running(source, receiver, on: SimulatedDisk()) { $0.queue.retriesRateLimit = retries }
            #expect(try await Self.waitUntil { receiver.requests >= (isTaken ? 2 : 1) })
            source.add([.init(series: 2, time: 2)])
            #expect(try await Self.waitUntil { receiver.count == (isTaken ? 2 : 1) })
            #expect(running.value("prometheus_remote_storage_samples_failed_total") == (isTaken ? 0 : 1), "\(status)")
            #expect(running.value("prometheus_remote_storage_samples_retried_total") == (isTaken ? 1 : 0), "\(status)")
            await running.stop()
        }
    }

    @Test("relabeling names and drops series; samples that are too old are not sent; both are counted; metadata goes out by itself")
    func relabeling() async throws {
        let source = FakeCommits()
        let receiver = FakeReceiver()
        let now = SystemClock().unixMillis
        source.add([.init(series: 1, time: now), .init(series: 2, time: now), .init(series: 3, time: now - 3_600_000)])
        let running = try Running(source, receiver, on: SimulatedDisk()) { options in
            options.relabel = { $0["series"] == "2" ? nil : Labels($0.pairs.map { ($0.name, $0.value) } + [("site", "lab")]) }
            options.queue.sampleAgeMaxMillis = 60_000
            options.metadata = .init()
            options.metadata.intervalMillis = 1
        }
        #expect(try await Self.waitUntil { receiver.count == 1 && receiver.metadata == ["m"] })
        #expect(receiver.samples.keys.allSatisfy { $0.contains("site") && $0.contains("lab") })
        #expect(running.value("prometheus_remote_storage_samples_dropped_total", ("reason", "dropped_series")) == 1)
        #expect(running.value("prometheus_remote_storage_samples_dropped_total", ("reason", "too_old")) == 1)
        await running.stop()
    }

    @Test("a reload replaces the queues that changed and leaves the others; one that comes back goes on where it was")
    func reload() async throws {
        let source = FakeCommits()
        let receiver = FakeReceiver()
        let running = try Running(source, receiver, on: SimulatedDisk())
        source.add([.init(series: 1, time: 1)])
        #expect(try await Self.waitUntil { receiver.count == 1 })
        try running.writer.apply([Self.options()])
        #expect(receiver.clients == 1)
        try running.writer.apply([Self.options { $0.queue.samplesPerSendMax = 7 }])
        #expect(receiver.clients == 2)
        source.add([.init(series: 1, time: 2)])
        #expect(try await Self.waitUntil { receiver.count == 2 })
        try running.writer.apply([])
        #expect(running.writer.metricFamilies().isEmpty)
        source.add([.init(series: 1, time: 3)])
        try running.writer.apply([Self.options()])
        #expect(try await Self.waitUntil { receiver.count == 3 })
        #expect(receiver.samples.values.map { $0 } == [[1, 2, 3]])
        await running.stop()
    }

    @Test("a journal that cannot be read has everything sent again rather than nothing")
    func damagedJournal() async throws {
        let source = FakeCommits()
        let disk = SimulatedDisk()
        let first = FakeReceiver()
        source.add([.init(series: 1, time: 1), .init(series: 2, time: 2)])
        var running = try Running(source, first, on: disk)
        #expect(try await Self.waitUntil { first.count == 2 })
        await running.stop()
        try disk.publish("/remote/test.json", Array("{\"round\":".utf8))
        let second = FakeReceiver()
        running = try Running(source, second, on: disk)
        #expect(try await Self.waitUntil { second.count == 2 })
        await running.stop()
    }
}
