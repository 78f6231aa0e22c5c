import Logging
import MetricModel
import NIOCore
import Platform
import Synchronization

/// The exporters of all pipelines, as the configuration has them: what receivers take is handed to each of its signal's.
package final class OTLPForwarding: Sendable {
    private struct Running {
        let exporter: OTLPExporter
        let task: Task<Void, Never>
    }

    private struct State {
        var running: [Running] = []
        var ending: [Task<Void, Never>] = []
        var isStopped = false
    }

    private let group: any EventLoopGroup
    private let clock: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    package init(eventLoopGroup: any EventLoopGroup, clock: any TimeSource = SystemClock(), logger: Logger) {
        group = eventLoopGroup
        self.clock = clock
        self.logger = logger
    }

    /// Ends the exporters that are gone or changed, which still send what waits in them, and begins those that are new. Throws when a
    /// certificate cannot be read; then nothing changes.
    package func apply(_ all: [OTLPExportOptions]) throws {
        let known = state.withLock { state in Set(state.running.map(\.exporter.options)) }
        var made: [(OTLPExportOptions, any ExportTransport)] = []
        do {
            for options in all where !known.contains(options) { made.append((options, try transport(options))) }
            try begin(all, made)
        } catch {
            Task { [made] in for (_, transport) in made { await transport.close() } }
            throw error
        }
    }

    /// Throws when `apply` would, for a certificate that cannot be read. Changes nothing.
    package func check(_ all: [OTLPExportOptions]) throws {
        let known = state.withLock { state in Set(state.running.map(\.exporter.options)) }
        for options in all where !known.contains(options) {
            let made = try transport(options)
            Task { await made.close() }
        }
    }

    private struct Stopped: Error, CustomStringConvertible { let description = "the stack is being stopped" }

    private func begin(_ all: [OTLPExportOptions], _ made: [(OTLPExportOptions, any ExportTransport)]) throws {
        try state.withLock { state in
            if state.isStopped { throw Stopped() }
            let wanted = Set(all)
            for running in state.running where !wanted.contains(running.exporter.options) {
                running.task.cancel()
                state.ending.append(running.task)
            }
            state.running.removeAll { !wanted.contains($0.exporter.options) }
            for (options, transport) in made {
                let exporter = OTLPExporter(options, transport: transport, clock: clock, logger: logger)
                state.running.append(Running(exporter: exporter, task: Task { await exporter.run() }))
            }
        }
    }

    private func transport(_ options: OTLPExportOptions) throws -> any ExportTransport {
        switch options.destination {
        case .grpc(let host, let port, let tls): try OTLPGRPCTransport(host: host, port: port, tls: tls, options, eventLoopGroup: group)
        case .http(let url, let tls): try OTLPHTTPTransport(url: url, tls: tls, options, eventLoopGroup: group)
        }
    }

    /// Hands a batch of `items` items to the exporters of a signal; `encode` is called when there is one, and once. Does not wait.
    package func forward(_ signal: ExportSignal, items: Int, _ encode: () -> [UInt8]) {
        let exporters = state.withLock { state in state.running.map(\.exporter).filter { $0.options.signal == signal } }
        if exporters.isEmpty || items == 0 { return }
        let body = encode()
        for exporter in exporters { exporter.enqueue(body, items: items) }
    }

    /// Runs until the task is cancelled, and returns when every exporter has ended.
    package func run() async {
        while !Task.isCancelled { try? await clock.sleep(nanos: 3_600_000_000_000) }
        let tasks = state.withLock { state in
            state.isStopped = true
            return state.running.map(\.task) + state.ending
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Under the collector's names.
    package func metricFamilies() -> [MetricFamily] {
        let all = state.withLock { $0.running.map { ($0.exporter.options, $0.exporter.snapshot) } }.sorted { ($0.0.name, $0.0.signal.rawValue) < ($1.0.name, $1.0.signal.rawValue) }
        if all.isEmpty { return [] }
        var families: [MetricFamily] = []
        for signal in ExportSignal.allCases {
            let mine = all.filter { $0.0.signal == signal }
            if mine.isEmpty { continue }
            let (items, words) = (signal.items, signal.items.replacing("_", with: " "))
            func counter(_ name: String, _ help: String, _ value: (OTLPExporter.Counts) -> Int) -> MetricFamily {
                MetricFamily("otelcol_exporter_\(name)_\(items)", .counter, help, points: mine.map { .init("otelcol_exporter_\(name)_\(items)", [("exporter", $0.0.name)], Double(value($0.1))) })
            }
            families += [
                counter("sent", "Number of \(words) successfully sent to destination.") { $0.sent },
                counter("send_failed", "Number of \(words) in failed attempts to send to destination.") { $0.failed },
                counter("enqueue_failed", "Number of \(words) failed to be added to the sending queue.") { $0.notQueued },
            ]
        }
        func gauge(_ name: String, _ help: String, _ value: (OTLPExportOptions, OTLPExporter.Counts) -> Int) -> MetricFamily {
            MetricFamily(name, .gauge, help, points: all.map { .init(name, [("data_type", $0.0.signal.rawValue), ("exporter", $0.0.name)], Double(value($0.0, $0.1))) })
        }
        return families + [
            gauge("otelcol_exporter_queue_size", "Current size of the retry queue (in batches).") { $1.waiting },
            gauge("otelcol_exporter_queue_capacity", "Fixed capacity of the retry queue (in batches).") { options, _ in options.queueMax },
        ]
    }
}
