#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import CoreMetrics
import Logging
import Synchronization
import Tracing

/// Makes this process observable: metrics are served for scraping, spans are sent to the stack.
///
/// Workflows of `WorkflowPrimitives` report from now on, and so does every library that is written for swift-metrics or swift-distributed-tracing,
/// where the application has not bootstrapped those itself: call this before the first server or client is made. Does not wait for a stack; spans
/// are sent once there is one. To call it again changes nothing.
///
/// - Parameters:
///   - serviceName: What the application is called at Jaeger; without it `OTEL_SERVICE_NAME`.
///   - serviceVersion: The application's version, the spans' `service.version`.
///   - enablePrometheus: Whether metrics are served at `http://127.0.0.1:<prometheusPort>/metrics`.
///   - enableConsoleTraces: Whether each span is also printed, a line on standard error.
///   - prometheusPort: Where metrics are served; 0 takes a free port, which `metricsURL` tells.
///   - otlpEndpoint: Base of the OTLP/HTTP receiver; without it `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (a whole URL),
///     `OTEL_EXPORTER_OTLP_ENDPOINT` (a base), or `http://localhost:4318`.
///   - prometheusHost: The address that metrics are served on; `0.0.0.0` in a container.
/// - Returns: Whether the process reports: false with `OTEL_SDK_DISABLED=true`, and nothing is started.
/// - Throws: `ObservabilityError.metricsNotServed` when the port is taken, and spans are sent all the same; `.invalidSetting`, and nothing is started.
@discardableResult
public func initializeObservability(
    serviceName: String? = nil, serviceVersion: String? = nil, enablePrometheus: Bool = true, enableConsoleTraces: Bool = false, prometheusPort: Int = 9464,
    otlpEndpoint: String? = nil, prometheusHost: String = "127.0.0.1"
) async throws(ObservabilityError) -> Bool {
    let environment = ObservabilitySettings.environment()
    if environment["OTEL_SDK_DISABLED"]?.trimmed.lowercased() == "true" { return false }
    var settings = try ObservabilitySettings(serviceName: serviceName, serviceVersion: serviceVersion, otlpEndpoint: otlpEndpoint, environment: environment)
    if enableConsoleTraces { settings.exporter.tap = printSpan }
    let (session, isNew) = try ObservabilitySession.activate { () throws(ObservabilityError) in
        ObservabilitySession(serviceName: settings.serviceName, sampler: settings.sampler, exporter: settings.exporter)
    }
    guard isNew else {
        if let serviceName, serviceName != session.serviceName {
            Logger(label: "ObservabilityIntegration").warning("observability is already initialized for \(session.serviceName); it stays so")
        }
        return true
    }
    Bootstrap.once()
    if enablePrometheus { try session.serveMetrics(host: prometheusHost, port: prometheusPort) }
    return true
}

/// Sends the spans that wait, for at most so long, and stops serving metrics. At the end of the process this happens by itself.
public func shutdownObservability(timeout: Duration = .seconds(2)) async {
    guard let session = ObservabilitySession.deactivate() else { return }
    await BackgroundThread.run { session.close(timeoutSeconds: timeout.seconds) }
}

/// Sends the spans that wait now instead of within a second; whether none was left in time.
@discardableResult
public func flushObservability(timeout: Duration = .seconds(5)) async -> Bool {
    guard let session = ObservabilitySession.active else { return true }
    return await BackgroundThread.run { session.exporter.flush(timeoutSeconds: timeout.seconds) }
}

/// Whether workflows report: `initializeObservability` was called, and `shutdownObservability` was not since.
public var isObservabilityEnabled: Bool { ObservabilitySession.active != nil }

/// Where this process's metrics are scraped; nil where they are not served.
public var metricsURL: String? { ObservabilitySession.active?.metricsURL }

/// For an application that bootstraps swift-metrics with several factories: the one that `metricsURL` shows.
public var observabilityMetricsFactory: any MetricsFactory { StackMetricsFactory.shared }

/// For an application that bootstraps swift-distributed-tracing with several instruments: the one that sends spans to the stack.
public var observabilityTracer: any Tracer { StackTracer() }

/// What can be done once in a process.
private enum Bootstrap {
    private static let isDone = Atomic(false)

    static func once() {
        guard isDone.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
        // What an application has bootstrapped itself stays.
        if MetricsSystem.factory is NOOPMetricsHandler { MetricsSystem.bootstrap(StackMetricsFactory.shared) }
        if InstrumentationSystem.instrument is NoOpInstrument { InstrumentationSystem.bootstrap(StackTracer()) }
        atexit { ObservabilitySession.deactivate()?.close(timeoutSeconds: 2) }
    }
}

/// One line on standard error: what `enableConsoleTraces` shows.
@Sendable private func printSpan(_ span: RecordedSpan) {
    let state = span.state
    let status = switch state.status {
    case .unset: ""
    case .ok: " ok"
    case .error: " ERROR \(state.statusMessage)"
    }
    let milliseconds = (Double(state.endUnixNanos - span.startUnixNanos) / 1e3).rounded() / 1e3
    let line = Array("\(span.traceID.hex) \(state.name) \(milliseconds) ms\(status)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
