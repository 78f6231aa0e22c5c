import Logging
import MetricModel
import Platform
import Synchronization

/// Sends alerts to alert managers elsewhere, as Prometheus does: each has a queue of its own, from which batches go one after the other. A batch that fails is
/// dropped: alerts that still fire are raised again.
///
/// Source: prometheus `notifier/manager.go`, `sendloop.go`.
package final class AlertNotifier: Sendable {
    package struct Options: Sendable {
        package var queueCapacity = 10_000
        /// Alerts in one request.
        package var batchMax = 256
        package var userAgent = "ObservabilityStack"
        package init() {}
    }

    /// One alert manager: how it is spoken to, what waits for it.
    private struct Loop {
        var timeoutMillis: Int64
        var http: DeliveryHTTP
        var queue: AlertQueue
        var latency = LatencyWindow()
        var isSending = false
        /// So that an alert manager that is not there is one line in the log, not one a minute.
        var isFailing = false
    }

    private struct State {
        var sets: [AlertmanagerSet] = []
        var loops: [String: Loop] = [:]
    }

    private let state = Mutex(State())
    private let transport: any AlertTransport
    private let options: Options
    private let clock: any TimeSource
    private let logger: Logger
    private let work: AsyncStream<String>
    private let signal: AsyncStream<String>.Continuation

    package init(transport: any AlertTransport, clock: any TimeSource, options: Options = Options(), logger: Logger) {
        self.transport = transport
        self.options = options
        self.clock = clock
        self.logger = logger
        (work, signal) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Replaces whom to send to. What waits for one that stays goes on waiting.
    package func use(_ sets: [AlertmanagerSet]) {
        state.withLock { state in
            state.sets = sets
            var loops: [String: Loop] = [:]
            for set in sets {
                for url in set.urls where loops[url] == nil {
                    var loop = state.loops[url] ?? Loop(
                        timeoutMillis: 0, http: DeliveryHTTP(), queue: AlertQueue(capacity: options.queueCapacity, batchMax: options.batchMax))
                    loop.timeoutMillis = set.timeoutMillis
                    loop.http = set.http
                    loops[url] = loop
                }
            }
            state.loops = loops
        }
    }

    /// Whom alerts are sent to, and whom relabeling dropped, for `/api/v1/alertmanagers`.
    package var alertmanagers: (active: [String], dropped: [String]) {
        state.withLock { state in (state.sets.flatMap(\.urls), state.sets.flatMap(\.droppedURLs)) }
    }

    /// Puts alerts into every alert manager's queue; never waits. At the queue's bound the oldest are dropped and counted.
    package func send(_ alerts: [Alert]) {
        guard !alerts.isEmpty else { return }
        let dropped: [(String, Int)] = state.withLock { state in
            var dropped: [(String, Int)] = []
            var seen: Set<String> = []
            for set in state.sets {
                let wanted = alerts.compactMap { alert in set.relabel(alert.labels).map { alert.relabeled($0) } }
                guard !wanted.isEmpty else { continue }
                for url in set.urls where seen.insert(url).inserted {
                    let excess = state.loops[url]?.queue.add(wanted) ?? 0
                    if excess > 0 { dropped.append((url, excess)) }
                    wake(url, &state)
                }
            }
            return dropped
        }
        for (url, count) in dropped { logger.warning("alerts for \(url): the queue is full, the \(count) oldest were dropped") }
    }

    /// Has `run` begin to send unless it does already.
    private func wake(_ url: String, _ state: inout State) {
        guard state.loops[url]?.isSending == false else { return }
        state.loops[url]?.isSending = true
        signal.yield(url)
    }

    /// Sends until its task is cancelled; what then waits is dropped, and raised again after the next start.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await url in work { group.addTask { await self.drain(url) } }
            group.cancelAll()
        }
    }

    /// Sends one batch after the other until nothing waits.
    private func drain(_ url: String) async {
        while !Task.isCancelled {
            let next: (batch: [Alert], timeoutMillis: Int64, http: DeliveryHTTP)? = state.withLock { state in
                guard var loop = state.loops[url] else { return nil }
                let batch = loop.queue.next()
                loop.isSending = !batch.isEmpty
                state.loops[url] = loop
                return batch.isEmpty ? nil : (batch, loop.timeoutMillis, loop.http)
            }
            guard let next else { return }
            await send(next.batch, to: url, timeoutMillis: next.timeoutMillis, http: next.http)
        }
    }

    private func send(_ batch: [Alert], to url: String, timeoutMillis: Int64, http: DeliveryHTTP) async {
        let begun = clock.monotonicNanos
        var failure: String?
        do throws(AlertTransportFailure) {
            let response = try await transport.post(
                AlertRequest(url: .inline(url), body: PostableAlerts.encode(batch), userAgent: options.userAgent, timeoutMillis: timeoutMillis, http: http))
            if response.status / 100 != 2 { failure = "bad response status \(response.status)" + (response.body.isEmpty ? "" : ": \(response.body)") }
        } catch {
            failure = error.description
        }
        let seconds = Double(clock.monotonicNanos - begun) / 1e9
        let succeeded = failure == nil
        let hasChanged = state.withLock { state in
            guard var loop = state.loops[url] else { return false }
            defer { state.loops[url] = loop }
            loop.queue.complete(batch.count, succeeded: succeeded)
            if succeeded { loop.latency.observe(seconds: seconds) }
            defer { loop.isFailing = !succeeded }
            return loop.isFailing == succeeded
        }
        guard hasChanged, !Task.isCancelled else { return }
        if let failure {
            logger.error("alerts are not sent to \(url): \(failure); \(batch.count) were dropped, and what still fires is sent again")
        } else {
            logger.info("alerts are sent to \(url) again")
        }
    }

    // MARK: - Metrics

    /// The `prometheus_notifications_…` metrics.
    package func metricFamilies() -> [MetricFamily] {
        let loops = state.withLock { $0.loops }.sorted { $0.key < $1.key }
        func family(_ name: String, _ kind: MetricKind, _ help: String, _ value: (Loop) -> Int) -> MetricFamily {
            let name = "prometheus_notifications_" + name
            return MetricFamily(name, kind, help, points: loops.map { .init(name, [("alertmanager", $0.key)], Double(value($0.value))) })
        }
        let latency = "prometheus_notifications_latency_seconds"
        return [
            .gauge("prometheus_notifications_alertmanagers_discovered", "The number of alertmanagers discovered and active.", Double(loops.count)),
            family("dropped_total", .counter, "Total number of alerts dropped due to errors when sending to Alertmanager.") { $0.queue.dropped },
            family("errors_total", .counter, "Total number of sent alerts affected by errors.") { $0.queue.errors },
            MetricFamily(latency, .summary, "Latency quantiles for sending alert notifications.", points: loops.flatMap { $0.value.latency.points(latency, [("alertmanager", $0.key)]) }),
            .gauge("prometheus_notifications_queue_capacity", "The capacity of the alert notifications queue.", Double(options.queueCapacity)),
            family("queue_length", .gauge, "The number of alert notifications in the queue.") { $0.queue.alerts.count },
            family("sent_total", .counter, "Total number of alerts sent.") { $0.queue.sent },
        ]
    }
}

extension Alert {
    /// The same alert under other labels.
    package func relabeled(_ labels: Labels) -> Alert {
        guard labels != self.labels else { return self }
        var alert = Alert(
            labels: labels, annotations: annotations, startsAtMillis: startsAtMillis, endsAtMillis: endsAtMillis, generatorURL: generatorURL, nowMillis: updatedAtMillis,
            resolveTimeoutMillis: 0)
        alert.endIsAssumed = endIsAssumed
        return alert
    }
}
