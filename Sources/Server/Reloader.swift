import Acquisition
import Logging
import MetricStore
import Platform
import Pipelines
import PromQL
import RemoteStores
import Rules
import Synchronization

/// Reads the configuration again and passes it down. A file with an error changes nothing.
final class Reloader: Sendable {
    private struct State {
        var text = ""
        var succeeded = true
        var atMillis: Int64 = 0
    }

    private let folder: ConfigurationFolder
    private let board: DoorBoard
    private let scrapes: ScrapeManager
    private let metrics: MetricStore
    private let gate: WebGate
    private let externalURL: @Sendable () -> ExternalURL
    private let pool: BlockingPool
    private let remote: RemoteWriter
    private let forwarding: OTLPForwarding
    private let intake: TelemetryIntake
    private let rules: RuleManager
    private let parser: ParserOptions
    private let queryLog: QueryLog
    private let alerts: AlertSink
    private let provision: @Sendable () async -> Void
    private let nowMillis: @Sendable () -> Int64
    private let logger: Logger
    private let state = Mutex(State())

    init(
        folder: ConfigurationFolder, board: DoorBoard, scrapes: ScrapeManager, metrics: MetricStore, gate: WebGate, pool: BlockingPool, externalURL: @escaping @Sendable () -> ExternalURL, remote: RemoteWriter, forwarding: OTLPForwarding, intake: TelemetryIntake,
        rules: RuleManager, parser: ParserOptions, queryLog: QueryLog, alerts: AlertSink, provision: @escaping @Sendable () async -> Void,
        nowMillis: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.folder = folder
        self.board = board
        self.scrapes = scrapes
        self.metrics = metrics
        self.gate = gate
        self.externalURL = externalURL
        self.pool = pool
        self.remote = remote
        self.forwarding = forwarding
        self.intake = intake
        self.rules = rules
        self.parser = parser
        self.queryLog = queryLog
        self.alerts = alerts
        self.provision = provision
        self.nowMillis = nowMillis
        self.logger = logger
    }

    var configurationText: String { state.withLock { $0.text } }
    var last: (succeeded: Bool, atMillis: Int64) { state.withLock { ($0.succeeded, $0.atMillis) } }

    /// Throws what is wrong with the configuration; then everything goes on as before.
    func reload() async throws(ConfigurationError) {
        do throws(ConfigurationError) {
            try await pool.run { [gate] () throws(ConfigurationError) in try gate.load() }
            let doors = Dictionary(uniqueKeysWithValues: board.doors.map { ($0.name, $0.port) })
            let configuration = try folder.prometheus(doors: doors)
            // Whatever cannot be read refuses before anything is changed.
            let alertmanager = try folder.alertmanager()
            let collector = try folder.collector(doors: doors)
            try check(configuration, collector)
            try await apply(configuration, alertmanager)
            try apply(collector)
        } catch {
            state.withLock { $0.succeeded = false }
            logger.error("the configuration was not reloaded: \(error)")
            throw error
        }
        await provision()
    }

    /// Whether what is applied one after the other can be.
    private func check(_ configuration: PrometheusConfiguration, _ collector: CollectorConfiguration) throws(ConfigurationError) {
        do {
            try remote.check(configuration.remoteWrites)
            try ScrapeManager.check(configuration.scrapes)
        } catch {
            throw ConfigurationError(file: folder.prometheusFile, line: nil, reason: "\(error)")
        }
        do { try forwarding.check(collector.exports) } catch { throw ConfigurationError(file: folder.collectorFile, line: nil, reason: "\(error)") }
    }

    private func apply(_ configuration: PrometheusConfiguration, _ alertmanager: AlertmanagerConfiguration?) async throws(ConfigurationError) {
        let groups = try folder.ruleGroups(configuration.rules, parser: parser)
        let serviceLevels = try folder.serviceLevelGroups(intervalMillis: configuration.rules.interval.millis)
        let log: QueryLog.File?
        do {
            log = try queryLog.opened(configuration.queryLogFile)
            // First, so that a receiver gets all that the new scrapes bring.
            try remote.apply(configuration.remoteWrites)
            try scrapes.apply(configuration.scrapes)
            try await metrics.setOutOfOrderWindow(millis: configuration.storage.outOfOrderWindow.millis)
        } catch {
            throw ConfigurationError(file: folder.prometheusFile, line: nil, reason: "\(error)")
        }
        queryLog.use(log)
        // Before the rules, so that somebody hears what they raise first.
        alerts.use(configuration.alerting, alertmanager?.routing)
        for key in alertmanager?.notServed ?? [] { logger.warning("\(key) has no effect here") }
        var settings = RuleSettings()
        settings.externalLabels = configuration.rules.externalLabels
        settings.externalURL = externalURL().text
        settings.queryOffsetMillis = configuration.rules.queryOffset.millis
        rules.set(settings)
        rules.setGroups(groups, from: .files)
        rules.setGroups(serviceLevels, from: .serviceLevels)
        metrics.setExemplarsMax(configuration.storage.exemplarsMax)
        for key in configuration.notServed { logger.warning("\(key) is known to Prometheus and has no effect here yet") }
        state.withLock { state in
            state.text = configuration.text
            state.succeeded = true
            state.atMillis = nowMillis()
        }
    }

    private func apply(_ configuration: CollectorConfiguration) throws(ConfigurationError) {
        do {
            try forwarding.apply(configuration.exports)
        } catch {
            throw ConfigurationError(file: folder.collectorFile, line: nil, reason: "\(error)")
        }
        var options = intake.options
        options.bytesInFlightMax = configuration.bytesInFlightMax ?? TelemetryIntake.Options().bytesInFlightMax
        intake.apply(options)
        for remark in configuration.remarks { logger.warning("\(remark)") }
        for export in configuration.exports { logger.info("\(export.signal.rawValue) are passed on to \(export.destinationText) by exporter \(export.name)") }
    }
}
