import Platform
import SegmentLog
import Synchronization

extension TraceStore {
    /// Seals by age and removes what is past its retention, now and then, until the task is cancelled.
    ///
    /// - Parameter failed: told why sealing or removing failed, once for each reason until a round succeeds; each round tries again.
    package func run(_ failed: @Sendable (TraceStoreError) -> Void) async {
        var told: String?
        while (try? await clock.sleep(nanos: 15_000_000_000)) != nil {
            do throws(TraceStoreError) {
                try await maintain()
                told = nil
            } catch {
                if told != "\(error)" { failed(error) }
                told = "\(error)"
            }
        }
    }

    /// One round of `run`.
    package func maintain() async throws(TraceStoreError) {
        let now = clock.unixNanos
        let isDue = state.withLock { state in
            guard state.retired.isEmpty else { return true }
            if state.active.byteCount >= options.headBytesMax { return true }
            guard let first = state.active.firstArrivalNanos else { return false }
            return now - first >= Int64(options.headAgeSecondsMax) * 1_000_000_000
        }
        let sealing = isDue ? await startSealing()?.value : nil
        try await removeExpired(now)
        try sealing?.get()
    }

    /// Writes everything in the head to a segment. What is written meanwhile may stay in the head.
    package func seal() async throws(TraceStoreError) {
        guard let sealing = startSealing() else { throw .closed }
        try await sealing.value.get()
    }

    /// Waits while the head is twice as large as it should be, and refuses when sealing it fails.
    func makeRoom() async throws(TraceStoreError) {
        let isOverfull = state.withLock { $0.active.byteCount >= 2 * options.headBytesMax }
        guard isOverfull, let sealing = startSealing() else { return }
        try await sealing.value.get()
    }

    /// Begins to seal, or joins in when that is under way; nil when the store is closed.
    func startSealing() -> Task<Result<Void, TraceStoreError>, Never>? {
        state.withLock { state in
            if let sealing = state.sealing { return sealing }
            guard !state.isClosed else { return nil }
            let sealing = Task { [self] in
                let result: Result<Void, TraceStoreError>
                do throws(TraceStoreError) {
                    try await sealHead()
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                self.state.withLock { state in
                    state.sealing = nil
                    if case .failure = result { state.counts.sealsFailed += 1 }
                }
                return result
            }
            state.sealing = sealing
            return sealing
        }
    }

    /// Retires the active generation, unless an earlier one still waits, and seals what is retired, oldest first.
    private func sealHead() async throws(TraceStoreError) {
        let next = Generation()
        let isRetired = state.withLock { state in
            guard state.retired.isEmpty, state.active.spanCount > 0 else { return false }
            next.begin(number: state.active.number + 1)
            state.retired.append(state.active)
            state.active = next
            return true
        }
        if isRetired {
            do throws(SegmentLogError) { next.note(logSegment: try await log.cutSegment()) } catch { throw TraceStoreError(error) }
        }
        while let generation = state.withLock({ $0.retired.first }) {
            // Whoever entered before it was retired has a record on its way to the disk.
            while !generation.isQuiet { try? await Task.sleep(nanoseconds: 1_000_000) }
            let segment = try await pool.run { [self] () throws(TraceStoreError) in try writeSegment(generation) }
            state.withLock { state in
                state.retired.removeFirst()
                state.segments.append(segment)
                state.counts.seals += 1
            }
            guard let logSegment = generation.logSegment else { continue }
            let directory = log.directory
            try await pool.run { () throws(TraceStoreError) in
                try TraceStoreError.wrapping { () throws(PlatformError) in try directory.removeSegments(below: logSegment) }
            }
        }
    }

    private func writeSegment(_ generation: Generation) throws(TraceStoreError) -> TraceSegment {
        let begin = clock.monotonicNanos
        let path = SegmentFolder(segmentDirectory, disk).path(of: generation.number)
        try SegmentWriter.write(
            generation.snapshot(), operations: generation.operations, generation: generation.number, sealedUnixMillis: clock.unixMillis, to: path, on: disk)
        let segment = try TraceSegment(path, on: disk)
        state.withLock { $0.counts.sealNanos += clock.monotonicNanos - begin }
        return segment
    }

    /// Unlinks segments that were sealed longer ago than the retention. Reads that are under way finish on them.
    private func removeExpired(_ nowNanos: Int64) async throws(TraceStoreError) {
        let oldestMillis = nowNanos / 1_000_000 - Int64(options.retentionSeconds) * 1000
        let expired = state.withLock { state in
            state.isClosed ? [] : state.segments.filter { $0.footer.sealedUnixMillis <= oldestMillis }
        }
        guard !expired.isEmpty else { return }
        let folder = SegmentFolder(segmentDirectory, disk)
        try await pool.run { () throws(TraceStoreError) in try folder.remove(expired) }
        state.withLock { state in
            state.segments.removeAll { $0.footer.sealedUnixMillis <= oldestMillis }
            state.counts.segmentsRemoved += expired.count
        }
    }
}
