import MetricModel
import Pipelines
import PromQL

/// Everything that `obstack serve` can be told, validated. Made from flags and environment by `init(flags:environment:)`.
package struct ServerOptions: Sendable {
    package var configDirectory = "./config"
    /// Whether the folder was named by hand, so that its absence is an error.
    package var configDirectoryIsExplicit = false
    /// The `prometheus.yml` to read in place of the folder's; nil for the folder's.
    package var configFile: String?
    /// The `web.yml` to read in place of the folder's; nil for the folder's.
    package var webConfigFile: String?
    package var dataDirectory = "./data"
    /// Where metrics are kept, in place of `metrics` in the data folder.
    package var metricsDirectoryOverride: String?
    package var listenAddress = "127.0.0.1"
    /// Doors that bind to an address of their own.
    package var addresses: [DoorName: String] = [:]
    /// Doors that are not opened.
    package var closedDoors: Set<DoorName> = []
    /// 0 takes a free port.
    package var ports: [DoorName: Int] = [:]
    /// 0 for any length of time.
    package var metricRetentionSeconds = 15 * 86_400
    /// Bytes of metrics; 0 for any number.
    package var metricRetentionBytes = 0
    /// Whether metrics and pushed groups can be deleted, and snapshots made, over HTTP.
    package var adminAPIIsEnabled = false
    /// Whether `/-/quit` ends the process, and `/-/reload` works from other machines too.
    package var lifecycleIsEnabled = false
    /// Where others reach Prometheus's door; nil for the machine's name and the door's port.
    package var externalURL: ExternalURL?
    /// What `--enable-feature` named.
    package var features: [String] = []
    /// Whether native histograms are scraped where `prometheus.yml` does not say.
    package var scrapesNativeHistograms: Bool { features.contains("native-histograms") }
    /// What bounds queries, and which experimental parts of the language are on.
    package var queries = ServerOptions.standardQueries
    package var traceRetentionSeconds = 7 * 86_400
    /// Which traces are kept when they arrive.
    package var sampling = SpanSampling.all
    package var maxSeries = 2_000_000
    package var grafana = GrafanaSettings()
    package var logLevel = "info"
    /// What was set and changes nothing, in words for the log.
    package var remarks: [String] = []

    package init() {}

    package func port(_ door: DoorName) -> Int { ports[door] ?? door.defaultPort }
    package func address(_ door: DoorName) -> String { addresses[door] ?? listenAddress }
    package var openDoors: [DoorName] { DoorName.allCases.filter { !closedDoors.contains($0) } }
    /// A Prometheus data directory.
    package var metricsDirectory: String { metricsDirectoryOverride ?? dataDirectory + "/metrics" }

    /// A setting that cannot be used: which, what it was, what would be right.
    package struct Invalid: Error, CustomStringConvertible {
        package let setting: String
        package let value: String
        package let expected: String
        package var description: String { "\(setting): \"\(value)\" is not \(expected)" }
    }

    /// What was typed; nil where nothing was.
    package struct Flags: Sendable {
        package var configDirectory: String?
        package var configFile: String?
        package var webConfigFile: String?
        package var dataDirectory: String?
        package var metricsDirectory: String?
        package var listenAddress: String?
        package var prometheusAddress: String?
        package var externalURL: String?
        package var enablesLifecycle = false
        package var ports: [DoorName: String] = [:]
        package var metricRetention: String?
        package var metricRetentionSize: String?
        package var enablesAdminAPI = false
        package var features: [String] = []
        package var queryTimeout: String?
        package var queryConcurrency: String?
        package var querySamples: String?
        package var lookbackDelta: String?
        package var traceRetention: String?
        package var maxSeries: String?
        package var logLevel: String?
        package init() {}
    }

    /// A flag wins over its environment variable, the variable over the default.
    package init(flags: Flags, environment: [String: String]) throws(Invalid) {
        if let config = flags.configDirectory {
            configDirectory = config
            configDirectoryIsExplicit = true
        }
        configFile = flags.configFile
        webConfigFile = flags.webConfigFile
        if let data = flags.dataDirectory { dataDirectory = data }
        metricsDirectoryOverride = flags.metricsDirectory
        if let address = flags.listenAddress { listenAddress = address }
        grafana = try GrafanaSettings(environment: environment)
        addresses[.grafana] = flags.listenAddress == nil ? grafana.httpAddress : nil
        if let text = flags.prometheusAddress {
            let (host, port) = try Self.listenAddress(text)
            addresses[.prometheus] = host
            ports[.prometheus] = try Self.port(port, setting: "--web.listen-address")
        }
        if let text = grafana.httpPort {
            ports[.grafana] = try Self.port(text, setting: "GF_SERVER_HTTP_PORT")
        }
        for door in DoorName.allCases {
            if let text = flags.ports[door] {
                ports[door] = try Self.port(text, setting: "--\(door.flag)")
            } else if door == .prometheus, flags.prometheusAddress != nil {
                continue
            } else if let text = Self.set(environment[door.environmentVariable]) {
                ports[door] = try Self.port(text, setting: door.environmentVariable)
            }
        }
        if let text = flags.metricRetention {
            metricRetentionSeconds = try Self.duration(text, setting: "--retention")
        } else if let text = Self.set(environment["PROMETHEUS_RETENTION"]) {
            metricRetentionSeconds = try Self.duration(text, setting: "PROMETHEUS_RETENTION")
        } else if flags.metricRetentionSize != nil || Self.set(environment["PROMETHEUS_RETENTION_SIZE"]) != nil {
            // As in Prometheus: who bounds the size alone keeps samples as long as they fit.
            metricRetentionSeconds = 0
        }
        if let text = flags.metricRetentionSize {
            metricRetentionBytes = try Self.size(text, setting: "--storage.tsdb.retention.size")
        } else if let text = Self.set(environment["PROMETHEUS_RETENTION_SIZE"]) {
            metricRetentionBytes = try Self.size(text, setting: "PROMETHEUS_RETENTION_SIZE")
        }
        adminAPIIsEnabled = flags.enablesAdminAPI
        lifecycleIsEnabled = flags.enablesLifecycle
        if let text = flags.externalURL {
            guard let url = ExternalURL(text) else { throw Invalid(setting: "--web.external-url", value: text, expected: "a URL without a path, such as https://prometheus.example.org") }
            externalURL = url
        }
        sampling = try Self.sampling(environment, &remarks)
        closedDoors = try Self.closedDoors(environment)
        remarks += grafana.withoutEffect
        features = flags.features.flatMap { $0.split(separator: ",").map(String.init) }
        for name in features { if case .switched(let turnOn) = Feature.named(name) { turnOn(&queries) } }
        if let text = flags.queryTimeout { queries.timeoutSeconds = Double(try Self.millis(text, setting: "--query.timeout")) / 1_000 }
        if let text = flags.lookbackDelta { queries.lookbackDeltaMillis = try Self.millis(text, setting: "--query.lookback-delta") }
        if let text = flags.queryConcurrency { queries.concurrencyMax = try Self.count(text, setting: "--query.max-concurrency", of: "queries", max: 100_000) }
        if let text = flags.querySamples { queries.samplesMax = try Self.count(text, setting: "--query.max-samples", of: "samples", max: 1 << 40) }
        if let text = flags.traceRetention {
            traceRetentionSeconds = try Self.duration(text, setting: "--trace-retention")
        } else if let text = Self.set(environment["TRACE_RETENTION"]) {
            traceRetentionSeconds = try Self.duration(text, setting: "TRACE_RETENTION")
        }
        if let text = flags.maxSeries {
            maxSeries = try Self.count(text, setting: "--storage.max-series", of: "series", max: .max)
        }
        if let level = flags.logLevel {
            guard ["trace", "debug", "info", "notice", "warning", "error", "critical"].contains(level) else {
                throw Invalid(setting: "--log-level", value: level, expected: "trace, debug, info, notice, warning, error or critical")
            }
            logLevel = level
        }
        if let password = Self.set(environment["GRAFANA_ADMIN_PASSWORD"]) { grafana.adminPassword = password }
    }

    private static let standardQueries: QueryEngine.Options = {
        var options = QueryEngine.Options()
        // In Prometheus from 3.14 on, too.
        options.parser.durationExpressions = true
        return options
    }()

    static func set(_ value: String?) -> String? { value.flatMap { $0.isEmpty ? nil : $0 } }

    private static func port(_ text: String, setting: String) throws(Invalid) -> Int {
        guard let port = Int(text), (0...65_535).contains(port) else { throw Invalid(setting: setting, value: text, expected: "a port from 0 to 65535") }
        return port
    }

    private static func count(_ text: String, setting: String, of things: String, max: Int) throws(Invalid) -> Int {
        guard let count = Int(text), count > 0, count <= max else {
            throw Invalid(setting: setting, value: text, expected: "a number of \(things) above 0" + (max < .max ? " and at most \(max)" : ""))
        }
        return count
    }

    /// A length of time above 0, such as `2m`, in milliseconds.
    private static func millis(_ text: String, setting: String) throws(Invalid) -> Int64 {
        guard let millis = ModelDuration(text)?.millis, millis > 0 else { throw Invalid(setting: setting, value: text, expected: "a duration above 0, such as 2m or 90s") }
        return millis
    }

    /// A number of bytes such as `512MB`.
    static func size(_ text: String, setting: String) throws(Invalid) -> Int {
        guard let size = ByteSize(text) else { throw Invalid(setting: setting, value: text, expected: "a size with a unit, such as 512MB or 10GiB") }
        return size.bytes
    }

    /// What is kept, in words: `15d`, `15d or 512MiB`, `512MiB`.
    var retentionText: String {
        let time = metricRetentionSeconds > 0 ? ModelDuration.seconds(Int64(metricRetentionSeconds)).description : ""
        let size = metricRetentionBytes > 0 ? ByteSize(bytes: metricRetentionBytes).description : ""
        return time.isEmpty || size.isEmpty ? time + size : "\(time) or \(size)"
    }

    /// A Prometheus duration such as `15d` or `1h30m`, in seconds.
    static func duration(_ text: String, setting: String) throws(Invalid) -> Int {
        guard let millis = ModelDuration(text)?.millis, millis >= 1_000 else {
            throw Invalid(setting: setting, value: text, expected: "a duration of at least 1s, such as 15d or 1h30m")
        }
        return Int(millis / 1_000)
    }

    /// Name and value of everything that can be set, for `/api/v1/status/flags`.
    var flags: [(name: String, value: String)] {
        [
            ("config", configDirectory), ("config.file", configFile ?? configDirectory + "/prometheus.yml"), ("data", dataDirectory), ("enable-feature", features.joined(separator: ",")), ("listen-address", listenAddress), ("log-level", logLevel),
            ("query.lookback-delta", ModelDuration(millis: queries.lookbackDeltaMillis).description), ("query.max-concurrency", String(queries.concurrencyMax)),
            ("query.max-samples", String(queries.samplesMax)), ("query.timeout", ModelDuration(millis: Int64(queries.timeoutSeconds * 1_000)).description),
            ("retention", ModelDuration.seconds(Int64(metricRetentionSeconds)).description), ("storage.max-series", String(maxSeries)),
            ("storage.tsdb.path", metricsDirectory),
            ("storage.tsdb.retention.size", ByteSize(bytes: metricRetentionBytes).description), ("storage.tsdb.retention.time", ModelDuration.seconds(Int64(metricRetentionSeconds)).description),
            ("web.config.file", webConfigFile ?? ""), ("web.enable-admin-api", String(adminAPIIsEnabled)), ("web.enable-lifecycle", String(lifecycleIsEnabled)),
            ("web.external-url", externalURL?.text ?? ""), ("web.listen-address", "\(address(.prometheus)):\(port(.prometheus))"),
            ("trace-retention", ModelDuration.seconds(Int64(traceRetentionSeconds)).description),
        ] + DoorName.allCases.map { ($0.flag, String(port($0))) }
    }

    /// The Pushgateway's flags as they are in effect, for its `/api/v1/status`.
    var pushgatewayFlags: [(name: String, value: String)] {
        [
            ("persistence.file", dataDirectory + "/push"), ("persistence.interval", "0s"), ("push.disable-consistency-check", "false"),
            ("push.enable-utf8-names", "false"), ("web.enable-admin-api", String(adminAPIIsEnabled)), ("web.enable-lifecycle", String(lifecycleIsEnabled)),
            ("web.listen-address", "\(address(.pushgateway)):\(port(.pushgateway))"), ("web.telemetry-path", "/metrics"),
        ]
    }
}
