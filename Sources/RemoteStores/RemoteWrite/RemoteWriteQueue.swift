import Bytes
import Logging
import MetricFormats
import MetricModel
import Platform
import Synchronization

/// Sends what a store commits to one receiver, in rounds: reads a bounded number of rows behind the writer, writes down which, sends them by
/// shards side by side, and goes on when all are answered.
///
/// At least once: a round that was interrupted, however, is sent again from its first unanswered requests on, cut as it was. What a receiver
/// refuses for good is counted and passed over, what it cannot take now is tried until it can; meanwhile the log is the queue.
final class RemoteWriteQueue: Sendable {
    let options: RemoteWriteOptions
    private let source: any CommitSource
    private let start: String
    private let metadata: @Sendable () -> [(family: String, MetricMetadata)]
    private let transport: any RemoteTransport
    private let journal: QueueJournal
    private let pool: BlockingPool
    private let clock: any TimeSource
    private let logger: Logger
    private let names: SeriesNames
    private let reader: any CommitReading
    private let counts = Mutex(QueueCounts())
    private let outage = Grievance()
    private let refusals = Grievance()
    private let trouble = Grievance()

    private static let pollNanos: UInt64 = 100_000_000
    /// Rows of one round, whatever the options say.
    private static let rowsMax = 500_000
    /// What a row takes in the log at least, roughly.
    private static let bytesPerRow = 4
    private static let metadataAttemptsMax = 3

    /// - Parameter start: where to begin when no journal says.
    init(
        _ options: RemoteWriteOptions, source: any CommitSource, start: String, metadata: @escaping @Sendable () -> [(family: String, MetricMetadata)],
        transport: any RemoteTransport, disk: any FileSystem, directory: String, pool: BlockingPool, clock: any TimeSource, logger: Logger
    ) {
        self.options = options
        self.source = source
        self.start = start
        self.metadata = metadata
        self.transport = transport
        journal = QueueJournal(disk, directory: directory, name: options.name)
        self.pool = pool
        self.clock = clock
        self.logger = logger
        names = SeriesNames(options.relabel)
        reader = source.makeReader()
    }

    var snapshot: QueueCounts { counts.withLock { $0 } }

