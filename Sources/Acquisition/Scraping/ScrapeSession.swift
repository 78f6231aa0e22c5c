import Bytes
import MetricFormats
import MetricModel
import MetricStore

/// One target's scrapes from body to batch: what it remembers between them, and nothing that waits.
///
/// For every scrape `read`, then `conclude`, then — when the store has answered — `settle`.
struct ScrapeSession: Sendable {
    private let config: ScrapeConfig
    private let labels: SampleLabels
    private let limits: HistogramLimits
    private var cache: ScrapeCache
    private var metadata = ScrapeMetadata()
    private var automatic: [AutomaticSeries]

    /// Samples further ahead than this are not taken.
    private static let aheadMillisMax: Int64 = 600_000

    private struct AutomaticSeries: Sendable {
        let keyOffset: Int
        let keyLength: Int
        var reference: UInt64 = 0
    }

    init(_ target: Target, _ config: ScrapeConfig) {
        self.config = config
        let labels = SampleLabels(target, config)
        self.labels = labels
        limits = HistogramLimits(config)
        let extra = config.storesExtraMetrics ? ["scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes"] : []
        let names = ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"] + extra
        var keys: [UInt8] = []
        automatic = names.map { name in
            let key = labels.automatic(name).packed
            defer { keys.append(contentsOf: key) }
            return AutomaticSeries(keyOffset: keys.count, keyLength: key.count)
        }
        cache = ScrapeCache(automaticKeys: keys)
    }

    /// The metadata of the target's families, for `/api/v1/targets/metadata`.
    var families: [(metric: String, MetricMetadata)] { metadata.all }

    /// Takes over what an earlier session of the same target remembers; its settings must allow it (`ScrapeConfig.keepsCache`).
    mutating func continueFrom(_ earlier: ScrapeSession) {
        cache = earlier.cache
        metadata = earlier.metadata
        automatic = earlier.automatic
    }

    // MARK: - Reading

    /// Reads a body that was fetched. A failure of any kind leaves stale markers for all that the last scrape held.
    mutating func read(_ body: [UInt8], contentType: String, timestamp: Int64, nowMillis: Int64) -> ScrapeOutcome {
        var outcome = ScrapeOutcome(batch: SampleBatch(), owners: [], error: nil, counts: ScrapeCounts())
        if !body.isEmpty {
            do throws(ContentType.Unusable) {
                let format = try ContentType.format(contentType, fallback: config.fallbackProtocol)
                body.withUnsafeBufferPointer { parse($0, format, timestamp, nowMillis, &outcome) }
            } catch { outcome.error = error.reason }
            if outcome.error == nil, outcome.counts.exceedsSampleLimit { outcome.error = "sample limit exceeded" }
            if outcome.error == nil, outcome.counts.exceedsBucketLimit { outcome.error = "histogram bucket limit exceeded" }
        }
        if outcome.error != nil { discard(&outcome) }
        markStale(timestamp, &outcome)
        return outcome
    }

    /// Stands for a scrape that brought no body.
    mutating func readFailure(_ error: String, timestamp: Int64) -> ScrapeOutcome {
        var outcome = ScrapeOutcome(batch: SampleBatch(), owners: [], error: error, counts: ScrapeCounts())
        markStale(timestamp, &outcome)
        return outcome
    }

    private mutating func parse(
        _ body: UnsafeBufferPointer<UInt8>, _ format: ContentType.Format, _ timestamp: Int64, _ nowMillis: Int64, _ outcome: inout ScrapeOutcome
    ) {
        let expected = cache.entries.count + automatic.count
        outcome.batch.series.reserveCapacity(expected)
        outcome.batch.timestamps.reserveCapacity(expected)
        outcome.batch.values.reserveCapacity(expected)
        outcome.owners.reserveCapacity(expected)
        var intake = Intake(latest: nowMillis + Self.aheadMillisMax)
        do {
            switch format {
            case .text(let dialect): try parse(ExpositionParser(body, dialect: dialect), timestamp, &intake, &outcome)
            case .protobuf: try parse(ProtobufExpositionParser(body, options: histogramOptions), timestamp, &intake, &outcome)
            }
        } catch let error as SampleLabels.Refusal {
            intake.counts.exceedsLabelLimits = error.isLimit
            outcome.error = error.reason
        } catch { outcome.error = "\(error)" }
        outcome.counts = intake.counts
    }

