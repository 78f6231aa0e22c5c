/// The doors of the stack: one a port, each an original's own.
package enum DoorName: String, CaseIterable, Sendable {
    case prometheus, pushgateway, otlpGRPC, otlpHTTP, jaeger, grafana, collectorMetrics, health

    /// The port that the original listens on.
    package var defaultPort: Int {
        switch self {
        case .prometheus: 9090
        case .pushgateway: 9091
        case .otlpGRPC: 4317
        case .otlpHTTP: 4318
        case .jaeger: 16686
        case .grafana: 3000
        case .collectorMetrics: 8888
        case .health: 13133
        }
    }

    /// The environment variable that moves it.
    package var environmentVariable: String {
        switch self {
        case .prometheus: "PROMETHEUS_PORT"
        case .pushgateway: "PUSHGATEWAY_PORT"
        case .otlpGRPC: "OTLP_GRPC_PORT"
        case .otlpHTTP: "JAEGER_OTLP_PORT"
        case .jaeger: "JAEGER_PORT"
        case .grafana: "GRAFANA_PORT"
        case .collectorMetrics: "COLLECTOR_METRICS_PORT"
        case .health: "HEALTH_PORT"
        }
    }

    /// The flag that moves it, without the dashes.
    package var flag: String {
        switch self {
        case .prometheus: "prometheus-port"
        case .pushgateway: "pushgateway-port"
        case .otlpGRPC: "otlp-grpc-port"
        case .otlpHTTP: "otlp-http-port"
        case .jaeger: "jaeger-port"
        case .grafana: "grafana-port"
        case .collectorMetrics: "collector-metrics-port"
        case .health: "health-port"
        }
    }

    /// What people call it.
    package var title: String {
        switch self {
        case .prometheus: "Prometheus"
        case .pushgateway: "Pushgateway"
        case .otlpGRPC: "OTLP gRPC"
        case .otlpHTTP: "OTLP HTTP"
        case .jaeger: "Jaeger"
        case .grafana: "Grafana"
        case .collectorMetrics: "Collector metrics"
        case .health: "Health"
        }
    }

    /// What a person opens, or an application sends to, at `authority` (host and port).
    package func url(at authority: String, usesTLS: Bool = false) -> String {
        switch self {
        case .otlpGRPC: authority
        case .collectorMetrics: "http://\(authority)/metrics"
        default: "\(usesTLS ? "https" : "http")://\(authority)"
        }
    }
}
