import Logging

/// Sends spans to an OTLP/HTTP receiver in batches, from a thread of its own.
///
/// `submit` is called from any thread and does not block. Whether a stack listens is the exporter's own affair: that none does is said
/// once, and once more when it comes.
package final class SpanExporter: Sendable {
    package struct Options: Sendable {
        package var address: HTTPAddress
        /// Beside those that every request has.
        package var headers: [(name: String, value: String)] = []
        /// How long a request may take.
        package var timeoutSeconds = 10.0
        package var resource: [RecordedSpan.Field] = []
        /// Sees each span before it is sent.
        package var tap: (@Sendable (RecordedSpan) -> Void)?
        /// Spans that wait; when there are so many, new ones are dropped and counted.
        package var queueMax = 8_192
        /// Spans in one request, and how many make the thread look before its time.
        package var batchMax = 512
        /// The longest that a span waits before it is sent.
        package var waitSeconds = 1.0
        /// Pauses after one failure, two, and so on; the last is kept to, so that a stack that comes back is found soon.
        package var pausesSeconds = [0.5, 1, 2, 4, 5]
        /// A batch that cannot be delivered for so long is dropped and counted.
        package var giveUpSeconds = 30.0

        package init(address: HTTPAddress) { self.address = address }
    }

    package struct Counts: Equatable, Sendable {
        /// Spans that the receiver took.
        package var sent: UInt64 = 0
        /// Spans that were not delivered: too many waited, or nobody took them.
        package var dropped: UInt64 = 0

        package init(sent: UInt64 = 0, dropped: UInt64 = 0) { (self.sent, self.dropped) = (sent, dropped) }
    }

    private struct State {
        var queue: [RecordedSpan] = []
        var counts = Counts()
        var submitted: UInt64 = 0
        /// Whoever waits for `flush`, and whoever closed, wants no second attempt.
        var flushing = 0
        var sendsSoon = false
        var isClosed = false
        var closesAt = 0.0
        var hasEnded = false

        var isInHurry: Bool { isClosed || flushing > 0 }
        var isSettled: Bool { counts.sent + counts.dropped >= submitted }
    }

    private enum Outcome {
        case taken(rejected: UInt64)
        case failed(String, again: Bool)
    }

    private let options: Options
    private let connection: HTTPConnection
    private let resource: [UInt8]
    private let state = GuardedState(State())
    private let logger = Logger(label: "ObservabilityIntegration")

    package init(_ options: Options) {
        self.options = options
        connection = HTTPConnection(options.address, bodyMax: 65_536)
        resource = OTLPSpanEncoder.encode(resource: options.resource)
        if !BackgroundThread.start({ self.run() }) {
            logger.warning("no spans are sent: no thread can be had")
            state.withLock { ($0.isClosed, $0.hasEnded) = (true, true) }
        }
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// Takes an ended span; drops it when as many as may wait are waiting.
    package func submit(_ span: RecordedSpan) {
        let wakes = state.withLock { state in
            state.submitted += 1
            guard state.queue.count < options.queueMax, !state.isClosed else {
                state.counts.dropped += 1
                return false
            }
            state.queue.append(span)
            return state.queue.count == 1 || state.queue.count == options.batchMax
        }
        if wakes { state.signal() }
    }

    /// Sends what waits now instead of within a second, without waiting for it.
    package func sendSoon() {
        state.withLock { $0.sendsSoon = !$0.queue.isEmpty }
        state.signal()
    }

    /// Sends what waits now; whether all of it was settled, one way or the other, within the time. Blocks.
    package func flush(timeoutSeconds: Double) -> Bool {
        let submitted = state.withLock { state in
            state.flushing += 1
            return state.submitted
        }
        state.signal()
        return state.wait(atMost: timeoutSeconds, until: { $0.counts.sent + $0.counts.dropped >= submitted || $0.hasEnded }, then: { state in
            state.flushing -= 1
            return state.counts.sent + state.counts.dropped >= submitted
        })
    }

    /// Takes no more, tries once to send what waits, and ends the thread; what is not away in time is dropped and counted. Blocks.
    package func close(timeoutSeconds: Double) {
        state.withLock { state in
            guard !state.isClosed else { return }
            (state.isClosed, state.closesAt) = (true, monotonicSeconds() + timeoutSeconds)
        }
        state.signal()
        state.wait(atMost: timeoutSeconds + 0.5, until: { $0.hasEnded }, then: { _ in })
    }

    // MARK: - The thread

    private func run() {
        var isUnreachable = false
        while true {
            let (batch, ends) = nextBatch()
            if let tap = options.tap { for span in batch { tap(span) } }
            if !batch.isEmpty {
                let rejected = deliver(batch, &isUnreachable)
                state.withLock { state in
                    state.counts.sent += UInt64(batch.count) - rejected
                    state.counts.dropped += rejected
                }
                state.signal()
            } else if ends {
                break
            }
        }
        state.withLock { $0.hasEnded = true }
        state.signal()
    }

    /// Up to `batchMax` spans: when there are so many, when the first has waited for its time, or when there is a hurry. And whether none will come.
    private func nextBatch() -> ([RecordedSpan], Bool) {
        // An idle application's thread sleeps until there is a span.
        state.wait(until: { !$0.queue.isEmpty || $0.isClosed }, then: { _ in })
        return state.wait(atMost: options.waitSeconds, until: { $0.queue.count >= options.batchMax || $0.isInHurry || $0.sendsSoon }, then: { state in
            let batch = Array(state.queue.prefix(options.batchMax))
            state.queue.removeFirst(batch.count)
            if state.queue.isEmpty { state.sendsSoon = false }
            return (batch, state.isClosed && state.queue.isEmpty)
        })
    }

    /// How many of the spans were not taken.
    private func deliver(_ batch: [RecordedSpan], _ isUnreachable: inout Bool) -> UInt64 {
        let request = request(OTLPSpanEncoder.request(resource: resource, scope: "ObservabilityIntegration", version: libraryVersion, batch))
        let givesUpAt = monotonicSeconds() + options.giveUpSeconds
        var attempt = 0
        while true {
            switch post(request) {
            case .taken(let rejected):
                if isUnreachable { logger.info("spans are delivered to \(options.address.authority) again") }
                isUnreachable = false
                return min(rejected, UInt64(batch.count))
            case .failed(let reason, let again):
                if !isUnreachable {
                    logger.warning("no spans are delivered to \(options.address.authority)\(options.address.path) (\(reason)); the application goes on, spans that cannot wait are dropped")
                }
                isUnreachable = true
                let mayRetry = again && monotonicSeconds() < givesUpAt && !state.withLock { $0.isInHurry }
                guard mayRetry else { return UInt64(batch.count) }
            }
            state.wait(atMost: options.pausesSeconds[min(attempt, options.pausesSeconds.count - 1)], until: { $0.isInHurry }, then: { _ in })
            attempt += 1
        }
    }

    private func request(_ body: [UInt8]) -> [UInt8] {
        var head = "POST \(options.address.path) HTTP/1.1\r\nHost: \(options.address.authority)\r\nContent-Type: application/x-protobuf\r\n"
        head += "User-Agent: ObservabilityIntegration/\(libraryVersion)\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in options.headers { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    private func post(_ request: [UInt8]) -> Outcome {
        let left = state.withLock { $0.isClosed ? $0.closesAt - monotonicSeconds() : options.timeoutSeconds }
        guard left > 0 else { return .failed("the application ends", again: false) }
        do {
            let answer = try connection.exchange(request, timeoutSeconds: min(left, options.timeoutSeconds))
            if answer.status == 200 { return .taken(rejected: OTLPSpanEncoder.rejectedSpans(answer.body)) }
            return .failed("status \(answer.status): \(answer.excerpt)", again: [429, 502, 503, 504].contains(answer.status))
        } catch {
            return .failed(error.description, again: true)
        }
    }
}

/// The version of this library, which spans and requests name.
package let libraryVersion = "0.1.0"