    private mutating func parse(_ parser: consuming ExpositionParser, _ timestamp: Int64, _ intake: inout Intake, _ outcome: inout ScrapeOutcome) throws {
        while let entry = try parser.next() {
            guard entry == .series else {
                if entry != .comment { metadata.take(entry, parser, pass: cache.pass) }
                continue
            }
            let ownTimestamp = config.honorsTimestamps ? parser.timestamp : nil
            guard let index = try admit(parser.metric, ownTimestamp, &intake, labels: { try parser.labels() }) else { continue }
            append(index, ownTimestamp ?? timestamp, parser.value, &outcome)
            if let exemplar = parser.exemplar { try append(exemplar, parser, ownTimestamp ?? timestamp, &outcome) }
        }
    }

    private mutating func parse(_ parser: consuming ProtobufExpositionParser, _ timestamp: Int64, _ intake: inout Intake, _ outcome: inout ScrapeOutcome) throws {
        while let entry = try parser.next() {
            if entry == .family {
                metadata.take(parser, pass: cache.pass)
                continue
            }
            let ownTimestamp = config.honorsTimestamps ? parser.timestamp : nil
            let index = try parser.key.withUnsafeBufferPointer { key in try admit(key, ownTimestamp, &intake, labels: { try parser.labels() }) }
            guard let index else { continue }
            if entry == .histogram, let histogram = parser.histogram {
                guard let fitted = try limits.fitted(histogram) else {
                    intake.counts.exceedsBucketLimit = true
                    continue
                }
                append(index, ownTimestamp ?? timestamp, fitted, &outcome)
            } else {
                append(index, ownTimestamp ?? timestamp, parser.value, &outcome)
            }
            guard parser.hasExemplars else { continue }
            for exemplar in try parser.exemplars(at: ownTimestamp ?? timestamp) {
                outcome.batch.exemplars.append(SampleBatch.ExemplarRow(series: outcome.batch.series.count - 1, exemplar: exemplar))
            }
        }
    }

    private var histogramOptions: ProtobufExpositionParser.Options {
        var options = ProtobufExpositionParser.Options()
        options.ignoresNativeHistograms = !config.scrapesNativeHistograms
        options.keepsClassicHistograms = config.alwaysScrapesClassicHistograms
        return options
    }

    /// How far the reading of a body has come.
    private struct Intake {
        /// Samples later than this are not taken, in milliseconds.
        let latest: Int64
        var counts = ScrapeCounts()
        /// Samples that count against the limit.
        var counted = 0
    }

    /// Counts a sample and finds its series' entry, or makes one; nil when the sample is not to be stored.
    @inline(__always)
    private mutating func admit(
        _ metric: UnsafeBufferPointer<UInt8>, _ ownTimestamp: Int64?, _ intake: inout Intake, labels exposed: () throws -> ExpositionParser.LabelPairs
    ) throws -> Int? {
        intake.counts.scraped += 1
        let hash = ByteHash.hash(metric)
        let index: Int
        var isNew = false
        var isRepeated = false
        if let known = cache.find(metric, hash: hash) {
            index = known
            isRepeated = cache.touch(known)
        } else {
            index = cache.insert(metric, hash: hash, try labels.stored(try exposed()))
            isNew = true
        }
        if cache.entries[index].isDropped { return nil }
        intake.counts.postRelabeling += 1
        if isRepeated, ownTimestamp == nil {
            intake.counts.duplicates += 1
            return nil
        }
        intake.counted += 1
        if config.sampleLimit > 0, intake.counted > config.sampleLimit {
            intake.counts.exceedsSampleLimit = true
            return nil
        }
        if let ownTimestamp, ownTimestamp > intake.latest {
            intake.counts.tooFarInFuture += 1
            return nil
        }
        if isNew { intake.counts.seriesAdded += 1 }
        if ownTimestamp == nil || config.tracksTimestampStaleness { cache.track(index) }
        return index
    }

    @inline(__always)
    private func append(_ index: Int, _ timestamp: Int64, _ value: Double, _ outcome: inout ScrapeOutcome) {
        let entry = cache.entries[index]
        let at = outcome.batch.values.count
        outcome.batch.series.append(SampleBatch.Series(
            keyOffset: entry.keyOffset, keyLength: entry.keyLength, keyEncoding: .packed, reference: entry.reference, samples: at..<at + 1))
        outcome.batch.timestamps.append(timestamp)
        outcome.batch.values.append(value)
        outcome.owners.append(Int32(index))
    }

