import ArgumentParser
import Server

/// The flags that move doors, shared by `serve` and `check`.
struct PortFlags: ParsableArguments {
    @Option(name: .customLong("prometheus-port"), help: "Prometheus API and pages (default: 9090).") var prometheus: String?
    @Option(name: .customLong("pushgateway-port"), help: "Pushgateway: pushing, API and page (default: 9091).") var pushgateway: String?
    @Option(name: .customLong("otlp-grpc-port"), help: "OTLP over gRPC (default: 4317).") var otlpGRPC: String?
    @Option(name: .customLong("otlp-http-port"), help: "OTLP over HTTP (default: 4318).") var otlpHTTP: String?
    @Option(name: .customLong("jaeger-port"), help: "Jaeger API and pages (default: 16686).") var jaeger: String?
    @Option(name: .customLong("grafana-port"), help: "Grafana API and pages (default: 3000).") var grafana: String?
    @Option(name: .customLong("collector-metrics-port"), help: "The collector's own metrics (default: 8888).") var collectorMetrics: String?
    @Option(name: .customLong("health-port"), help: "The collector's health check (default: 13133).") var health: String?

    var values: [DoorName: String] {
        var values: [DoorName: String] = [:]
        values[.prometheus] = prometheus
        values[.pushgateway] = pushgateway
        values[.otlpGRPC] = otlpGRPC
        values[.otlpHTTP] = otlpHTTP
        values[.jaeger] = jaeger
        values[.grafana] = grafana
        values[.collectorMetrics] = collectorMetrics
        values[.health] = health
        return values
    }
}
