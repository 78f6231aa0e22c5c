import Synchronization
import Tracing

/// Everything that `initializeObservability` started.
package final class ObservabilitySession: Sendable {
    package let serviceName: String
    package let sampler: Sampler
    package let exporter: SpanExporter
    package let telemetry: WorkflowTelemetry
    private let door = Mutex<MetricsServer?>(nil)

    package init(serviceName: String, sampler: Sampler = .always, exporter: SpanExporter.Options) {
        (self.serviceName, self.sampler) = (serviceName, sampler)
        let exporter = SpanExporter(exporter)
        self.exporter = exporter
        telemetry = WorkflowTelemetry(serviceName: serviceName) { exporter.counts }
    }

    /// What the process's workflows report to; none until it is initialized, and primitives then only work.
    package static var active: ObservabilitySession? { current.withLock { $0 } }

    /// The one mutable thing that all share: which session is the process's.
    private static let current = Mutex<ObservabilitySession?>(nil)

    /// Where what runs in this task reports to.
    package static var reporting: ObservabilitySession? { ServiceContext.current.map(\.reportingSession) ?? active }

    /// Makes `session` the process's where there is none yet; else the one that there is.
    package static func activate(_ make: () throws(ObservabilityError) -> ObservabilitySession) throws(ObservabilityError) -> (session: ObservabilitySession, isNew: Bool) {
        try current.withLock { current throws(ObservabilityError) in
            if let current { return (current, false) }
            let made = try make()
            current = made
            return (made, true)
        }
    }

    /// Makes the process one without a session; the one that it had.
    package static func deactivate() -> ObservabilitySession? {
        current.withLock { current in
            defer { current = nil }
            return current
        }
    }

    /// Where metrics are scraped; nil where they are not served.
    package var metricsURL: String? { door.withLock { $0?.url } }

    /// The families of workflows, and those that came by way of swift-metrics.
    package var families: [FamilySnapshot] {
        let own = telemetry.registry.collect()
        let names = Set(own.map(\.name))
        return own + StackMetricsFactory.shared.registry.collect().filter { !names.contains($0.name) }
    }

    /// Serves metrics from now on.
    package func serveMetrics(host: String, port: Int) throws(ObservabilityError) {
        do {
            // The server must not keep the session whose end is its own.
            let server = try MetricsServer(host: host, port: port) { [weak self] in self?.families ?? [] }
            door.withLock { $0 = server }
        } catch {
            throw .metricsNotServed(host: host, port: port, reason: error.description)
        }
    }

    /// Sends the spans that wait, for at most so long, and stops serving metrics. Blocks.
    package func close(timeoutSeconds: Double) {
        exporter.close(timeoutSeconds: timeoutSeconds)
        let server = door.withLock { door in
            defer { door = nil }
            return door
        }
        server?.close()
    }
}

extension ServiceContext {
    /// Where what runs here reports to.
    package var reportingSession: ObservabilitySession? { activeSpan?.span?.session ?? observabilitySession ?? ObservabilitySession.active }
}