    @inline(never)
    private func append(_ index: Int, _ timestamp: Int64, _ histogram: NativeHistogram, _ outcome: inout ScrapeOutcome) {
        let entry = cache.entries[index]
        let at = outcome.batch.values.count
        outcome.batch.histograms.append(SampleBatch.HistogramRow(series: outcome.batch.series.count, timestamp: timestamp, histogram: histogram))
        outcome.batch.series.append(SampleBatch.Series(
            keyOffset: entry.keyOffset, keyLength: entry.keyLength, keyEncoding: .packed, reference: entry.reference, samples: at..<at))
        outcome.owners.append(Int32(index))
    }

    /// An exemplar that does not say its time has that of its sample.
    @inline(never)
    private func append(_ exemplar: ExpositionParser.Exemplar, _ parser: ExpositionParser, _ timestamp: Int64, _ outcome: inout ScrapeOutcome) throws(MetricFormatError) {
        let labels = Labels(try parser.exemplarLabels().map { ($0.name, $0.value) })
        outcome.batch.exemplars.append(SampleBatch.ExemplarRow(
            series: outcome.batch.series.count - 1,
            exemplar: Exemplar(labels: labels, value: exemplar.value, timestamp: exemplar.timestamp ?? timestamp, hasTimestamp: exemplar.timestamp != nil)))
    }

    private mutating func discard(_ outcome: inout ScrapeOutcome) {
        outcome.batch = SampleBatch()
        outcome.owners = []
        cache.untrackAll()
    }

    private func markStale(_ timestamp: Int64, _ outcome: inout ScrapeOutcome) {
        for index in cache.stale() { append(index, timestamp, Staleness.marker, &outcome) }
    }

    // MARK: - Concluding

    /// Adds the automatic series and closes the batch.
    mutating func conclude(_ outcome: inout ScrapeOutcome, timestamp: Int64, durationSeconds: Double, bodyBytes: Int) {
        let counts = outcome.counts
        let values = [
            outcome.isSuccess ? 1 : 0, durationSeconds, Double(counts.scraped), Double(counts.postRelabeling), Double(counts.seriesAdded),
            config.timeout.seconds, Double(config.sampleLimit), Double(bodyBytes),
        ]
        outcome.batch.metadata = metadata.changes
        close(&outcome, values, timestamp)
    }

    /// The markers that end all of a target's series, the automatic ones too.
    mutating func readEnd(timestamp: Int64) -> ScrapeOutcome {
        var outcome = readFailure("", timestamp: timestamp)
        close(&outcome, [Double](repeating: Staleness.marker, count: automatic.count), timestamp)
        return outcome
    }

    private func close(_ outcome: inout ScrapeOutcome, _ values: [Double], _ timestamp: Int64) {
        outcome.batch.arena = cache.arena
        for (series, value) in zip(automatic, values) {
            let at = outcome.batch.values.count
            outcome.batch.series.append(SampleBatch.Series(
                keyOffset: series.keyOffset, keyLength: series.keyLength, keyEncoding: .packed, reference: series.reference, samples: at..<at + 1))
            outcome.batch.timestamps.append(timestamp)
            outcome.batch.values.append(value)
        }
    }

    /// Takes in the store's answer; nil when it took nothing.
    mutating func settle(_ outcome: ScrapeOutcome, _ report: AppendReport?) {
        if let report {
            for (place, reference) in report.references.enumerated() {
                if place < outcome.owners.count {
                    settle(Int(outcome.owners[place]), reference)
                } else if place - outcome.owners.count < automatic.count, reference != 0 {
                    automatic[place - outcome.owners.count].reference = reference
                }
            }
        }
        metadata.finish(isSuccess: outcome.isSuccess, isStored: report != nil, pass: cache.pass)
        cache.finish(isSuccess: outcome.isSuccess, isStored: report != nil)
    }

    /// A series that was refused keeps the reference it had and is not marked stale for going.
    @inline(__always)
    private mutating func settle(_ index: Int, _ reference: UInt64) {
        if reference == 0 { cache.untrack(index) } else { cache.setReference(index, reference) }
    }
}
