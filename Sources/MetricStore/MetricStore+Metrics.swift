import MetricModel
import SegmentLog

extension MetricStore: MetricInventory {
    package func statistics(limit: Int) -> HeadStatistics {
        var statistics = HeadStatistics()
        statistics.minTime = head.minTime.load(ordering: .relaxed)
        statistics.maxTime = head.maxTime.load(ordering: .relaxed)
        statistics.chunkCount = head.chunkCounts.live
        var metrics = LargestCounts(limit: limit)
        var labels = LargestCounts(limit: limit)
        var memory = LargestCounts(limit: limit)
        var pairs = LargestCounts(limit: limit)
        head.index.withLock { index in
            statistics.seriesCount = index.seriesCount
            index.forEachLabel { name, label in
                statistics.labelPairCount += label.liveValueCount
                labels.add(label.liveValueCount) { name }
                var bytes = 0
                for value in label.postings.indices where label.postings[value].count > 0 {
                    let count = label.postings[value].count
                    bytes += label.values.bytes(value).count * count
                    if name == LabelName.metric { metrics.add(count) { label.values.string(value) } }
                    pairs.add(count) { "\(name)=\(label.values.string(value))" }
                }
                memory.add(bytes) { name }
            }
        }
        statistics.seriesCountByMetricName = metrics.counts
        statistics.labelValueCountByLabelName = labels.counts
        statistics.memoryInBytesByLabelName = memory.counts
        statistics.seriesCountByLabelValuePair = pairs.counts
        return statistics
    }

    /// What the store says of itself, under Prometheus's names.
    package func metricFamilies() -> [MetricFamily] { headFamilies + exemplarFamilies + blockFamilies + logFamilies }

    private var headFamilies: [MetricFamily] {
        let counters = head.counters
        let chunks = head.chunkCounts
        let (low, high) = (head.minTime.load(ordering: .relaxed), head.maxTime.load(ordering: .relaxed))
        // Prometheus shows the largest and the smallest number while the head is empty.
        let floats: [(name: String, value: String)] = [("type", "float")]
        func samples(_ name: String, _ help: String, _ counts: HeadCounters.Pair) -> MetricFamily {
            MetricFamily(name, .counter, help, points: [
                .init(name, floats, Double(counts.floats.load(ordering: .relaxed))), .init(name, [("type", "histogram")], Double(counts.histograms.load(ordering: .relaxed))),
            ])
        }
        return [
            .gauge("prometheus_tsdb_head_series", "Total number of series in the head block.", Double(head.index.withLock { $0.seriesCount })),
            .counter("prometheus_tsdb_head_series_created_total", "Total number of series created in the head", Double(counters.seriesCreated.load(ordering: .relaxed))),
            .counter("prometheus_tsdb_head_series_removed_total", "Total number of series removed in the head", Double(counters.seriesRemoved.load(ordering: .relaxed))),
            .gauge("prometheus_tsdb_head_chunks", "Total number of chunks in the head block.", Double(chunks.live)),
            .counter("prometheus_tsdb_head_chunks_created_total", "Total number of chunks created in the head", Double(chunks.created)),
            .counter("prometheus_tsdb_head_chunks_removed_total", "Total number of chunks removed in the head", Double(chunks.removed)),
            .gauge("prometheus_tsdb_head_chunks_storage_size_bytes", "Size of the chunks_head directory.", Double(headChunks.byteCount)),
            .gauge("obstack_tsdb_head_chunks_memory_bytes", "Bytes of memory that chunks of the head take.", Double(chunks.bytes)),
            .counter("prometheus_tsdb_mmap_chunks_total", "Total number of chunks that were memory-mapped.", Double(headChunks.chunkCount)),
            .counter("prometheus_tsdb_mmap_chunk_corruptions_total", "Total number of memory-mapped chunk corruptions.", Double(opening.headChunkDamage.count)),
            MetricFamily("prometheus_tsdb_head_samples_appended_total", .counter, "Total number of appended samples.", points: [
                .init("prometheus_tsdb_head_samples_appended_total", floats, Double(counters.samplesAppended.load(ordering: .relaxed))),
                .init("prometheus_tsdb_head_samples_appended_total", [("type", "histogram")], Double(counters.histogramsAppended.load(ordering: .relaxed))),
            ]),
            samples("prometheus_tsdb_out_of_order_samples_total", "Total number of out of order samples ingestion failed attempts due to out of order being disabled.", counters.outOfOrder),
            samples("prometheus_tsdb_out_of_bound_samples_total", "Total number of out of bound samples ingestion failed attempts with out of order support disabled.", counters.outOfBounds),
            samples(
                "prometheus_tsdb_too_old_samples_total", "Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.",
                counters.beyondWindow),
            samples("prometheus_tsdb_head_out_of_order_samples_appended_total", "Total number of appended out of order samples.", counters.outOfOrderAppended),
            counters.lateness.withLock { $0 }.family(
                "prometheus_tsdb_sample_ooo_delta",
                "Delta in seconds by which a sample is considered out of order (reported regardless of OOO time window and whether sample is accepted or not)."),
            .gauge("prometheus_tsdb_head_min_time", "Minimum time bound of the head block. The unit is decided by the library consumer.", Double(low)),
            .gauge("prometheus_tsdb_head_max_time", "Maximum timestamp of the head block. The unit is decided by the library consumer.", Double(high)),
            .gauge("prometheus_tsdb_head_min_time_seconds", "Minimum time bound of the head block.", Double(low / 1000)),
            .gauge("prometheus_tsdb_head_max_time_seconds", "Maximum timestamp of the head block.", Double(high / 1000)),
            .counter("prometheus_tsdb_head_truncations_total", "Total number of head truncations attempted.", Double(counters.truncations.load(ordering: .relaxed))),
        ]
    }

