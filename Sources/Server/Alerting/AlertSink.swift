import Acquisition
import Alerting
import Logging
import MetricModel
import Platform
import Rules
import ServiceLifecycle
import Synchronization

/// Where alerts go: under the configuration's labels to the alert managers of `prometheus.yml`, and to the stack's own, which tells the receivers of
/// `alertmanager.yml`.
final class AlertSink: Service, Sendable {
    private struct State {
        var configuration = AlertingConfiguration()
        /// What the target files of each entry of `alertmanagers` named last.
        var discovered: [[TargetGroup]] = []
        var revision = 0
    }

    let notifier: AlertNotifier
    let dispatcher: DispatchService
    private let files: any FileSystem
    private let pool: BlockingPool
    private let clock: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    init(notifier: AlertNotifier, dispatcher: DispatchService, files: any FileSystem, pool: BlockingPool, clock: any TimeSource, logger: Logger) {
        self.notifier = notifier
        self.dispatcher = dispatcher
        self.files = files
        self.pool = pool
        self.clock = clock
        self.logger = logger
    }

    /// Replaces both configurations.
    func use(_ alerting: AlertingConfiguration, _ routing: AlertRouting?) {
        state.withLock { state in
            // What the same files named before holds until they are looked at again.
            let isSame = state.configuration.alertmanagers.map(\.fileDiscoveries) == alerting.alertmanagers.map(\.fileDiscoveries)
            if !isSame { state.discovered = Array(repeating: [], count: alerting.alertmanagers.count) }
            state.configuration = alerting
            state.revision += 1
        }
        resolve()
        dispatcher.use(routing)
    }

    /// Passes alerts on; never waits for whom they are for.
    func notify(_ alerts: [RaisedAlert]) {
        let (configuration, now) = (state.withLock(\.configuration), clock.unixMillis)
        let told = alerts.compactMap { alert in
            configuration.relabeled(alert.labels).map { labels in
                Alerting.Alert(
                    labels: labels, annotations: alert.annotations, startsAtMillis: alert.startsAtMillis, endsAtMillis: alert.endsAtMillis, generatorURL: alert.generatorURL,
                    nowMillis: now, resolveTimeoutMillis: 0)
            }
        }
        notifier.send(told)
        dispatcher.receive(told)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.notifier.run() }
                group.addTask { await self.dispatcher.run() }
                group.addTask { await self.discover() }
            }
        }
    }

    private func resolve() {
        let sets = state.withLock { state in zip(state.configuration.alertmanagers, state.discovered).map { $0.set(discovered: $1) } }
        notifier.use(sets)
    }

    /// Looks at the target files every few seconds.
    private func discover() async {
        var readers: [[FileDiscovery]] = []
        var revision = -1
        var lastFailures: [String] = []
        while (try? await clock.sleep(nanos: 1_000_000_000)) != nil {
            let (configuration, current) = state.withLock { ($0.configuration, $0.revision) }
            guard current != revision || readers.contains(where: { !$0.isEmpty }) else { continue }
            if current != revision {
                readers = configuration.alertmanagers.map { entry in
                    entry.fileDiscoveries.map { FileDiscovery($0, files: files) { bytes in try YAMLDocument.json(bytes) } }
                }
            }
            revision = current
            let before = readers
            let (after, groups, failures) = await pool.run {
                var (readers, failures) = (before, [String]())
                let groups = readers.indices.map { index in
                    readers[index].indices.flatMap { position in
                        let found = readers[index][position].refresh()
                        failures += found.failures.map(\.description)
                        return found.groups
                    }
                }
                return (readers, groups, failures)
            }
            readers = after
            for failure in failures where !lastFailures.contains(failure) { logger.error("alert managers: \(failure)") }
            lastFailures = failures
            let hasChanged = state.withLock { state in
                guard state.revision == revision, state.discovered != groups else { return false }
                state.discovered = groups
                return true
            }
            if hasChanged { resolve() }
            _ = try? await clock.sleep(nanos: UInt64(FileDiscovery.refreshMillis) * 1_000_000)
        }
    }
}
