import MetricModel

/// What a queue has done, for the metrics that Prometheus calls `prometheus_remote_storage_…` (storage/remote/queue_manager.go).
struct QueueCounts: Sendable {
    /// Of samples, histograms, exemplars and metadata.
    struct Kinds: Sendable {
        var samples = 0, histograms = 0, exemplars = 0, metadata = 0

        mutating func add(_ counts: RequestBody.Counts) {
            samples += counts.samples
            histograms += counts.histograms
            exemplars += counts.exemplars
        }

        mutating func subtract(_ counts: RequestBody.Counts) {
            samples -= counts.samples
            histograms -= counts.histograms
            exemplars -= counts.exemplars
        }

        subscript(kind: String) -> Int {
            switch kind {
            case "samples": samples
            case "histograms": histograms
            case "exemplars": exemplars
            default: metadata
            }
        }
    }

    var attempted = Kinds()
    var failed = Kinds()
    var retried = Kinds()
    var relabeled = Kinds()
    var tooOld = Kinds()
    var unknown = 0
    var customBuckets = 0
    /// Read and not yet answered.
    var pending = Kinds()
    var bytes = 0
    var metadataBytes = 0
    var shards = 1
    var highestSentMillis: Int64?
    var segmentsLost = 0
    /// Requests by how long they took.
    private var durations = [Int](repeating: 0, count: Self.bounds.count + 1)
    private var durationSeconds = 0.0
    private static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300]

    mutating func observe(seconds: Double) {
        durations[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        durationSeconds += seconds
    }

    /// The families of several queues.
    static func families(_ queues: [(options: RemoteWriteOptions, counts: QueueCounts)], _ source: any CommitSource) -> [MetricFamily] {
        if queues.isEmpty { return [] }
        let prefix = "prometheus_remote_storage_"
        func labels(_ options: RemoteWriteOptions) -> [(name: String, value: String)] { [("remote_name", options.name), ("url", options.http.url)] }
        func family(_ name: String, _ kind: MetricKind, _ help: String, _ value: (QueueCounts, RemoteWriteOptions) -> Double) -> MetricFamily {
            MetricFamily(prefix + name, kind, help, points: queues.map { .init(prefix + name, labels($0.options), value($0.counts, $0.options)) })
        }
        func kinds(_ suffix: String, _ help: (String) -> String, _ path: KeyPath<QueueCounts, Kinds>) -> [MetricFamily] {
            ["samples", "exemplars", "histograms", "metadata"].map { kind in
                family("\(kind)\(suffix)_total", .counter, help(kind == "metadata" ? "metadata entries" : kind)) { counts, _ in Double(counts[keyPath: path][kind]) }
            }
        }
        var families = kinds("", { "Total number of \($0) sent to remote storage." }, \.attempted)
        families += kinds("_failed", { "Total number of \($0) which failed on send to remote storage, non-recoverable errors." }, \.failed)
        families += kinds("_retried", { "Total number of \($0) which failed on send to remote storage but were retried because the send error was recoverable." }, \.retried)
        families += ["samples", "exemplars", "histograms"].map { kind in
            let name = "\(prefix)\(kind)_dropped_total"
            return MetricFamily(name, .counter, "Total number of \(kind) which were dropped after being read from the WAL before being sent via remote write, by reason.", points: queues.flatMap { queue in
                var reasons = [("dropped_series", queue.counts.relabeled[kind]), ("too_old", queue.counts.tooOld[kind])]
                if kind == "samples" { reasons.append(("unintentionally_dropped_series", queue.counts.unknown)) }
                if kind == "histograms" { reasons.append(("nhcb_in_rw1_not_supported", queue.counts.customBuckets)) }
                return reasons.map { MetricFamily.Point(name, labels(queue.options) + [(name: "reason", value: $0.0)], Double($0.1)) }
            })
        }
        families += ["samples", "exemplars", "histograms"].map { kind in
            family("\(kind)_pending", .gauge, "The number of \(kind) pending in the queues shards to be sent to the remote storage.") { counts, _ in Double(counts.pending[kind]) }
        }
        let taken = source.taken
        families += [("samples", "Samples", taken.samples), ("exemplars", "Exemplars", taken.exemplars), ("histograms", "HistogramSamples", taken.histograms)].map { kind, word, count in
            .counter("\(prefix)\(kind)_in_total", "\(word) in to remote storage, compare to \(kind) out for queue managers.", Double(count))
        }
        families += [
            family("bytes_total", .counter, "The total number of bytes of data (not metadata) sent by the queue after compression.") { counts, _ in Double(counts.bytes) },
            family("metadata_bytes_total", .counter, "The total number of bytes of metadata sent by the queue after compression.") { counts, _ in Double(counts.metadataBytes) },
            family("shards", .gauge, "The number of shards used for parallel sending to the remote storage.") { counts, _ in Double(counts.shards) },
            family("shards_desired", .gauge, "The number of shards that the queues shard calculation wants to run based on the rate of samples in vs. samples out.") { counts, _ in Double(counts.shards) },
            family("shards_max", .gauge, "The maximum number of shards that the queue is allowed to run.") { Double($1.queue.shardsMax) },
            family("shards_min", .gauge, "The minimum number of shards that the queue is allowed to run.") { Double($1.queue.shardsMin) },
            family("shard_capacity", .gauge, "The capacity of each shard of the queue used for parallel sending to the remote storage.") { Double($1.queue.capacity) },
            family("max_samples_per_send", .gauge, "The maximum number of samples to be sent, in a single request, to the remote storage.") { Double($1.queue.samplesPerSendMax) },
            family("queue_highest_sent_timestamp_seconds", .gauge, "Timestamp from a WAL sample, the highest timestamp successfully sent by this queue, in seconds since epoch.") { counts, _ in
                Double(counts.highestSentMillis ?? 0) / 1_000
            },
            MetricFamily("obstack_remote_storage_segments_lost_total", .counter, "Log segments that were removed before the queue had read them; what stood in them was not sent.", points: queues.map {
                .init("obstack_remote_storage_segments_lost_total", labels($0.options), Double($0.counts.segmentsLost))
            }),
            MetricFamily(prefix + "sent_batch_duration_seconds", .histogram, "Duration of send calls to the remote storage.", points: queues.flatMap { queue in
                queue.counts.durationPoints(prefix + "sent_batch_duration_seconds", labels(queue.options))
            }),
            .gauge(prefix + "highest_timestamp_in_seconds", "Highest timestamp that has come into the remote storage via the Appender interface, in seconds since epoch.", Double(source.highestMillis ?? 0) / 1_000),
        ]
        return families
    }

    private func durationPoints(_ name: String, _ labels: [(name: String, value: String)]) -> [MetricFamily.Point] {
        var total = 0
        var points: [MetricFamily.Point] = []
        for (index, count) in durations.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
            points.append(.init(name + "_bucket", labels + [("le", bound.hasSuffix(".0") ? String(bound.dropLast(2)) : bound)], Double(total)))
        }
        return points + [.init(name + "_sum", labels, durationSeconds), .init(name + "_count", labels, Double(total))]
    }
}
