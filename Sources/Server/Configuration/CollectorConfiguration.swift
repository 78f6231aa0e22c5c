import Bytes
import RemoteStores

/// What `otel-collector.yml` says, the OpenTelemetry collector's file, as far as it is served: what the pipelines pass on to others, and how much
/// may be in flight. Source: opentelemetry-collector `otelcol/unmarshaler.go`, `service/pipelines`, and the components' `config.go`.
struct CollectorConfiguration: Sendable, Equatable {
    /// What is passed on, a value for every signal of every exporter.
    var exports: [OTLPExportOptions] = []
    /// Of `memory_limiter`; nil for the standard.
    var bytesInFlightMax: Int?
    /// What is accepted and has no effect, each with its place and why.
    var remarks: [String] = []

    init() {}

    /// What this binary's own doors are, so that what is sent there is not sent round.
    struct Own: Sendable {
        var grpcPort: Int
        var httpPort: Int
    }

    init(_ text: String, file: String, own: Own) throws(ConfigurationError) {
        let expanded = EnvironmentText.expandedForCollector(text)
        var top = try YAMLSection.document(expanded, file: file)
        let receivers = try Self.receivers(try top.section("receivers"), &remarks)
        var processors: [String: Processor] = [:]
        for (id, section) in try Self.components(try top.section("processors")) { processors[id] = try Self.processor(id, section, &remarks) }
        var exporters: [String: Exporter] = [:]
        for (id, section) in try Self.components(try top.section("exporters")) { exporters[id] = try Self.exporter(id, section, own, &remarks) }
        for (id, section) in try Self.components(try top.section("extensions")) {
            guard Known.extensions.contains(Self.type(id)) else { throw section.unknown("extension", id, Known.extensions) }
            if Self.type(id) != "health_check" { remarks.append("\(file): extensions.\(id) has no effect here") }
        }
        for (id, section) in try Self.components(try top.section("connectors")) {
            guard Known.connectors.contains(Self.type(id)) else { throw section.unknown("connector", id, Known.connectors) }
            remarks.append("\(file): connectors.\(id) has no effect here")
            exporters[id] = Exporter.none
        }
        guard var service = try top.section("service") else { throw ConfigurationError(file: file, line: 1, reason: "service: the section is missing, which says what the pipelines are") }
        _ = try service.strings("extensions")
        if service.node("telemetry") != nil { remarks.append("\(file): service.telemetry has no effect here: the collector's metrics are served on its own port") }
        guard let pipelines = try service.section("pipelines"), case let named = try Self.components(pipelines), !named.isEmpty else {
            throw service.error("pipelines", "service must have at least one pipeline")
        }
        for (id, section) in named { try pipeline(id, section, receivers, processors, exporters) }
        try service.refuseUnknown()
        try top.refuseUnknown()
    }

    private enum Processor {
        case batch(items: Int, millis: Int64)
        case memoryLimit(bytes: Int?)
        case none
    }

    private enum Exporter {
        /// Its signal is the pipeline's.
        case otlp(OTLPExportOptions, httpEndpoints: [ExportSignal: String])
        /// Accepted, and told why it has nothing to do.
        case none
    }

