import Platform
import SegmentLog

/// The write-ahead log, opened and read into a new head.
struct LogReading: ~Copyable {
    let head: Head
    var replay: HeadReplay
    let log: SegmentLog
    var report: ReplayReport

    /// Reads the log of a data directory. Samples before `minTime` are in blocks.
    init(
        _ disk: any FileSystem, _ directory: String, _ options: MetricStore.Options, _ logOptions: SegmentLog.Options, _ clock: any TimeSource, minTime: Int64,
        _ chunks: consuming HeadChunks, _ progress: (ReplayProgress) -> Void
    ) throws(PlatformError) {
        head = Head(blockRangeMillis: options.blockRangeMillis, seriesMax: options.seriesMax)
        head.minValidTime.store(minTime, ordering: .relaxed)
        head.exemplars.withLock { $0.resize(to: options.exemplarsMax) }
        var replay = HeadReplay(head, chunks: chunks)
        (log, report) = try SegmentLog.open(on: disk, "\(directory)/wal", options: logOptions, clock: clock, progress: progress) { replay.apply($0) }
        replay.finish()
        self.replay = replay
    }
}