    /// Sends until the task is cancelled; then nothing is under way any more.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            if options.metadata.isSent { group.addTask { await self.sendMetadataNowAndThen() } }
            group.addTask { await self.sendRounds() }
        }
        await transport.close()
        journal.close()
    }

    // MARK: Rounds

    private func sendRounds() async {
        var state: (round: QueueJournal.Round, answered: [Int])?
        while !Task.isCancelled {
            do {
                if state == nil { state = try await resume() }
                guard let current = state else { continue }
                // What was answered whole need not be there any more.
                if current.round.requests > current.answered.reduce(0, +) {
                    let rows = try await read(from: current.round.start, to: current.round.end)
                    note(rows)
                    try await send(current.round, plan(current.round, rows), answered: current.answered, rows: rows)
                }
                state = (try await next(after: current.round), [])
            } catch is CancellationError {
                return
            } catch {
                // What the journal says holds.
                state = nil
                if trouble.note(clock.monotonicNanos) != nil { logger.error("remote write to \(options.name): \(error); it is tried again") }
                try? await clock.sleep(nanos: 1_000_000_000)
            }
        }
    }

    /// The round that the journal tells of, or an empty one where to begin.
    private func resume() async throws -> (round: QueueJournal.Round, answered: [Int]) {
        let (journal, logger, name) = (journal, logger, options.name)
        var first = QueueJournal.Round(start: start, end: start)
        do {
            if let found = try await pool.run({ try journal.load() }) { return found }
        } catch let damage as QueueJournal.Damaged {
            let oldest = await pool.run { [source] in source.oldestPosition }
            first = QueueJournal.Round(start: oldest, end: oldest)
            logger.warning("remote write to \(name): \(damage); all of the log is sent again")
        }
        let round = first
        try await pool.run { try journal.begin(round) }
        return (round, [])
    }

    /// Waits until there is enough to send, or something for long enough, and makes it a round.
    private func next(after last: QueueJournal.Round) async throws -> QueueJournal.Round {
        var position = last.end
        while true {
            try await waitForRows(behind: position)
            let rowsMax = min(Self.rowsMax, options.queue.capacity * options.queue.shardsMax)
            let rows = try await read(from: position, to: nil, rowsMax: rowsMax)
            note(rows)
            guard rows.count > 0 else {
                position = rows.end
                continue
            }
            var round = QueueJournal.Round(
                number: last.number &+ 1, start: position, end: rows.end, shards: SendPlan.shardCount(rows: rows.count, options.queue),
                rowsPerRequestMax: options.queue.samplesPerSendMax, sendsHistograms: options.sendsHistograms, sendsExemplars: options.sendsExemplars)
            let plan = plan(round, rows)
            round.requests = plan.shards.reduce(0) { $0 + $1.count }
            try await pool.run { [journal, round] in try journal.begin(round) }
            try await send(round, plan, answered: [], rows: rows)
            // What was sent needs not be read again to find that nothing of it is left to send.
            return QueueJournal.Round(number: round.number, start: round.end, end: round.end)
        }
    }

    private func waitForRows(behind position: String) async throws {
        let enough = options.queue.samplesPerSendMax * Self.bytesPerRow
        var since: UInt64?
        while true {
            try Task.checkCancellation()
            let bytes = source.bytesCommitted(behind: position)
            if bytes >= enough { return }
            let now = clock.monotonicNanos
            if bytes > 0 {
                let begun = since ?? now
                since = begun
                if now - begun >= UInt64(max(0, options.queue.batchSendDeadlineMillis)) * 1_000_000 { return }
            }
            try await clock.sleep(nanos: Self.pollNanos)
        }
    }

    private func read(from start: String, to end: String?, rowsMax: Int = .max) async throws -> CommittedRows {
        let reader = reader
        return try await pool.run { try reader.read(from: start, to: end, rowsMax: rowsMax) }
    }

    /// Counts what reading could not find.
    private func note(_ rows: CommittedRows) {
        counts.withLock { counts in
            counts.segmentsLost += rows.segmentsLost
            counts.unknown += rows.rowsOfUnknownSeries
        }
        if rows.segmentsLost > 0 {
            logger.error("remote write to \(options.name): \(rows.segmentsLost) segments of the log were removed before they were sent; the receiver was away for longer than the log lives")
        }
        if rows.rowsOfUnknownSeries > 0 { logger.warning("remote write to \(options.name): \(rows.rowsOfUnknownSeries) samples were not sent, as the log does not name their series") }
    }

    // MARK: Requests

    private func plan(_ round: QueueJournal.Round, _ rows: CommittedRows) -> SendPlan {
        SendPlan(
            rows.batches, shards: round.shards, rowsPerRequestMax: round.rowsPerRequestMax, sendsHistograms: round.sendsHistograms, sendsExemplars: round.sendsExemplars)
    }

    private func send(_ round: QueueJournal.Round, _ plan: SendPlan, answered: [Int], rows: CommittedRows) async throws {
        let open = plan.shards.enumerated().map { shard, requests in Array(requests.dropFirst(shard < answered.count ? answered[shard] : 0)) }
        counts.withLock { counts in
            counts.shards = round.shards
            for request in open.joined() { counts.pending.add(request.counts) }
        }
        defer { counts.withLock { $0.pending = .init() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (shard, requests) in open.enumerated() where !requests.isEmpty {
                group.addTask {
                    for request in requests {
                        try await self.deliver(request, of: rows.batches[request.batch])
                        self.counts.withLock { $0.pending.subtract(request.counts) }
                        let journal = self.journal
                        try? await self.pool.run { try journal.answered(round.number, shard) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Returns when the receiver has taken the request, or has refused it for good.
    private func deliver(_ request: SendPlan.Request, of batch: SampleBatch) async throws {
        var backoff = Backoff(minMillis: options.queue.backoffMinMillis, maxMillis: options.queue.backoffMaxMillis)
        var body: RequestBody?
        var attempt = 0
        while true {
            try Task.checkCancellation()
            // While it waits, what it holds grows older.
            if body == nil || options.queue.sampleAgeMaxMillis > 0 {
                let limit = options.queue.sampleAgeMaxMillis > 0 ? clock.unixMillis - options.queue.sampleAgeMaxMillis : .min
                let fresh = RequestBody(request, of: batch, minMillis: limit, labels: names)
                noteDropped(fresh, after: body)
                body = fresh
            }
            guard let body, !body.bytes.isEmpty else { return }
            let headers = attempt == 0 ? RequestBody.headers : RequestBody.headers + [.init("Retry-Attempt", String(attempt))]
            let begun = clock.monotonicNanos
            counts.withLock { $0.attempted.add(body.sent) }
            let answer = await transport.post(body.bytes, headers)
            counts.withLock { $0.observe(seconds: Double(clock.monotonicNanos - begun) / 1e9) }
            switch SendVerdict(answer, retriesRateLimit: options.queue.retriesRateLimit) {
            case .delivered:
                counts.withLock { counts in
                    counts.bytes += body.bytes.count
                    if body.highestMillis > .min { counts.highestSentMillis = max(counts.highestSentMillis ?? .min, body.highestMillis) }
                }
                if outage.end() { logger.info("remote write to \(options.name): the receiver takes samples again") }
                return
            case .retry(let reason, let seconds):
                counts.withLock { $0.retried.add(body.sent) }
                if outage.note(clock.monotonicNanos) != nil { logger.warning("remote write to \(options.name): failed to send a batch, retrying: \(reason)") }
                attempt += 1
                try await clock.sleep(nanos: UInt64(backoff.wait(retryAfterSeconds: seconds)) * 1_000_000)
            case .refused(let reason):
                counts.withLock { $0.failed.add(body.sent) }
                if let times = refusals.note(clock.monotonicNanos) {
                    logger.error("remote write to \(options.name): non-recoverable error, \(body.sent.samples) samples were dropped\(times > 1 ? " (the \(times)th since this was last said)" : ""): \(reason)")
                }
                return
            case .stopped: throw CancellationError()
            }
        }
    }

    /// Rows are counted as dropped once, those that have become too old meanwhile when they do.
    private func noteDropped(_ body: RequestBody, after earlier: RequestBody?) {
        counts.withLock { counts in
            if earlier == nil {
                counts.relabeled.add(body.dropped)
                counts.customBuckets += body.customBuckets
            }
            let before = earlier?.tooOld ?? .init()
            counts.tooOld.add(.init(
                samples: body.tooOld.samples - before.samples, histograms: body.tooOld.histograms - before.histograms, exemplars: body.tooOld.exemplars - before.exemplars))
        }
    }

    // MARK: Metadata

    private func sendMetadataNowAndThen() async {
        while !Task.isCancelled {
            guard (try? await clock.sleep(nanos: UInt64(max(1, options.metadata.intervalMillis)) * 1_000_000)) != nil else { return }
            let entries = metadata()
            let size = max(1, options.metadata.samplesPerSendMax)
            for start in stride(from: 0, to: entries.count, by: size) {
                if Task.isCancelled { return }
                await sendMetadata(Array(entries[start..<min(start + size, entries.count)]))
            }
        }
    }

    /// Metadata comes again with the next interval, so it is not insisted on.
    private func sendMetadata(_ entries: [(family: String, MetricMetadata)]) async {
        var encoder = RemoteWriteEncoder()
        for (family, metadata) in entries { encoder.metadata(family, metadata) }
        let bytes = Compression.snappy.compress(encoder.finish())
        var backoff = Backoff(minMillis: options.queue.backoffMinMillis, maxMillis: options.queue.backoffMaxMillis)
        for attempt in 1...Self.metadataAttemptsMax {
            counts.withLock { $0.attempted.metadata += entries.count }
            switch SendVerdict(await transport.post(bytes, RequestBody.headers), retriesRateLimit: options.queue.retriesRateLimit) {
            case .delivered: return counts.withLock { $0.metadataBytes += bytes.count }
            case .retry(_, let seconds) where attempt < Self.metadataAttemptsMax:
                counts.withLock { $0.retried.metadata += entries.count }
                guard (try? await clock.sleep(nanos: UInt64(backoff.wait(retryAfterSeconds: seconds)) * 1_000_000)) != nil else { return }
            case .retry, .refused: return counts.withLock { $0.failed.metadata += entries.count }
            case .stopped: return
            }
        }
    }
}
