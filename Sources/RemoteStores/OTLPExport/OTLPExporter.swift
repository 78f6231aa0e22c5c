import Logging
import MetricModel
import Platform
import Synchronization

/// Sends one signal's batches to one destination: what cannot be sent at once waits in memory, and what finds no room there is dropped and counted.
final class OTLPExporter: Sendable {
    struct Counts: Sendable {
        var sent = 0
        var failed = 0
        /// Dropped, because the queue was full.
        var notQueued = 0
        var waiting = 0
    }

    let options: OTLPExportOptions
    private let transport: any ExportTransport
    private let clock: any TimeSource
    private let logger: Logger
    private struct State {
        var queue: ExportQueue
        /// Consumers with nothing to do.
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let counts = Mutex(Counts())
    private let isEnding = Atomic(false)
    private let outage = Grievance()
    private let drops = Grievance()
    private static let pollNanos: UInt64 = 20_000_000
    private static let drainNanos: UInt64 = 5_000_000_000

    init(_ options: OTLPExportOptions, transport: any ExportTransport, clock: any TimeSource, logger: Logger) {
        self.options = options
        self.transport = transport
        self.clock = clock
        self.logger = logger
        state = Mutex(State(queue: ExportQueue(options)))
    }

    var snapshot: Counts {
        var counts = counts.withLock { $0 }
        counts.waiting = state.withLock { $0.queue.count }
        return counts
    }

    func enqueue(_ body: [UInt8], items: Int) {
        let now = clock.monotonicNanos
        let (isTaken, consumer) = state.withLock { state in (state.queue.add(body, items: items, nowNanos: now), state.idle.popLast()) }
        consumer?.resume()
        if isTaken { return }
        counts.withLock { $0.notQueued += items }
        if drops.note(now) != nil { logger.error("exporter \(options.name): its queue is full; \(items) \(options.signal.items.replacing("_", with: " ")) and maybe more were dropped") }
    }

    /// Sends until the task is cancelled; then for five seconds at most what still waits, once.
    func run() async {
        // Not children of this task: they outlive its cancellation.
        let consumers = (0..<max(1, options.consumers)).map { _ in Task.detached { await self.consume() } }
        while !Task.isCancelled { try? await clock.sleep(nanos: 3_600_000_000_000) }
        isEnding.store(true, ordering: .releasing)
        let idle = state.withLock { state in
            state.queue.isDraining = true
            defer { state.idle = [] }
            return state.idle
        }
        for consumer in idle { consumer.resume() }
        for consumer in consumers { await consumer.value }
        await transport.close()
        let left = state.withLock { $0.queue.count }
        if left > 0 { logger.warning("exporter \(options.name): \(left) batches were not sent before the end") }
    }

    private func consume() async {
        var end: UInt64?
        while true {
            let now = clock.monotonicNanos
            if isEnding.load(ordering: .acquiring) {
                let last = end ?? now + Self.drainNanos
                end = last
                if now >= last { return }
            }
            let (batch, isEmpty) = state.withLock { state in (state.queue.take(nowNanos: now), state.queue.count == 0) }
            if let batch { await send(batch) } else if end != nil { return } else if !isEmpty {
                try? await clock.sleep(nanos: Self.pollNanos)
            } else {
                await waitForWork()
            }
        }
    }

    private func waitForWork() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let hasWork = state.withLock { state in
                let hasWork = state.queue.count > 0 || state.queue.isDraining
                if !hasWork { state.idle.append(continuation) }
                return hasWork
            }
            if hasWork { continuation.resume() }
        }
    }

    private func send(_ batch: ExportQueue.Batch) async {
        let begun = clock.monotonicNanos
        var wait = options.retry.initialMillis
        while true {
            switch await transport.export(batch.bytes) {
            case .delivered:
                counts.withLock { $0.sent += batch.items }
                if outage.end() { logger.info("exporter \(options.name): the destination takes batches again") }
                return
            case .stopped: return fail(batch, "stopped")
            case .refused(let reason): return fail(batch, reason)
            case .retry(let reason, let seconds):
                let elapsed = Int64((clock.monotonicNanos - begun) / 1_000_000)
                let isOver = options.retry.elapsedMaxMillis > 0 && elapsed + wait > options.retry.elapsedMaxMillis
                guard options.retry.isEnabled, !isOver, !isEnding.load(ordering: .acquiring) else { return fail(batch, reason) }
                if outage.note(clock.monotonicNanos) != nil { logger.warning("exporter \(options.name): exporting failed, it is tried again: \(reason)") }
                // Spread over half to one and a half times, so that consumers do not come all at once.
                let millis = seconds.map { Int64(min($0, 300) * 1_000) } ?? Int64(Double(wait) * Double.random(in: 0.5...1.5))
                await sleep(millis: millis)
                wait = min(Int64(Double(wait) * max(1, options.retry.multiplier)), max(1, options.retry.maxMillis))
            }
        }
    }

    /// Sleeps, in parts, so that an end is seen.
    private func sleep(millis: Int64) async {
        var left = max(1, millis)
        while left > 0, !isEnding.load(ordering: .acquiring) {
            let part = min(left, 100)
            try? await clock.sleep(nanos: UInt64(part) * 1_000_000)
            left -= part
        }
    }

    private func fail(_ batch: ExportQueue.Batch, _ reason: String) {
        counts.withLock { $0.failed += batch.items }
        if drops.note(clock.monotonicNanos) != nil {
            logger.error("exporter \(options.name): \(batch.items) \(options.signal.items.replacing("_", with: " ")) were dropped: \(reason)")
        }
    }
}
