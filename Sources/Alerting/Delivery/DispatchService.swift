import Logging
import MetricModel
import Platform
import Synchronization

/// The dispatcher at work: looks at its groups when their time has come, sends what is to be sent, tries again where that can help, and keeps the log of it on
/// the disk, so that a restart repeats nothing.
///
/// Alerts may be handed in at any time, before `run` too. Without a routing (no `alertmanager.yml`) they are passed over. `run` returns when its task is cancelled:
/// what is under way is given up, and told after the next start.
package final class DispatchService: Sendable {
    private struct State {
        /// nil while nobody is to be told anything.
        var dispatcher: Dispatcher?
        var log: NotificationLog
        var requests = 0
        var failedRequests = 0
        var notifications = 0
        var failedNotifications = 0
        /// Whether the log has changed since it was last put on the disk.
        var isLogDirty = false
        var sleeper: Task<Void, any Error>?
        var isStirred = false
    }

    private let state: Mutex<State>
    private let file: String
    private let files: any FileSystem
    private let pool: BlockingPool
    private let transport: any AlertTransport
    private let clock: any TimeSource
    private let userAgent: String
    private let externalURL: @Sendable () -> String
    private let logger: Logger
    private let saving = Mutex(false)

    /// Reads the log of notifications in `directory`, which is made if need be. Blocks. A log that cannot be read is set aside and named in the log.
    package init(
        directory: String, files: any FileSystem, pool: BlockingPool, transport: any AlertTransport, clock: any TimeSource, userAgent: String,
        externalURL: @escaping @Sendable () -> String, logger: Logger
    ) throws(PlatformError) {
        try files.makeDirectory(directory)
        file = directory + "/notifications.json"
        var log = NotificationLog()
        if let bytes = try files.contents(file) {
            if let read = NotificationLog(bytes) {
                log = read
            } else {
                try files.rename(file, to: file + ".damaged")
                logger.error("\(file) is not a log of notifications; it was set aside as \(file).damaged, and notifications may be repeated")
            }
        }
        state = Mutex(State(log: log))
        self.files = files
        self.pool = pool
        self.transport = transport
        self.clock = clock
        self.userAgent = userAgent
        self.externalURL = externalURL
        self.logger = logger
    }

    // MARK: - From outside

    /// Replaces the configuration; nil tells nobody any more.
    package func use(_ routing: AlertRouting?) {
        let now = clock.unixMillis
        state.withLock { state in
            if let dispatcher = state.dispatcher { state.log = dispatcher.log }
            switch routing {
            case nil: state.dispatcher = nil
            case let routing?:
                if state.dispatcher == nil { state.dispatcher = Dispatcher(routing, log: state.log) } else { state.dispatcher?.use(routing, nowMillis: now) }
            }
        }
        stir()
    }

    /// When an alert without an end is over; nil while nobody is told anything.
    package var resolveTimeoutMillis: Int64? { state.withLock { $0.dispatcher?.routing.resolveTimeoutMillis } }

    /// Takes alerts; answers what was wrong with those that were not taken.
    @discardableResult package func receive(_ alerts: [Alert]) -> [String] {
        let now = clock.unixMillis
        let refusals = state.withLock { $0.dispatcher?.receive(alerts, nowMillis: now) ?? [] }
        for refusal in refusals { logger.warning("an alert was not taken: \(refusal)") }
        stir()
        return refusals
    }

    /// The dispatcher as it stands: alerts, groups, log. nil while nobody is told anything.
    package var snapshot: Dispatcher? { state.withLock { $0.dispatcher } }

    // MARK: - Work

    package func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = clock.unixMillis
                let (deliveries, next, isDirty) = state.withLock { state in
                    let deliveries = state.dispatcher?.flush(nowMillis: now) ?? []
                    // What a webhook does not want to hear is remembered without being sent.
                    if let dispatcher = state.dispatcher, dispatcher.log != state.log {
                        state.log = dispatcher.log
                        state.isLogDirty = true
                    }
                    return (deliveries, state.dispatcher?.nextFlushMillis, state.isLogDirty)
                }
                for delivery in deliveries { group.addTask { await self.deliver(delivery) } }
                if isDirty { group.addTask { await self.save() } }
                await sleep(untilMillis: next, nowMillis: now)
            }
            group.cancelAll()
        }
        await save()
    }

    /// Sleeps until the next group's time or until something happens.
    private func sleep(untilMillis next: Int64?, nowMillis now: Int64) async {
        let millis = min(max(next.map { $0 - now } ?? 60_000, 1), 60_000)
        let sleeper = Task { [clock] in try await clock.sleep(nanos: UInt64(millis) * 1_000_000) }
        let isStirred = state.withLock { state in
            state.sleeper = sleeper
            return state.isStirred
        }
        if isStirred { sleeper.cancel() }
        _ = await withTaskCancellationHandler { await sleeper.result } onCancel: { sleeper.cancel() }
        state.withLock { state in
            state.sleeper = nil
            state.isStirred = false
        }
    }

    /// Has `run` look again at once.
    private func stir() {
        let sleeper = state.withLock { state in
            state.isStirred = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    private func deliver(_ delivery: Delivery) async {
        let succeeded = await attempts(delivery)
        let now = clock.unixMillis
        state.withLock { state in
            state.notifications += 1
            if !succeeded { state.failedNotifications += 1 }
            if state.dispatcher != nil { state.dispatcher?.complete(delivery, succeeded: succeeded, nowMillis: now) }
        }
        stir()
    }

    /// Tries until it is sent, until trying cannot help, or until its time is over; whether it was sent.
    private func attempts(_ delivery: Delivery) async -> Bool {
        let body = WebhookBody.encode(delivery, externalURL: externalURL())
        let begun = clock.monotonicNanos
        let lifetimeMillis = max(delivery.deadlineMillis - clock.unixMillis, 1)
        var schedule = RetrySchedule()
        var lastFailure: String?
        var count = 0
        while true {
            let leftMillis = lifetimeMillis - Int64((clock.monotonicNanos - begun) / 1_000_000)
            guard leftMillis > 0, !Task.isCancelled, state.withLock({ $0.dispatcher?.isCurrent(delivery) ?? false }) else { break }
            count += 1
            let failure = await attempt(delivery, body, leftMillis: leftMillis)
            guard let failure else {
                logger.log(level: count > 1 ? .info : .debug, "\(Self.name(delivery)): sent after \(count) attempts")
                return true
            }
            guard failure.canBeRetried else {
                logger.error("\(Self.name(delivery)): not sent: \(failure.reason)")
                return false
            }
            if failure.reason != lastFailure { logger.warning("\(Self.name(delivery)): attempt \(count) failed and will be repeated: \(failure.reason)") }
            lastFailure = failure.reason
            let waitMillis = min(schedule.next(chance: Double.random(in: 0..<1)), max(leftMillis, 1))
            guard (try? await clock.sleep(nanos: UInt64(waitMillis) * 1_000_000)) != nil else { break }
        }
        if !Task.isCancelled { logger.error("\(Self.name(delivery)): given up after \(count) attempts: \(lastFailure ?? "its configuration is gone")") }
        return false
    }

    private static func name(_ delivery: Delivery) -> String { "notification of \(delivery.key.receiver)/webhook[\(delivery.key.integration)] for \(delivery.key.group)" }

    private func attempt(_ delivery: Delivery, _ body: [UInt8], leftMillis: Int64) async -> (reason: String, canBeRetried: Bool)? {
        let timeout = delivery.webhook.timeoutMillis
        let request = AlertRequest(
            url: delivery.webhook.url, body: body, userAgent: userAgent, timeoutMillis: timeout > 0 ? min(timeout, leftMillis) : leftMillis, http: delivery.webhook.http)
        let failure: (reason: String, canBeRetried: Bool)?
        do throws(AlertTransportFailure) {
            let response = try await transport.post(request)
            failure = response.status / 100 == 2
                ? nil : ("unexpected status code \(response.status)" + (response.body.isEmpty ? "" : ": \(response.body)"), response.status / 100 == 5)
        } catch {
            if case .unusable = error { failure = (error.description, false) } else { failure = (error.description, true) }
        }
        state.withLock { state in
            state.requests += 1
            if failure != nil { state.failedRequests += 1 }
        }
        return failure
    }

    // MARK: - The log on the disk

    /// Puts the log on the disk, whole; one at a time, and again when it changed meanwhile.
    private func save() async {
        guard saving.withLock({ isSaving in
            defer { isSaving = true }
            return !isSaving
        }) else { return }
        while let log = takeDirtyLog() {
            let (files, file) = (files, file)
            let failure: PlatformError? = await pool.run {
                do throws(PlatformError) { try files.publish(file, log.encoded) } catch { return error }
                return nil
            }
            if let failure {
                logger.error("the log of notifications was not saved, a restart may repeat some: \(failure)")
                break
            }
        }
        saving.withLock { $0 = false }
    }

    private func takeDirtyLog() -> NotificationLog? {
        state.withLock { state in
            if let dispatcher = state.dispatcher, dispatcher.log != state.log {
                state.log = dispatcher.log
                state.isLogDirty = true
            }
            guard state.isLogDirty else { return nil }
            state.isLogDirty = false
            return state.log
        }
    }

    // MARK: - Metrics

    /// The `alertmanager_…` metrics; none while nobody is told anything.
    package func metricFamilies() -> [MetricFamily] {
        let now = clock.unixMillis
        return state.withLock { state in
            guard let dispatcher = state.dispatcher else { return [] }
            let tally = dispatcher.tally
            let integration = [("integration", "webhook")]
            func family(_ name: String, _ kind: MetricKind, _ help: String, _ points: [(labels: [(name: String, value: String)], value: Int)]) -> MetricFamily {
                MetricFamily(name, kind, help, points: points.map { .init(name, $0.labels, Double($0.value)) })
            }
            let active = dispatcher.alerts.values.count { !$0.isResolved(atMillis: now) }
            return [
                family("alertmanager_alerts", .gauge, "How many alerts by state.", [([("state", "active")], active)]),
                family(
                    "alertmanager_alerts_received_total", .counter, "The total number of received alerts.",
                    [([("status", "firing")], tally.receivedFiring), ([("status", "resolved")], tally.receivedResolved)]),
                family("alertmanager_alerts_invalid_total", .counter, "The total number of received alerts that were invalid.", [([], tally.refused)]),
                family("alertmanager_dispatcher_aggregation_groups", .gauge, "Number of active aggregation groups", [([], dispatcher.groups.count)]),
                family("alertmanager_notifications_total", .counter, "The total number of attempted notifications.", [(integration, state.notifications)]),
                family("alertmanager_notifications_failed_total", .counter, "The total number of failed notifications.", [(integration, state.failedNotifications)]),
                family("alertmanager_notification_requests_total", .counter, "The total number of attempted notification requests.", [(integration, state.requests)]),
                family("alertmanager_notification_requests_failed_total", .counter, "The total number of failed notification requests.", [(integration, state.failedRequests)]),
                family(
                    "alertmanager_notifications_suppressed_total", .counter, "The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.",
                    [
                        ([("reason", "inhibition")], tally.suppressedByInhibition), ([("reason", "active_time_interval")], tally.suppressedByActiveTime),
                        ([("reason", "mute_time_interval")], tally.suppressedByMuteTime),
                    ]),
            ]
        }
    }
}
