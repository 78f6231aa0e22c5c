import ObservabilityIntegration
import Testing
import Tracing

/// Observability for the tasks of one test: a session of its own and what receives its spans. Nothing of it is the process's.
struct Observed {
    let session: ObservabilitySession
    let server: FakeServer

    init(sampler: Sampler = .always) throws {
        server = try FakeServer()
        var options = SpanExporter.Options(address: try #require(HTTPAddress(server.url + "/v1/traces")))
        options.resource = [RecordedSpan.Field("service.name", "test")]
        options.pausesSeconds = [0.01]
        session = ObservabilitySession(serviceName: "test", sampler: sampler, exporter: options)
    }

    /// Runs `body` in tasks that report here.
    func run<T>(_ body: () async throws -> T) async rethrows -> T {
        var context = ServiceContext.topLevel
        context.observabilitySession = session
        return try await ServiceContext.withValue(context, operation: body)
    }

    /// What was received, once all that was submitted has been sent. Blocks.
    func spans() throws -> [ReceivedSpan] {
        #expect(session.exporter.flush(timeoutSeconds: 60))
        return try server.requests.flatMap { try ReceivedSpan.decode($0.body) }
    }

    /// Every series of the text exposition by its name with its labels.
    var metrics: [String: Double] {
        let text = String(decoding: ExpositionFormat.text.render(session.telemetry.registry.collect()), as: UTF8.self)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.reduce(into: [:]) { found, line in
            guard let space = line.lastIndex(of: " ") else { return }
            found[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
    }

    func close() {
        session.close(timeoutSeconds: 1)
        server.close()
    }
}

/// A failure to throw.
struct Trouble: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String = "größer als erlaubt") { self.description = description }
}