    private mutating func pipeline(
        _ id: String, _ section: YAMLSection, _ receivers: Set<String>, _ processors: [String: Processor], _ exporters: [String: Exporter]
    ) throws(ConfigurationError) {
        var section = section
        let signal = ExportSignal(rawValue: Self.type(id))
        guard signal != nil || ["logs", "profiles"].contains(Self.type(id)) else { throw section.error("unknown pipeline signal \"\(Self.type(id))\", there are traces, metrics and logs") }
        let (from, through, to) = (try section.strings("receivers") ?? [], try section.strings("processors") ?? [], try section.strings("exporters") ?? [])
        try section.refuseUnknown()
        if from.isEmpty { throw section.error("receivers", "must have at least one receiver") }
        if to.isEmpty { throw section.error("exporters", "must have at least one exporter") }
        for name in from where !receivers.contains(name) && exporters[name] == nil { throw section.error("receivers", "references receiver \"\(name)\" which is not configured") }
        for name in through where processors[name] == nil { throw section.error("processors", "references processor \"\(name)\" which is not configured") }
        for name in to where exporters[name] == nil { throw section.error("exporters", "references exporter \"\(name)\" which is not configured") }
        guard let signal else {
            remarks.append("\(section.file): \(section.path) has no effect here: this stack takes traces and metrics")
            return
        }
        guard from.contains(where: { Self.type($0) == "otlp" }) else {
            remarks.append("\(section.file): \(section.path) has no effect here: only what comes by OTLP goes through pipelines")
            return
        }
        var batch: (items: Int, millis: Int64) = (0, 0)
        for name in through {
            switch processors[name] {
            case .batch(let items, let millis): batch = (items, millis)
            case .memoryLimit(let bytes?): bytesInFlightMax = min(bytesInFlightMax ?? .max, bytes)
            default: break
            }
        }
        for name in to {
            guard case .otlp(var options, let endpoints) = exporters[name] else { continue }
            options.signal = signal
            if let url = endpoints[signal], case .http(_, let tls) = options.destination { options.destination = .http(url: url, tls: tls) }
            (options.batchItems, options.batchMillis) = batch
            // A signal that two pipelines bring to one exporter goes there once.
            if !exports.contains(where: { $0.name == name && $0.signal == signal }) { exports.append(options) }
        }
    }

    // MARK: Components

    /// `otlp` of `otlp/backend`.
    private static func type(_ id: String) -> String { String(id.prefix { $0 != "/" }) }

    private static func components(_ section: YAMLSection?) throws(ConfigurationError) -> [(id: String, section: YAMLSection)] {
        guard var section else { return [] }
        var components: [(id: String, section: YAMLSection)] = []
        for id in section.keys {
            components.append((id, try section.sectionOrEmpty(id)))
        }
        return components
    }

    private static func receivers(_ section: YAMLSection?, _ remarks: inout [String]) throws(ConfigurationError) -> Set<String> {
        var ids: Set<String> = []
        for (id, section) in try components(section) {
            ids.insert(id)
            guard type(id) == "otlp" else {
                guard Known.receivers.contains(type(id)) else { throw section.unknown("receiver", id, ["otlp"] + Known.receivers) }
                remarks.append("\(section.file): receivers.\(id) has no effect here")
                continue
            }
            var receiver = section
            if var protocols = try receiver.section("protocols") {
                for name in ["grpc", "http"] {
                    guard var door = try protocols.section(name) else { continue }
                    if try door.string("endpoint") != nil {
                        remarks.append("\(section.file): \(door.name(of: "endpoint")) has no effect here: ports are moved by --otlp-\(name)-port, the address by --listen-address")
                    }
                }
                try protocols.refuseUnknown()
            }
            try receiver.refuseUnknown()
        }
        return ids
    }

    private static func processor(_ id: String, _ section: YAMLSection, _ remarks: inout [String]) throws(ConfigurationError) -> Processor {
        var section = section
        switch type(id) {
        case "batch":
            let items = try section.int("send_batch_size") ?? 8_192
            let millis = try section.duration("timeout")?.millis ?? 200
            for key in ["send_batch_max_size", "metadata_keys", "metadata_cardinality_limit"] where section.node(key) != nil { remarks.append("\(section.file): \(section.name(of: key)) has no effect here") }
            try section.refuseUnknown()
            guard items >= 0 else { throw section.error("send_batch_size", "\(items) is below 0") }
            return .batch(items: items, millis: millis)
        case "memory_limiter":
            let limit = try section.int("limit_mib") ?? 0
            for key in ["check_interval", "limit_percentage", "spike_limit_mib", "spike_limit_percentage", "min_gc_interval_when_soft_limited", "min_gc_interval_when_hard_limited"] where section.node(key) != nil {
                remarks.append("\(section.file): \(section.name(of: key)) has no effect here: what is counted are the bodies in flight, which limit_mib bounds")
            }
            try section.refuseUnknown()
            guard (0...1 << 20).contains(limit) else { throw section.error("limit_mib", "\(limit) is not a number of MiB from 0 to 1048576") }
            return .memoryLimit(bytes: limit > 0 ? limit << 20 : nil)
        default:
            guard Known.processors.contains(type(id)) else { throw section.unknown("processor", id, ["batch", "memory_limiter"] + Known.processors) }
            remarks.append("\(section.file): processors.\(id) has no effect here: what comes is stored and passed on as it is")
            return .none
        }
    }

