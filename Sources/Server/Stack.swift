import Acquisition
import Alerting
import Bytes
import Dashboards
import Glibc
import GrafanaAPI
import HTTPSurface
import Hummingbird
import JaegerAPI
import Logging
import MetricModel
import MetricStore
import NIOCore
import NIOPosix
import OTLPReceiver
import Pipelines
import Platform
import PrometheusAPI
import PromQL
import PushgatewayAPI
import RemoteStores
import Rules
import ServiceLifecycle
import TraceStore
import WebAssets

/// The whole stack: everything is built in `serve`, top to bottom, in the direction in which data flows.
package enum Stack {
    package static let version = "0.1.0"

    /// Runs until it is told to end. Throws before anything is started when a setting, a file, a port or the disk refuses.
    package static func serve(_ options: ServerOptions) async throws {
        let begun = ContinuousClock.now
        ProcessMetrics.begin()
        let logger = makeLogger(options)
        for name in options.features {
            let remark = Feature.remark(name)
            logger.log(level: remark.level, "\(remark.sentence)")
        }
        for remark in options.remarks { logger.warning("\(remark)") }
        let clock = SystemClock()
        let startMillis = clock.unixMillis

        // What can refuse without leaving a trace refuses first.
        let folder = try ConfigurationFolder(options)
        let configuration = try folder.prometheus(doors: [:])
        let storage = configuration.storage
        _ = try folder.ruleGroups(configuration.rules, parser: options.queries.parser)
        _ = try folder.serviceLevelGroups(intervalMillis: configuration.rules.interval.millis)
        _ = try folder.alertmanager()
        _ = try folder.collector(doors: [:])
        let gate = WebGate(folder: folder, clock: clock, logger: logger)
        try gate.load()
        try PortProbe.check(options)
        let data = options.dataDirectory
        try makeFolder(data, "--data")
        if options.metricsDirectoryOverride != nil { try makeFolder(options.metricsDirectory, "--storage.tsdb.path") }

        // Store.
        let pool = try BlockingPool()
        let stores = try await pool.run { try Stores.open(options, storage, pool: pool, logger) }
        let (metrics, traces) = (stores.metrics, stores.traces)
        let folders = DataFolder(data, metrics: options.metricsDirectory)
        try await pool.run { try Backup.removeLeftovers(folders) }
        let control = try ControlService(data: folders, stores: stores, pool: pool, logger: logger)

        // Query.
        let diary = await pool.run { QueryDiary(directory: options.metricsDirectory, concurrencyMax: options.queries.concurrencyMax, logger: logger) { clock.unixMillis } }
        let engine = QueryEngine(reader: metrics, options: options.queries, journal: diary)

        // Acquire.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let board = DoorBoard(expected: Set(options.openDoors))
        let scrapeClient = ScrapeClient(eventLoopGroup: group, pool: pool)
        let ownDoor = OwnDoor(network: scrapeClient, gate: gate, port: { board.port(.prometheus) }, logger: quiet(logger))
        var scrapeOptions = ScrapeManager.Options()
        scrapeOptions.readYAML = { bytes in try YAMLDocument.json(bytes) }
        let scrapes = ScrapeManager(writer: metrics, transport: ownDoor, files: Disk(), blocking: pool, clock: clock, options: scrapeOptions, logger: logger)
        let commits = StoreCommits(store: metrics)
        let remote = RemoteWriter(source: commits, metadata: { commits.metadata() }, directory: data + "/remote", clock: clock, logger: logger) {
            try RemoteHTTPClient($0, eventLoopGroup: group)
        }
        let forwarding = OTLPForwarding(eventLoopGroup: group, clock: clock, logger: logger)
        let intake = TelemetryIntake(traces: traces, metrics: metrics, sampling: options.sampling, nowNanos: { clock.monotonicNanos }, forwarding: forwarding)
        let dashboards = stores.dashboards

        // Alert.
        let usesTLS: @Sendable (DoorName) -> Bool = { $0 == .prometheus && gate.security != nil }
        let doors: @Sendable () -> [(name: String, port: Int, usesTLS: Bool)] = { board.doors.map { ($0.name.rawValue, $0.port, usesTLS($0.name)) } }
        let announce: @Sendable () throws -> Void = {
            let ports = Dictionary(uniqueKeysWithValues: board.doors.map { ($0.name, $0.port) })
            try RunFile(
                processID: getpid(), address: options.listenAddress, ports: ports, addresses: options.addresses, usesTLS: gate.security != nil, token: gate.token
            ).write(in: data)
        }
        let externalURL: @Sendable () -> ExternalURL = {
            options.externalURL ?? ExternalURL(scheme: usesTLS(.prometheus) ? "https" : "http", authority: "\(hostname()):\(board.port(.prometheus) ?? options.port(.prometheus))")
        }
        let alertClient = AlertClient(eventLoopGroup: group, files: Disk(), pool: pool)
        let dispatcher = try await pool.run {
            try DispatchService(
                directory: data + "/alerts", files: Disk(), pool: pool, transport: alertClient, clock: clock, userAgent: "ObservabilityStack/\(version)",
                externalURL: { externalURL().text }, logger: logger)
        }
        let alerts = AlertSink(
            notifier: AlertNotifier(transport: alertClient, clock: clock, logger: logger), dispatcher: dispatcher, files: Disk(), pool: pool, clock: clock, logger: logger)

        // Judge.
        let rules = RuleManager(engine: engine, reader: metrics, writer: metrics, blocking: pool, clock: clock, logger: logger, notify: { alerts.notify($0) })
        let grafanaRules = GrafanaAlertRules(store: dashboards, manager: rules, parser: options.queries.parser, logger: logger)

        // Present.
        // Also where a reload turned TLS of 9090 on or off.
        let provision: @Sendable () async -> Void = {
            do { try announce() } catch { logger.error("\(error)") }
            await provisionDashboards(dashboards, folder, board, gate, logger)
            // When it is known who is told of alerts.
            await grafanaRules.load()
        }
        let ending = Ending()
        let quit: @Sendable () -> Void = { Task { await ending.begin() } }
        let reloader = Reloader(
            folder: folder, board: board, scrapes: scrapes, metrics: metrics, gate: gate, pool: pool, externalURL: externalURL, remote: remote, forwarding: forwarding, intake: intake, rules: rules,
            parser: options.queries.parser, queryLog: diary.log, alerts: alerts, provision: provision, nowMillis: { clock.unixMillis }, logger: logger)
        let families: @Sendable () -> [MetricFamily] = {
            ProcessMetrics.families() + buildInfo + metrics.metricFamilies() + traces.metricFamilies() + scrapes.selfMetrics + remote.metricFamilies() + rules.metricFamilies()
                + intake.metricFamilies() + diary.metricFamilies() + alerts.notifier.metricFamilies() + alerts.dispatcher.metricFamilies()
        }
        let limits = BodyLimits()

        let prometheusRouter = SurfaceRouter.make(envelope: PrometheusEnvelope(), crossOrigin: .everyone(pathPrefix: "/api/v1/"))
        var server = PrometheusAPI.Server(
            version: version, startMillis: startMillis, flags: { options.flags }, configurationText: { reloader.configurationText },
            retentionText: options.retentionText,
            runtime: {
                let last = reloader.last
                return .init(workingDirectory: workingDirectory(), hostname: hostname(), lastReloadSucceeded: last.succeeded, lastReloadMillis: last.atMillis)
            },
            metricFamilies: families, reload: { try await reloader.reload() }, nowMillis: { clock.unixMillis }, lifecycleIsEnabled: options.lifecycleIsEnabled, quit: quit,
            external: {
                let url = externalURL()
                return (url.scheme, url.authority, board.port(.prometheus) ?? options.port(.prometheus))
            })
        server.alertmanagers = { alerts.notifier.alertmanagers }
        PrometheusAPI(store: metrics, engine: engine, targets: scrapes, rules: rules, server: server, limits: limits, administration: options.adminAPIIsEnabled ? metrics : nil)
            .addRoutes(to: prometheusRouter)
        Pages.prometheus(doors).addRoutes(to: prometheusRouter)

        let pushRouter = SurfaceRouter.make()
        PushgatewayAPI(
            groups: stores.pushed,
            server: .init(
                version: version, startMillis: startMillis, flags: options.pushgatewayFlags, isAdminEnabled: options.adminAPIIsEnabled,
                processFamilies: ProcessMetrics.families, quit: options.lifecycleIsEnabled ? quit : nil),
            limits: BodyLimits(decodedBytesMax: 64 << 20), clock: clock
        ).addRoutes(to: pushRouter)
        Pages.pushgateway(doors).addRoutes(to: pushRouter)

        let receiver = OTLPReceiver(intake: intake)
        let otlpHTTPRouter = SurfaceRouter.make()
        receiver.addHTTPRoutes(to: otlpHTTPRouter)
        receiver.addMetricsRoute(to: prometheusRouter, at: "/api/v1/otlp/v1/metrics")
        let otlpGRPCRouter = SurfaceRouter.make()
        receiver.addGRPCRoutes(to: otlpGRPCRouter)

        let jaegerRouter = SurfaceRouter.make(envelope: JaegerEnvelope(), crossOrigin: .sameHost(pathPrefix: "/api/") { board.doors.map(\.port) })
        JaegerAPI(reader: traces, pool: pool, clock: clock, limits: limits).addRoutes(to: jaegerRouter)
        Pages.jaeger(doors).addRoutes(to: jaegerRouter)

        let grafanaRouter = SurfaceRouter.make(envelope: GrafanaAPI.envelope)
        // Past the gate: these callers are this process itself, or were let in by Grafana's own.
        let prometheusResponder = prometheusRouter.buildResponder()
        ownDoor.attach { request, context in try await prometheusResponder.respond(to: request, context: context) }
        let grafana = GrafanaAPI(
            dashboards: dashboards, queries: PanelQueries(store: dashboards, engine: engine), options: grafanaOptions(options.grafana),
            prometheus: { request, context in try await prometheusResponder.respond(to: request, context: context) }, alertRules: grafanaRules.host)
        grafana.addRoutes(to: grafanaRouter)
        Pages.grafana(doors, gate: { request, context in await grafana.pageAccess(request, context) }).addRoutes(to: grafanaRouter)

        let collectorRouter = SurfaceRouter.make()
        CollectorRoutes.addMetrics(to: collectorRouter) { ProcessMetrics.families() + intake.metricFamilies() }
        let healthRouter = SurfaceRouter.make()
        CollectorRoutes.addHealth(to: healthRouter, upSince: RFC3339.text(millis: startMillis)) { Double(clock.unixMillis - startMillis) / 1_000 }

        // One group: what stands later in it drains earlier.
        func door(
            _ name: DoorName, _ router: Router<SurfaceContext>, _ wire: DoorService.Wire = .http1, gate: WebGate? = nil, goesElsewhere: @escaping HTTP1Connection.GoesElsewhere = { _ in false }
        ) -> DoorService {
            SurfaceRouter.closeMethods(of: router)
            return DoorService(
                door: name, wire: wire, address: options.address(name), port: options.port(name), responder: GuardedResponder(routes: router.buildResponder(), gate: gate), goesElsewhere: goesElsewhere,
                board: board, eventLoopGroup: group, logger: quiet(logger))
        }
        let ready = ReadyService(board: board, reloader: reloader, options: options, gate: gate, announce: announce, begun: begun)
        let signals = SignalService(reload: { try? await reloader.reload() }, drain: { await ending.begin() }, logger: logger)
        let services: [any Service] = [
            signals, control, MemoryUpkeep(clock: clock), TraceUpkeep(store: traces, logger: logger), ScrapeService(manager: scrapes), RemoteWriteService(writer: remote),
            ForwardingService(forwarding: forwarding), alerts, RuleService(manager: rules), ready, door(.health, healthRouter),
            door(.collectorMetrics, collectorRouter), door(.grafana, grafanaRouter),
            door(.jaeger, jaegerRouter), door(.prometheus, prometheusRouter, gate: gate, goesElsewhere: PrometheusAPI.goesElsewhere), door(.pushgateway, pushRouter),
            door(.otlpHTTP, otlpHTTPRouter), door(.otlpGRPC, otlpGRPCRouter, .plaintextHTTP2),
            WebWatch(gate: gate, pool: pool),
        ].filter { service in (service as? DoorService).map { !options.closedDoors.contains($0.door) } ?? true }
        let serviceGroup = ServiceGroup(configuration: .init(services: services.map { .init(service: $0) }, logger: quiet(logger)))
        await ending.attach(serviceGroup)
        let outcome: Result<Void, any Error>
        do {
            try await serviceGroup.run()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        RunFile.remove(in: data)
        await scrapeClient.shutdown()
        await alertClient.shutdown()
        await stores.close(on: pool)
        pool.close()
        try outcome.get()
        logger.info("everything is on the disk; good-bye")
    }

    private static let buildInfo: [MetricFamily] = [
        MetricFamily("obstack_build_info", .gauge, "The version of this binary.", points: [.init("obstack_build_info", [("version", version)], 1)])
    ]

    /// Provisioned: the dashboards of the configuration folder, and the embedded ones where no file has taken their uid.
    private static func provisionDashboards(_ store: DashboardStore, _ folder: ConfigurationFolder, _ board: DoorBoard, _ gate: WebGate, _ logger: Logger) async {
        do {
            try await store.provision(dataSources: [
                .prometheus(url: "\(gate.security == nil ? "http" : "https")://localhost:\(board.port(.prometheus) ?? 0)", scrapeInterval: "5s"), .jaeger(url: "http://localhost:\(board.port(.jaeger) ?? 0)"),
            ])
        } catch {
            logger.error("the data sources were not provisioned: \(error)")
        }
        let embedded = EmbeddedFile.all(in: "dashboards").map { (name: $0.path, bytes: $0.bytes) }
        let report = await store.provision([
            DashboardProvider(name: "config", origin: .directory(folder.dashboardsDirectory)), DashboardProvider(name: "embedded", origin: .embedded(embedded)),
        ])
        for problem in report.problems { logger.error("a dashboard was not provisioned: \(problem)") }
        if !report.saved.isEmpty { logger.info("provisioned dashboards: \(report.saved.joined(separator: ", "))") }
    }

    private static func grafanaOptions(_ settings: GrafanaSettings) -> GrafanaAPI.Options {
        var options = GrafanaAPI.Options(version: version, commit: "")
        options.secureCookie = settings.secureCookie
        options.anonymousRole = settings.anonymousRole
        options.loginFormIsDisabled = settings.loginFormIsDisabled
        options.basicAuthIsEnabled = settings.basicAuthIsEnabled
        if let url = settings.rootURL { options.rootURL = url }
        return options
    }

    private static func makeLogger(_ options: ServerOptions) -> Logger {
        var logger = Logger(label: "obstack") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: options.logLevel) ?? .info
        return logger
    }

    /// The libraries' chatter belongs to debugging.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        if logger.logLevel >= .info { logger.logLevel = max(logger.logLevel, .error) }
        return logger
    }

    private static func makeFolder(_ path: String, _ flag: String) throws(StartFailure) {
        do throws(PlatformError) { try Disk().makeDirectory(path) } catch { throw StartFailure("\(flag): \(error)") }
        guard access(path, W_OK | X_OK) == 0 else { throw StartFailure("\(flag): \(path) cannot be written to: \(String(cString: strerror(errno)))") }
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func hostname() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
