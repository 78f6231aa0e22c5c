import Bytes
import HTTPSurface
import Hummingbird
import MetricModel
import MetricStore
import PromQL

/// Prometheus's HTTP API and management routes over one store and one query engine.
package struct PrometheusAPI: Sendable {
    /// What changes while it runs.
    package struct Runtime: Sendable {
        package var workingDirectory: String
        package var hostname: String
        package var lastReloadSucceeded: Bool
        package var lastReloadMillis: Int64

        package init(workingDirectory: String, hostname: String, lastReloadSucceeded: Bool, lastReloadMillis: Int64) {
            self.workingDirectory = workingDirectory
            self.hostname = hostname
            self.lastReloadSucceeded = lastReloadSucceeded
            self.lastReloadMillis = lastReloadMillis
        }
    }

    /// What the server knows and the API tells: build, flags, configuration, lifecycle.
    package struct Server: Sendable {
        package var version: String
        package var startMillis: Int64
        package var flags: @Sendable () -> [(name: String, value: String)]
        package var configurationText: @Sendable () -> String
        package var retentionText: String
        package var runtime: @Sendable () -> Runtime
        /// The stack's own metrics, for `/metrics`.
        package var metricFamilies: @Sendable () -> [MetricFamily]
        /// Where alerts are sent, and where they no longer are.
        package var alertmanagers: @Sendable () -> (active: [String], dropped: [String]) = { ([], []) }
        /// Reads the configuration again; the sentence says what was wrong with it.
        package var reload: @Sendable () async throws -> Void
        package var nowMillis: @Sendable () -> Int64
        /// Whether `/-/quit` is served, and `/-/reload` for other machines too.
        package var lifecycleIsEnabled: Bool
        /// Ends the process as a signal does.
        package var quit: @Sendable () -> Void
        /// Where others reach this server, and the port that it listens on.
        package var external: @Sendable () -> (scheme: String, authority: String, ownPort: Int)

        package init(
            version: String, startMillis: Int64, flags: @escaping @Sendable () -> [(name: String, value: String)], configurationText: @escaping @Sendable () -> String,
            retentionText: String, runtime: @escaping @Sendable () -> Runtime, metricFamilies: @escaping @Sendable () -> [MetricFamily], reload: @escaping @Sendable () async throws -> Void,
            nowMillis: @escaping @Sendable () -> Int64, lifecycleIsEnabled: Bool = false, quit: @escaping @Sendable () -> Void = {},
            external: @escaping @Sendable () -> (scheme: String, authority: String, ownPort: Int) = { ("http", "localhost:9090", 9090) }
        ) {
            self.version = version
            self.startMillis = startMillis
            self.flags = flags
            self.configurationText = configurationText
            self.retentionText = retentionText
            self.runtime = runtime
            self.metricFamilies = metricFamilies
            self.reload = reload
            self.nowMillis = nowMillis
            self.lifecycleIsEnabled = lifecycleIsEnabled
            self.quit = quit
            self.external = external
        }
    }

    let store: any MetricStorage
    let engine: QueryEngine
    let targets: any TargetReporter
    let rules: any RuleReporter
    let server: Server
    let limits: BodyLimits
    let administration: (any MetricAdministration)?

    /// - Parameter administration: what the admin routes act on; nil to have them disabled.
    package init(
        store: any MetricStorage, engine: QueryEngine, targets: any TargetReporter, rules: any RuleReporter, server: Server, limits: BodyLimits, administration: (any MetricAdministration)? = nil
    ) {
        self.store = store
        self.engine = engine
        self.targets = targets
        self.rules = rules
        self.server = server
        self.limits = limits
        self.administration = administration
    }

    package func addRoutes(to router: Router<SurfaceContext>) {
        addQueryRoutes(to: router)
        addSyntaxRoutes(to: router)
        addSeriesRoutes(to: router)
        addExemplarRoute(to: router)
        addWriteRoute(to: router)
        addTargetRoutes(to: router)
        addRuleRoutes(to: router)
        addStatusRoutes(to: router)
        addAdminRoutes(to: router)
        addManagementRoutes(to: router)
    }

    /// `{"status":"success","data":…}` with warnings and infos where there are any.
    static func success(
        for request: Request, warnings: [String] = [], infos: [String] = [], capacity: Int = 1 << 12, _ data: (inout JSONWriter) throws -> Void
    ) rethrows -> Response {
        .json(try envelope(warnings: warnings, infos: infos, capacity: capacity, data), for: request)
    }

    /// The body of `success`.
    static func envelope(
        warnings: [String] = [], infos: [String] = [], capacity: Int = 1 << 12, _ data: (inout JSONWriter) throws -> Void
    ) rethrows -> [UInt8] {
        var json = JSONWriter(capacity: capacity)
        try json.object { json in
            json.member("status", "success")
            json.key("data")
            try data(&json)
            for (name, sentences) in [("warnings", warnings), ("infos", infos)] where !sentences.isEmpty {
                json.key(name)
                json.array { json in for sentence in sentences { json.htmlSafeString(sentence) } }
            }
        }
        return json.finish()
    }
}