    private var blockFamilies: [MetricFamily] {
        let counts = maintenance.counts
        let all = blocks.all
        let lowest = min(all.first?.meta.minTime ?? .max, head.minTime.load(ordering: .relaxed))
        return [
            .gauge("prometheus_tsdb_blocks_loaded", "Number of currently loaded data blocks", Double(all.count)),
            .gauge("prometheus_tsdb_storage_blocks_bytes", "The number of bytes that are currently used for local storage by all blocks.", Double(all.reduce(0) { $0 + $1.byteCount })),
            .gauge("prometheus_tsdb_lowest_timestamp", "Lowest timestamp value stored in the database. The unit is decided by the library consumer.", Double(lowest)),
            .gauge("prometheus_tsdb_lowest_timestamp_seconds", "Lowest timestamp value stored in the database.", Double(lowest / 1000)),
            .gauge("prometheus_tsdb_symbol_table_size_bytes", "Size of symbol table in memory for loaded blocks", Double(all.reduce(0) { $0 + $1.index.symbolTableBytes })),
            .counter("prometheus_tsdb_compactions_total", "Total number of compactions that were executed for the partition.", Double(counts.compactions)),
            .counter("prometheus_tsdb_compactions_triggered_total", "Total number of triggered compactions for the partition.", Double(counts.runs)),
            .counter("prometheus_tsdb_compactions_failed_total", "Total number of compactions that failed for the partition.", Double(counts.compactionsFailed)),
            .counter("prometheus_tsdb_vertical_compactions_total", "Total number of compactions done on overlapping blocks.", Double(counts.verticalCompactions)),
            .gauge("prometheus_tsdb_compaction_populating_block", "Set to 1 when a block is currently being written to the disk.", counts.isWritingBlock ? 1 : 0),
            counts.compactionSeconds.family("prometheus_tsdb_compaction_duration_seconds", "Duration of compaction runs"),
            counts.tombstoneCleanups.family("prometheus_tsdb_tombstone_cleanup_seconds", "The time taken to recompact blocks to remove tombstones."),
            .counter("prometheus_tsdb_time_retentions_total", "The number of times that blocks were deleted because the maximum time limit was exceeded.", Double(counts.timeRetentions)),
            .counter("prometheus_tsdb_size_retentions_total", "The number of times that blocks were deleted because the maximum number of bytes was exceeded.", Double(counts.sizeRetentions)),
            .gauge("prometheus_tsdb_retention_limit_seconds", "How long to retain samples in storage.", Double(options.retentionMillis / 1000)),
            .gauge("prometheus_tsdb_retention_limit_bytes", "Max number of bytes to be retained in the tsdb blocks, configured 0 means disabled", Double(options.retentionBytes)),
            .counter("prometheus_tsdb_reloads_total", "Number of times the database reloaded block data from disk.", Double(counts.reloads)),
            .counter("prometheus_tsdb_reloads_failures_total", "Number of times the database failed to reloadBlocks block data from disk.", Double(counts.reloadsFailed)),
        ]
    }

    private var logFamilies: [MetricFamily] {
        let counts = maintenance.counts
        let damage = opening.log.damage + (opening.outOfOrderLog?.damage ?? [])
        let unknown = opening.unknownReferences
        let late = outOfOrderLog.current.map { Self.families("prometheus_tsdb_out_of_order_wbl_", $0.statistics, byteCount: outOfOrderLog.byteCount) } ?? []
        return Self.families("prometheus_tsdb_wal_", log.statistics, byteCount: maintenance.logBytes) + late + [
            .counter("prometheus_tsdb_wal_corruptions_total", "Total number of WAL corruptions.", Double(damage.count { !$0.isTornTail })),
            .counter("prometheus_tsdb_checkpoint_creations_total", "Total number of checkpoint creations attempted.", Double(counts.checkpoints + counts.checkpointsFailed)),
            .counter("prometheus_tsdb_checkpoint_creations_failed_total", "Total number of checkpoint creations that failed.", Double(counts.checkpointsFailed)),
            .gauge("prometheus_tsdb_data_replay_duration_seconds", "Time taken to replay the data on disk.", opening.seconds),
        ] + unknown.log.families("prometheus_tsdb_wal_replay_unknown_refs_total", "Total number of unknown series references encountered during WAL replay.")
            + unknown.outOfOrderLog.families("prometheus_tsdb_wbl_replay_unknown_refs_total", "Total number of unknown series references encountered during WBL replay.")
    }

    private static func families(_ prefix: String, _ log: LogStatistics, byteCount: Int) -> [MetricFamily] {
        [
            MetricFamily("\(prefix)fsync_duration_seconds", .summary, "Duration of write log fsync.", points: [
                .init("\(prefix)fsync_duration_seconds_sum", [], log.syncSeconds), .init("\(prefix)fsync_duration_seconds_count", [], Double(log.syncs)),
            ]),
            .counter("\(prefix)page_flushes_total", "Total number of page flushes.", Double(log.writes)),
            .counter("\(prefix)completed_pages_total", "Total number of completed pages.", Double(log.pagesCompleted)),
            .counter("\(prefix)writes_failed_total", "Total number of write log writes that failed.", Double(log.writesFailed)),
            .gauge("\(prefix)segment_current", "Write log segment index that TSDB is currently writing to.", Double(log.segment)),
            .gauge("\(prefix)storage_size_bytes", "Size of the write log directory.", Double(byteCount)),
        ]
    }
}
