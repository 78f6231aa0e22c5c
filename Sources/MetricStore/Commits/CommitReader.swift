import MetricModel
import Platform
import SegmentLog
import Synchronization

/// Reads what a store has committed, behind its writers, from a position that may be kept over restarts (upstream `tsdb/wlog/watcher.go`).
///
/// A reader follows the logs' files and knows the labels of every series that they name; the first `read` goes through the log for them. The
/// store does not wait for its readers: what it removed of the log before it was read is counted as lost. One call at a time; calls block.
package final class CommitReader: Sendable {
    private struct Known {
        let labels: Labels
        /// The segment in which the series was last named.
        var segment: Int
    }

    private struct State {
        var series: [UInt64: Known] = [:]
        /// Up to where the log was read for series; nil before the first read.
        var known: LogPosition?
        /// The checkpoint whose series were read.
        var checkpoint: Int?
        /// A newer one, and the last segment when it was seen: what stands before the segment's end may be of series that it leaves out.
        var next: (checkpoint: Int, lastSegment: Int)?
    }

    private let store: MetricStore
    private let state = Mutex(State())

    package init(_ store: MetricStore) { self.store = store }

    /// Reads from `position` to `end`, or, without one, to the end of what is written or until there are `rowsMax` rows, records being whole.
    /// The same positions give the same rows.
    package func read(from position: CommitPosition, to end: CommitPosition? = nil, rowsMax: Int) throws(MetricStoreError) -> Commits {
        do throws(PlatformError) {
            return try state.withLock { state throws(PlatformError) in try read(&state, position, end, rowsMax) }
        } catch { throw MetricStoreError(error) }
    }

    private func read(_ state: inout State, _ asked: CommitPosition, _ end: CommitPosition?, _ rowsMax: Int) throws(PlatformError) -> Commits {
        let lateLog = store.outOfOrderLog.current
        var position = asked
        // A position of another log than the one that is here, as after a data directory was put back.
        if position.log > store.log.end { position.log = store.opening.position.log }
        if let late = position.late, let lateLog, late > lateLog.end { position.late = store.opening.position.late }
        let lateEnd = end.map { $0.late } ?? lateLog?.end
        // A late sample's series is named in the log, by a record handed in before the sample, and maybe not written yet.
        if end == nil, lateEnd != nil, lateEnd != position.late { try? store.log.appendBlocking([], .written) }
        let logEnd = end?.log ?? store.log.end
        try learn(&state, upTo: position.log)

        var result = Commits(inOrder: SampleBatch(), late: SampleBatch(), end: position)
        var rows = CommitRows()
        var follower = LogFollower(store.log.directory, from: position.log, to: logEnd)
        while end != nil || rows.count < rowsMax, let record = try follower.next() {
            take(record, follower.position.segment, &state, &rows, &result.rowsOfUnknownSeries)
        }
        result.end.log = follower.position
        result.segmentsLost = follower.segmentsLost
        state.known = max(state.known ?? follower.position, follower.position)
        result.inOrder = rows.batch()

        if follower.position == logEnd, let lateEnd, let lateLog {
            rows = CommitRows()
            let segments = try lateLog.directory.segments()
            let first = position.late ?? LogPosition(segment: segments.first ?? 0, offset: 0)
            var follower = LogFollower(lateLog.directory, from: first, to: lateEnd)
            while end != nil || rows.count < rowsMax, let record = try follower.next() {
                take(record, nil, &state, &rows, &result.rowsOfUnknownSeries)
            }
            result.end.late = follower.position
            result.segmentsLost += follower.segmentsLost
            result.late = rows.batch()
        }
        return result
    }

    /// Puts a record's rows into `rows`, and its series, when it is of segment `segment` of the write-ahead log, into the state.
    private func take(_ record: UnsafeBufferPointer<UInt8>, _ segment: Int?, _ state: inout State, _ rows: inout CommitRows, _ unknown: inout Int) {
        let kind = record.first.flatMap { LogRecord.Kind(rawValue: $0) }
        if kind == .series {
            if let segment { try? learn(record, segment, &state) }
            return
        }
        let find = { [series = state.series] (reference: UInt64) in series[reference]?.labels }
        do throws(LogRecord.Malformed) {
            switch kind {
            case .samples, .samplesWithStart:
                try LogRecord.readSamples(record) { if !rows.add($0, $1, $2, find) { unknown += 1 } }
            case .histograms, .floatHistograms, .customBucketHistograms, .customBucketFloatHistograms, .histogramsWithStart, .floatHistogramsWithStart:
                try LogRecord.readHistograms(record) { if !rows.add($0, $1, $2, find) { unknown += 1 } }
            case .exemplars:
                try LogRecord.readExemplars(record) { if !rows.add($0, $1, find) { unknown += 1 } }
            default: break
            }
        } catch { return }
    }

    private func learn(_ record: UnsafeBufferPointer<UInt8>, _ segment: Int, _ state: inout State) throws(LogRecord.Malformed) {
        try LogRecord.readSeries(record) { reference, packed in
            if state.series[reference] != nil { state.series[reference]?.segment = segment } else {
                let labels = Labels(unchecked: Array(packed))
                // The same labels, but in memory that is there anyhow.
                let shared = store.head.index.withLock { index in index.find(labels).flatMap { index.labels(of: $0) } }
                state.series[reference] = Known(labels: shared ?? labels, segment: segment)
            }
        }
    }

    /// Forgets the series that were last named in what a checkpoint stands for, and knows those that it names.
    private func take(_ checkpoint: Int, _ state: inout State) throws(PlatformError) {
        let within = SegmentDirectory(disk: store.disk, path: store.log.directory.checkpointPath(checkpoint))
        state.series = state.series.filter { $0.value.segment > checkpoint }
        for segment in try within.segments() {
            var reader = try LogReader(disk: store.disk, path: within.segmentPath(segment))
            while let record = try reader.next() { if record.first == LogRecord.Kind.series.rawValue { try? learn(record, checkpoint, &state) } }
        }
        state.checkpoint = checkpoint
    }

    /// Knows the series that are named before `position`; forgets those of which nothing is left in the log.
    private func learn(_ state: inout State, upTo position: LogPosition) throws(PlatformError) {
        let directory = store.log.directory
        if let checkpoint = try directory.checkpoints().last, checkpoint != state.checkpoint {
            if state.next?.checkpoint != checkpoint { state.next = (checkpoint, store.log.end.segment) }
            if state.known == nil || position.segment > state.next?.lastSegment ?? 0 {
                try take(checkpoint, &state)
                state.next = nil
            }
        }
        if let known = state.known, known >= position { return }
        let segments = try directory.segments()
        let first = state.known ?? LogPosition(segment: segments.first { $0 > state.checkpoint ?? -1 } ?? position.segment, offset: 0)
        var follower = LogFollower(directory, from: first, to: position)
        while let record = try follower.next() {
            if record.first == LogRecord.Kind.series.rawValue { try? learn(record, follower.position.segment, &state) }
        }
        state.known = position
    }
}

