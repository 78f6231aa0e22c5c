/// What an exporter carries.
package enum ExportSignal: String, Sendable, CaseIterable {
    case traces, metrics

    /// As the collector's own metrics call its items.
    package var items: String {
        switch self {
        case .traces: "spans"
        case .metrics: "metric_points"
        }
    }

    /// Where OTLP over HTTP goes below the endpoint.
    var path: String { "/v1/\(rawValue)" }

    /// The method of OTLP over gRPC.
    var method: String {
        switch self {
        case .traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        case .metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
        }
    }
}

/// One exporter of a pipeline, `otlp` or `otlphttp` of the OpenTelemetry collector (exporter/otlpexporter, exporter/otlphttpexporter,
/// exporter/exporterhelper).
package struct OTLPExportOptions: Hashable, Sendable {
    package enum Destination: Hashable, Sendable {
        /// Over HTTP/2, in plain text without `tls`.
        case grpc(host: String, port: Int, tls: RemoteHTTPOptions.TLS?)
        /// A whole URL.
        case http(url: String, tls: RemoteHTTPOptions.TLS?)
    }

    package struct Retry: Hashable, Sendable {
        package var isEnabled = true
        package var initialMillis: Int64 = 5_000
        package var maxMillis: Int64 = 30_000
        /// After so long a batch is given up; 0 for never.
        package var elapsedMaxMillis: Int64 = 300_000
        package var multiplier = 1.5
        package init() {}
    }

    /// The collector's id, such as `otlp/backend`.
    package var name: String
    package var signal: ExportSignal
    package var destination: Destination
    package var headers: [RemoteHTTPOptions.Header] = []
    package var isCompressed = true
    package var timeoutMillis: Int64 = 5_000
    package var retry = Retry()
    /// Batches that may wait.
    package var queueMax = 1_000
    package var consumers = 10
    /// Of the pipeline's `batch` processor: items that go out together, and how long they wait for company; 0 sends what comes as it comes.
    package var batchItems = 0
    package var batchMillis: Int64 = 200

    package init(name: String, signal: ExportSignal, destination: Destination) {
        self.name = name
        self.signal = signal
        self.destination = destination
    }

    /// Where it goes, for people.
    package var destinationText: String {
        switch destination {
        case .grpc(let host, let port, _): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .http(let url, _): url
        }
    }
}
