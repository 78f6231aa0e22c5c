import Logging
import MetricModel
import NIOCore
import Platform
import Synchronization

/// The queues of all receivers, as the configuration has them.
package final class RemoteWriter: Sendable {
    private struct Running {
        let queue: RemoteWriteQueue
        let task: Task<Void, Never>
    }

    private struct State {
        var running: [String: Running] = [:]
        var pool: BlockingPool?
        var isFirst = true
        var isStopped = false
        /// Queues that are ending, for whoever stops.
        var ending: [Task<Void, Never>] = []
    }

    private let source: any CommitSource
    private let metadata: @Sendable () -> [(family: String, MetricMetadata)]
    private let directory: String
    private let disk: any FileSystem
    private let clock: any TimeSource
    private let makeTransport: @Sendable (RemoteHTTPOptions) throws -> any RemoteTransport
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - metadata: what is known of metric families, asked for whenever it is sent.
    ///   - directory: where the queues' journals are; made when there is a queue.
    package init(
        source: any CommitSource, metadata: @escaping @Sendable () -> [(family: String, MetricMetadata)], directory: String, disk: any FileSystem = Disk(),
        clock: any TimeSource = SystemClock(), logger: Logger, makeTransport: @escaping @Sendable (RemoteHTTPOptions) throws -> any RemoteTransport
    ) {
        self.source = source
        self.metadata = metadata
        self.directory = directory
        self.disk = disk
        self.clock = clock
        self.logger = logger
        self.makeTransport = makeTransport
    }

    /// Replaces the queues whose options are others than before, ends those that are gone and begins new ones; the rest goes on undisturbed.
    /// A receiver that is configured from the start gets everything that was committed since the process began, one that comes with a reload
    /// what is committed from then on; whoever has a journal goes on there. Throws when a certificate cannot be read; then nothing changes.
    package func apply(_ all: [RemoteWriteOptions]) throws {
        let changed = state.withLock { state in all.filter { state.running[$0.name]?.queue.options != $0 } }
        var transports: [any RemoteTransport] = []
        do {
            for options in changed { transports.append(try makeTransport(options.http)) }
            try begin(all, changed, transports)
        } catch {
            Task { [transports] in for transport in transports { await transport.close() } }
            throw error
        }
    }

    /// Throws when `apply` would, for a certificate that cannot be read. Changes nothing.
    package func check(_ all: [RemoteWriteOptions]) throws {
        for options in state.withLock({ state in all.filter { state.running[$0.name]?.queue.options != $0 } }) {
            let made = try makeTransport(options.http)
            Task { await made.close() }
        }
    }

    private struct Stopped: Error, CustomStringConvertible { let description = "the stack is being stopped" }

    private func begin(_ all: [RemoteWriteOptions], _ changed: [RemoteWriteOptions], _ transports: [any RemoteTransport]) throws {
        try state.withLock { state in
            if state.isStopped { throw Stopped() }
            if state.pool == nil, !changed.isEmpty { state.pool = try BlockingPool(name: "remote-write") }
            let start = state.isFirst ? source.openingPosition : source.position
            state.isFirst = false
            let names = Set(all.map(\.name))
            for (name, running) in state.running where !names.contains(name) {
                running.task.cancel()
                state.ending.append(running.task)
                state.running[name] = nil
            }
            guard let pool = state.pool else { return }
            for (options, transport) in zip(changed, transports) {
                let before = state.running[options.name]?.task
                before?.cancel()
                let queue = RemoteWriteQueue(
                    options, source: source, start: start, metadata: metadata, transport: transport, disk: disk, directory: directory, pool: pool, clock: clock, logger: logger)
                state.running[options.name] = Running(queue: queue, task: Task {
                    // Two queues must not write one journal.
                    await before?.value
                    await queue.run()
                })
            }
        }
    }

    /// Runs until the task is cancelled, and returns when every queue has ended. Nothing is flushed: the log has what was not sent.
    package func run() async {
        while !Task.isCancelled { try? await clock.sleep(nanos: 3_600_000_000_000) }
        let (tasks, pool) = state.withLock { state in
            state.isStopped = true
            let tasks = state.running.values.map(\.task) + state.ending
            state.running = [:]
            return (tasks, state.pool)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        pool?.close()
    }

    package func metricFamilies() -> [MetricFamily] {
        let queues = state.withLock { $0.running.values.map { ($0.queue.options, $0.queue.snapshot) } }.sorted { $0.0.name < $1.0.name }
        return QueueCounts.families(queues, source)
    }
}
