import MetricModel
import Synchronization

extension TraceStore {
    /// What the store says of itself.
    package func metricFamilies() -> [MetricFamily] { headFamilies + segmentFamilies + logFamilies }

    private var headFamilies: [MetricFamily] {
        let (generations, counts) = state.withLock { ([$0.active] + $0.retired, $0.counts) }
        func total(_ number: (Generation) -> Int) -> Double { Double(generations.reduce(0) { $0 + number($1) }) }
        return [
            .gauge("obstack_traces_head_spans", "Spans in memory, waiting to be sealed into a segment.", total(\.spanCount)),
            .gauge("obstack_traces_head_traces", "Traces that have spans in memory.", total(\.traceCount)),
            .gauge("obstack_traces_head_bytes", "Memory that the spans waiting to be sealed take.", total(\.byteCount)),
            .counter("obstack_traces_writes_total", "Batches of spans stored.", Double(counts.writes)),
            .counter("obstack_traces_writes_failed_total", "Batches of spans that the log could not take.", Double(counts.writesFailed)),
            .counter("obstack_traces_spans_stored_total", "Spans stored.", Double(counts.spans)),
        ]
    }

    private var segmentFamilies: [MetricFamily] {
        let (segments, counts) = state.withLock { ($0.segments, $0.counts) }
        return [
            .gauge("obstack_traces_segments", "Segments that are read.", Double(segments.count)),
            .gauge("obstack_traces_segment_bytes", "Bytes of all segments on disk.", Double(segments.reduce(0) { $0 + $1.fileBytes })),
            .gauge("obstack_traces_segment_spans", "Spans in all segments.", Double(segments.reduce(0) { $0 + $1.footer.spanCount })),
            .gauge("obstack_traces_segments_damaged", "Segments left out at the last start because they could not be read.", Double(opening.damage.count)),
            .counter("obstack_traces_pages_read_total", "Pages of segments read and decompressed.", Double(cache.pagesRead)),
            .counter("obstack_traces_damaged_reads_total", "Reads that met a page of a segment that is not as it was written.", Double(counts.damagedReads)),
            MetricFamily("obstack_traces_seal_duration_seconds", .summary, "Time taken to write a segment.", points: [
                .init("obstack_traces_seal_duration_seconds_sum", [], Double(counts.sealNanos) / 1e9),
                .init("obstack_traces_seal_duration_seconds_count", [], Double(counts.seals)),
            ]),
            .counter("obstack_traces_seals_failed_total", "Segments that could not be written; the spans wait in memory and in the log.", Double(counts.sealsFailed)),
            .counter("obstack_traces_segments_expired_total", "Segments removed because their retention was over.", Double(counts.segmentsRemoved)),
            .gauge("obstack_traces_retention_limit_seconds", "How long a segment is kept after it was sealed.", Double(options.retentionSeconds)),
        ]
    }

    private var logFamilies: [MetricFamily] {
        let log = log.statistics
        return [
            MetricFamily("obstack_traces_wal_fsync_duration_seconds", .summary, "Time taken to force the log to the disk.", points: [
                .init("obstack_traces_wal_fsync_duration_seconds_sum", [], log.syncSeconds),
                .init("obstack_traces_wal_fsync_duration_seconds_count", [], Double(log.syncs)),
            ]),
            .counter("obstack_traces_wal_written_bytes_total", "Bytes written to the log.", Double(log.bytes)),
            .counter("obstack_traces_wal_writes_failed_total", "Writes to the log that failed.", Double(log.writesFailed)),
            .gauge("obstack_traces_wal_segment", "The file of the log that is written to.", Double(log.segment)),
            .gauge("obstack_traces_replay_duration_seconds", "Time taken to open the store and read the log back.", opening.seconds),
        ]
    }
}
