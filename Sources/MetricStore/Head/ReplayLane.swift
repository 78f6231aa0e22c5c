import MetricModel
import Platform

/// Samples read back from the log on the way into memory, sorted by shard.
final class ReplayLoad: @unchecked Sendable {
    // SAFETY: belongs to the reading thread or to the applying one, never to both; `ReplayLane` hands it over under a lock.
    struct Entry {
        let ordinal: SeriesOrdinal
        let time: Int64
        let bits: UInt64
    }

    private static let entriesPerShard = 4096
    private let entries = UnsafeMutablePointer<Entry>.allocate(capacity: Head.shardCount * entriesPerShard)
    private let counts = UnsafeMutablePointer<Int>.allocate(capacity: Head.shardCount)

    init() { counts.initialize(repeating: 0, count: Head.shardCount) }

    deinit {
        entries.deallocate()
        counts.deallocate()
    }

    /// Adds a sample; returns whether its shard's part is full now.
    @inline(__always)
    func add(_ ordinal: SeriesOrdinal, _ time: Int64, _ bits: UInt64) -> Bool {
        let shard = Head.shard(ordinal)
        let count = counts[shard]
        entries[shard * Self.entriesPerShard + count] = Entry(ordinal: ordinal, time: time, bits: bits)
        counts[shard] = count + 1
        return count + 1 == Self.entriesPerShard
    }

    /// The samples of one shard, in the order of the log.
    func samples(_ shard: Int) -> UnsafeBufferPointer<Entry> { UnsafeBufferPointer(start: entries + shard * Self.entriesPerShard, count: counts[shard]) }

    func removeAll() { counts.update(repeating: 0, count: Head.shardCount) }
}

/// Puts samples into the head on a thread of its own, while the log is read on. Used from one thread.
struct ReplayLane: ~Copyable {
    private(set) var filling = ReplayLoad()
    private let applier: ReplayApplier
    private var thread: WorkerThread?

    init(_ head: Head, _ bounds: AppendBounds) { applier = ReplayApplier(head, bounds) }

    deinit {
        guard let thread else { return }
        applier.end()
        thread.join()
    }

    /// Samples that were taken; all of them once `drain` has returned.
    var taken: Int { applier.taken }

    /// A sample that lies before the chunks of `chunks_head` of its series, if there was one; final once `drain` has returned.
    var earlySample: ReplayLoad.Entry? { applier.earlySample }

    /// Gives what was gathered to the applying thread, which has done all before.
    mutating func handOver() {
        if thread == nil { thread = try? WorkerThread(name: "replay") { [applier] in applier.run() } }
        let load = filling
        filling = applier.exchange(load)
        if thread == nil { applier.applyHere() }
    }

    /// Puts everything gathered into the head, and returns when it is there.
    mutating func drain() {
        handOver()
        applier.waitUntilIdle()
    }
}

/// What the applying thread does.
private final class ReplayApplier: @unchecked Sendable {
    // SAFETY: `load`, `applied` and `early` are touched by the applying thread while `isApplying`, and by the reading one only when it is not.
    private struct State {
        var isApplying = false
        var isEnding = false
    }

    private let condition = Condition(State())
    private var load = ReplayLoad()
    private var applied = 0
    private var early: ReplayLoad.Entry?
    private let head: Head
    private let bounds: AppendBounds

    init(_ head: Head, _ bounds: AppendBounds) {
        self.head = head
        self.bounds = bounds
    }

    var taken: Int { condition.withLock { _ in applied } }
    var earlySample: ReplayLoad.Entry? { condition.withLock { _ in early } }

    /// Takes a load as soon as the one before is done, and returns that one, empty.
    func exchange(_ full: ReplayLoad) -> ReplayLoad {
        let empty = condition.wait(until: { !$0.isApplying }) { state in
            let empty = load
            load = full
            state.isApplying = true
            return empty
        }
        condition.signalAll()
        return empty
    }

    func waitUntilIdle() { condition.wait(until: { !$0.isApplying }) { _ in } }

    func run() {
        while true {
            let isEnding = condition.wait(until: { $0.isApplying || $0.isEnding }) { !$0.isApplying }
            if isEnding { return }
            applyHere()
        }
    }

    func end() {
        condition.withLock { $0.isEnding = true }
        condition.signalAll()
    }

    func applyHere() {
        var (low, high) = (Int64.max, Int64.min)
        var taken = 0
        var early: ReplayLoad.Entry?
        for number in 0..<Head.shardCount {
            let samples = load.samples(number)
            if samples.isEmpty { continue }
            head.shards[number].withLock { shard in
                for sample in samples {
                    let slot = Head.slot(sample.ordinal)
                    guard let chunk = shard.series(slot) else { continue }
                    if sample.time >= bounds.minTime {
                        switch shard.mappedTime(slot, chunk, sample.time) {
                        case .behind: break
                        case .within: continue
                        case .before:
                            early = sample
                            continue
                        }
                    }
                    guard shard.replay(slot, chunk, sample.time, sample.bits, bounds) == nil else { continue }
                    taken += 1
                    low = min(low, sample.time)
                    high = max(high, sample.time)
                }
            }
        }
        load.removeAll()
        head.widen(low, high)
        condition.withLock { state in
            applied += taken
            if self.early == nil { self.early = early }
            state.isApplying = false
        }
        condition.signalAll()
    }
}

extension HeadShard {
    /// Adds a sample as the log has it: Prometheus logs a stale marker as a float, and then keeps it as one of histograms.
    @inline(__always)
    mutating func replay(_ slot: Int, _ chunk: UnsafeMutablePointer<OpenChunk>, _ time: Int64, _ bits: UInt64, _ bounds: AppendBounds) -> SampleRefusal? {
        if _fastPath(!chunk.pointee.holdsHistograms) {
            if _slowPath(chunk.pointee.bytes == nil), let marker = mappedStaleMarker(slot, for: bits) { return append(slot, chunk, time, marker, bounds) }
            return append(slot, chunk, time, bits, bounds)
        }
        if let marker = staleMarker(slot, for: bits) { return append(slot, chunk, time, marker, bounds) }
        return appendFloat(slot, chunk, time, bits, bounds)
    }
}