    private static func exporter(_ id: String, _ section: YAMLSection, _ own: Own, _ remarks: inout [String]) throws(ConfigurationError) -> Exporter {
        switch type(id) {
        case "otlp", "otlp_grpc": return try grpc(id, section, own, &remarks)
        case "otlphttp", "otlp_http": return try http(id, section, own, &remarks)
        case "debug", "logging":
            remarks.append("\(section.file): exporters.\(id) has no effect here: what comes can be seen on Jaeger's and Prometheus's pages")
        case "prometheus", "prometheusremotewrite":
            remarks.append("\(section.file): exporters.\(id) is served by the stack itself: metrics that come by OTLP are in its Prometheus\(type(id) == "prometheus" ? "" : ", and remote_write of prometheus.yml passes them on")")
        default:
            guard Known.exporters.contains(type(id)) else { throw section.unknown("exporter", id, ["otlp", "otlphttp", "debug", "prometheus", "prometheusremotewrite"] + Known.exporters) }
            remarks.append("\(section.file): exporters.\(id) has no effect here")
        }
        return .none
    }

    private static func grpc(_ id: String, _ section: YAMLSection, _ own: Own, _ remarks: inout [String]) throws(ConfigurationError) -> Exporter {
        var section = section
        guard let endpoint = try section.string("endpoint"), !endpoint.isEmpty else { throw section.error("endpoint", "requires a non-empty \"endpoint\", such as backend:4317") }
        var (tls, isInsecure) = try tls(&section, &remarks)
        var authority = endpoint[...]
        if let range = authority.firstRange(of: "://") {
            let scheme = authority[..<range.lowerBound]
            guard ["http", "https", "dns"].contains(scheme) else { throw section.error("endpoint", "\"\(endpoint)\" begins with another scheme than http, https and dns") }
            if scheme == "http" { isInsecure = true }
            if scheme == "https" { isInsecure = false }
            authority = authority[range.upperBound...].drop { $0 == "/" }
        }
        authority = authority.prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port), colon > authority.startIndex else {
            throw section.error("endpoint", "\"\(endpoint)\" is not a host and a port, such as backend:4317")
        }
        let host = authority[..<colon].filter { $0 != "[" && $0 != "]" }
        if isInsecure { tls = nil }
        var options = OTLPExportOptions(name: id, signal: .traces, destination: .grpc(host: String(host), port: port, tls: isInsecure ? nil : tls ?? .init()))
        options.timeoutMillis = 5_000
        try common(&section, &options, &remarks)
        for key in ["keepalive", "read_buffer_size", "write_buffer_size", "wait_for_ready", "balancer_name", "authority", "auth", "middlewares"] where section.node(key) != nil {
            remarks.append("\(section.file): \(section.name(of: key)) has no effect here")
        }
        try section.refuseUnknown()
        if port == own.grpcPort, isLoopback(String(host)) {
            remarks.append("\(section.file): exporters.\(id) leads back to this stack, which has stored what comes; it is not passed on")
            return .none
        }
        return .otlp(options, httpEndpoints: [:])
    }

    private static func http(_ id: String, _ section: YAMLSection, _ own: Own, _ remarks: inout [String]) throws(ConfigurationError) -> Exporter {
        var section = section
        let endpoint = try section.string("endpoint")
        var endpoints: [ExportSignal: String] = [:]
        for signal in ExportSignal.allCases { endpoints[signal] = try section.string("\(signal.rawValue)_endpoint") ?? endpoint.map { ($0.hasSuffix("/") ? String($0.dropLast()) : $0) + "/v1/\(signal.rawValue)" } }
        _ = try section.string("logs_endpoint")
        guard !endpoints.isEmpty else { throw section.error("endpoint", "at least one endpoint must be specified, such as http://backend:4318") }
        var authorities: [(host: String, port: Int)] = []
        for url in endpoints.values {
            guard let authority = Self.authority(url) else { throw section.error("endpoint", "\"\(url)\" is not an http or https URL") }
            authorities.append(authority)
        }
        let (tls, _) = try tls(&section, &remarks)
        var options = OTLPExportOptions(name: id, signal: .traces, destination: .http(url: endpoints[.traces] ?? endpoints[.metrics] ?? "", tls: tls))
        options.timeoutMillis = 30_000
        try common(&section, &options, &remarks)
        if let encoding = try section.string("encoding"), encoding != "proto" { remarks.append("\(section.file): \(section.name(of: "encoding")) has no effect here: bodies are protobuf, which every receiver of OTLP takes") }
        for key in ["read_buffer_size", "write_buffer_size", "auth", "proxy_url", "max_idle_conns", "max_idle_conns_per_host", "max_conns_per_host", "idle_conn_timeout", "disable_keep_alives", "http2_read_idle_timeout", "http2_ping_timeout", "cookies", "middlewares"] where section.node(key) != nil {
            remarks.append("\(section.file): \(section.name(of: key)) has no effect here")
        }
        try section.refuseUnknown()
        if authorities.contains(where: { $0.port == own.httpPort && isLoopback($0.host) }) {
            remarks.append("\(section.file): exporters.\(id) leads back to this stack, which has stored what comes; it is not passed on")
            return .none
        }
        return .otlp(options, httpEndpoints: endpoints)
    }

    /// What both kinds have.
    private static func common(_ section: inout YAMLSection, _ options: inout OTLPExportOptions, _ remarks: inout [String]) throws(ConfigurationError) {
        for (name, value) in try section.texts("headers") ?? [] { options.headers.append(.init(name, value)) }
        if let compression = try section.string("compression") {
            switch compression {
            case "gzip": options.isCompressed = true
            case "none", "": options.isCompressed = false
            case "zstd", "snappy", "zlib", "deflate", "lz4", "x-snappy-framed": remarks.append("\(section.file): \(section.name(of: "compression")) \(compression) has no effect here: gzip is used, which every receiver of OTLP takes")
            default: throw section.error("compression", "unsupported compression type \"\(compression)\", there are gzip and none")
            }
        }
        if let timeout = try section.duration("timeout"), timeout.millis > 0 { options.timeoutMillis = timeout.millis }
        if var retry = try section.section("retry_on_failure") {
            options.retry.isEnabled = try retry.bool("enabled") ?? true
            if let initial = try retry.duration("initial_interval"), initial.millis > 0 { options.retry.initialMillis = initial.millis }
            if let longest = try retry.duration("max_interval"), longest.millis > 0 { options.retry.maxMillis = longest.millis }
            if let elapsed = try retry.duration("max_elapsed_time") { options.retry.elapsedMaxMillis = elapsed.millis }
            if let multiplier = try retry.string("multiplier") {
                guard let value = Double(multiplier), value >= 1, value <= 1_000 else { throw retry.error("multiplier", "\"\(multiplier)\" is not a number from 1 to 1000") }
                options.retry.multiplier = value
            }
            if retry.node("randomization_factor") != nil { remarks.append("\(section.file): \(retry.name(of: "randomization_factor")) has no effect here: it is 0.5") }
            try retry.refuseUnknown()
        }
        if var queue = try section.section("sending_queue") {
            options.queueMax = try queue.positive("queue_size") ?? options.queueMax
            if let consumers = try queue.positive("num_consumers") {
                guard consumers <= 1_000 else { throw queue.error("num_consumers", "\(consumers) is more than 1000") }
                options.consumers = consumers
            }
            if try queue.bool("enabled") == false { remarks.append("\(section.file): \(queue.name(of: "enabled")) has no effect here: who sends is answered when its batch is stored, and the queue is behind that") }
            for key in ["storage", "blocking", "block_on_overflow", "sizer", "wait_for_result", "batch", "metadata_keys"] where queue.node(key) != nil { remarks.append("\(section.file): \(queue.name(of: key)) has no effect here: the queue is in memory, and is counted in batches") }
            try queue.refuseUnknown()
        }
    }

    private static func tls(_ section: inout YAMLSection, _ remarks: inout [String]) throws(ConfigurationError) -> (RemoteHTTPOptions.TLS?, isInsecure: Bool) {
        guard var settings = try section.section("tls") else { return (nil, false) }
        var tls = RemoteHTTPOptions.TLS()
        let isInsecure = try settings.bool("insecure") ?? false
        tls.skipsVerification = try settings.bool("insecure_skip_verify") ?? false
        func secret(_ name: String) throws(ConfigurationError) -> RemoteHTTPOptions.Secret? {
            let (text, file) = (try settings.string("\(name)_pem"), try settings.string("\(name)_file"))
            guard text == nil || file == nil else { throw settings.error("\(name)_pem", "provide either a \(name) file or a \(name) PEM, and not both") }
            return file.map { .file($0) } ?? text.map { .inline($0) }
        }
        (tls.authority, tls.certificate, tls.key) = (try secret("ca"), try secret("cert"), try secret("key"))
        tls.serverName = try settings.string("server_name_override")
        for (key, path) in [("min_version", \RemoteHTTPOptions.TLS.minimumVersion), ("max_version", \.maximumVersion)] {
            guard let version = try settings.string(key) else { continue }
            guard ["1.0", "1.1", "1.2", "1.3"].contains(version) else { throw settings.error(key, "unsupported TLS version \"\(version)\", there are 1.0, 1.1, 1.2 and 1.3") }
            tls[keyPath: path] = "TLS" + version.filter { $0 != "." }
        }
        for key in ["reload_interval", "include_system_ca_certs_pool", "cipher_suites", "curve_preferences", "tpm"] where settings.node(key) != nil {
            remarks.append("\(section.file): \(settings.name(of: key)) has no effect here")
        }
        try settings.refuseUnknown()
        return (tls, isInsecure)
    }

    private static func authority(_ url: String) -> (host: String, port: Int)? {
        guard let range = url.firstRange(of: "://"), ["http", "https"].contains(url[..<range.lowerBound]) else { return nil }
        let authority = url[range.upperBound...].prefix { $0 != "/" }
        let standard = url.hasPrefix("https") ? 443 : 80
        guard let colon = authority.lastIndex(of: ":"), authority.last != "]" else { return authority.isEmpty ? nil : (String(authority), standard) }
        guard let port = Int(authority[authority.index(after: colon)...]) else { return nil }
        return (authority[..<colon].filter { $0 != "[" && $0 != "]" }, port)
    }

    private static func isLoopback(_ host: String) -> Bool { ["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"].contains(host) }

    /// Components of the collector and its contributions that a file may name and that this stack has no part for.
    private enum Known {
        static let receivers = [
            "awsxray", "carbon", "docker_stats", "filelog", "fluentforward", "hostmetrics", "httpcheck", "influxdb", "jaeger", "journald", "kafka", "kafkametrics", "kubeletstats",
            "mongodb", "mysql", "nginx", "nop", "opencensus", "postgresql", "prometheus", "prometheus_simple", "redis", "skywalking", "splunk_hec", "statsd", "syslog", "tcplog", "udplog", "zipkin",
        ]
        static let processors = [
            "attributes", "cumulativetodelta", "deltatocumulative", "deltatorate", "filter", "groupbyattrs", "groupbytrace", "interval", "k8sattributes", "logdedup", "metricsgeneration",
            "metricstransform", "probabilistic_sampler", "redaction", "remotetap", "resource", "resourcedetection", "routing", "schema", "span", "spanmetrics", "tail_sampling", "transform",
        ]
        static let exporters = [
            "awsemf", "awsxray", "azuremonitor", "cassandra", "clickhouse", "datadog", "elasticsearch", "file", "googlecloud", "influxdb", "jaeger", "jaeger_thrift", "kafka", "loadbalancing",
            "loki", "nop", "opencensus", "opensearch", "splunk_hec", "zipkin",
        ]
        static let extensions = [
            "basicauth", "bearertokenauth", "file_storage", "headers_setter", "health_check", "healthcheckv2", "memory_ballast", "memory_limiter", "oauth2client", "oidc", "pprof", "zpages",
        ]
        static let connectors = ["count", "exceptions", "failover", "forward", "roundrobin", "routing", "servicegraph", "spanmetrics", "sum"]
    }
}

extension YAMLSection {
    fileprivate func unknown(_ kind: String, _ id: String, _ valid: [String]) -> ConfigurationError {
        error("unknown type for \(kind) \"\(id)\", there are \(valid.joined(separator: ", "))")
    }
}