extension MetricStore {
    /// Where what was committed before this process began ends.
    package var openingPosition: CommitPosition { opening.position }

    /// Where what is left of the logs begins. Blocks.
    package var oldestPosition: CommitPosition {
        let segments = try? log.directory.segments()
        return CommitPosition(log: LogPosition(segment: segments?.first ?? 0, offset: 0), late: nil)
    }

    /// The time of the latest sample, in milliseconds since the epoch; nil while there is none.
    package var highestMillis: Int64? {
        let time = head.maxTime.load(ordering: .relaxed)
        return time == .min ? nil : time
    }

    /// How many samples, native histograms and exemplars were taken since the store was opened.
    package var taken: (samples: Int, histograms: Int, exemplars: Int) {
        let counters = head.counters
        return (counters.samplesAppended.load(ordering: .relaxed), counters.histogramsAppended.load(ordering: .relaxed), head.exemplars.withLock { $0.appendedCount })
    }

    /// Where what is committed ends now.
    package var commitPosition: CommitPosition { CommitPosition(log: log.end, late: outOfOrderLog.current?.end) }

    /// About how many bytes of the logs are written behind `position`; from the bounds of segments alone. O(1).
    package func bytesCommitted(behind position: CommitPosition) -> Int {
        func distance(_ from: LogPosition, _ to: LogPosition) -> Int {
            // Of another log; reading puts it right.
            if from > to { return 1 }
            return from.segment == to.segment ? to.offset - from.offset : (to.segment - from.segment - 1) * options.logSegmentBytes + max(1, to.offset)
        }
        let late = outOfOrderLog.current.map { distance(position.late ?? LogPosition(segment: 0, offset: 0), $0.end) } ?? 0
        return distance(position.log, log.end) + late
    }
}
