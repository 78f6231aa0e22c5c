import Bytes
import Foundation
import HTTPSurface
import Hummingbird
import HummingbirdHTTP2
import Logging
import MetricModel
import NIOCore
import OTLP
import OTLPReceiver
import Pipelines
import Testing
import TraceModel

/// The real OpenTelemetry Python SDK against the receiver on live sockets. Runs where `OTEL_PYTHON` names an interpreter that has
/// `Tests/Clients/requirements.txt` installed.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["OTEL_PYTHON"] != nil, "OTEL_PYTHON names no Python with the OpenTelemetry SDK"))
struct SDKTests {
    private let traceStore = RecordingTraceStore()
    private let metricStore = RecordingMetricStore()

    @Test("the Python SDK's spans and metrics arrive whole, over HTTP and over gRPC, plain and compressed", arguments: [
        ("http", "gzip"), ("http", "none"), ("grpc", "gzip"), ("grpc", "none"),
    ])
    func pythonSDK(transport: String, compression: String) async throws {
        let receiver = OTLPReceiver(intake: TelemetryIntake(traces: traceStore, metrics: metricStore))
        let router = SurfaceRouter.make()
        if transport == "http" { receiver.addHTTPRoutes(to: router) } else { receiver.addGRPCRoutes(to: router) }
        let (ports, running) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router, server: transport == "http" ? .http1() : .plaintextHTTP2(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port ?? 0) }, logger: logger)

        let sent = try await withThrowingTaskGroup(of: JSONValue?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                return try JSONParser.parse(try await Self.client("--protocol", transport, "--endpoint", "http://127.0.0.1:\(port)", "--compression", compression, "--spans", "40"))
            }
            defer { group.cancelAll() }
            return try #require(try await group.next() ?? nil)
        }

        let spans = traceStore.spans
        let expected = try #require(sent["spans"]?.array)
        #expect(expected.count == 40 && spans.count == 40)
        for expected in expected {
            let span = try #require(spans.first { $0.spanID.description == expected["span_id"]?.string })
            #expect(span.traceID.description == expected["trace_id"]?.string)
            #expect(span.name == expected["name"]?.string)
            #expect((span.parentSpanID.isNone ? "" : span.parentSpanID.description) == expected["parent_span_id"]?.string)
            #expect("\(span.kind)" == expected["kind"]?.string)
            #expect("\(span.status.code)" == expected["status"]?.string && span.status.message == expected["status_message"]?.string)
            #expect(span.startUnixNano == expected["start_unix_nano"]?.int.map(UInt64.init) && span.endUnixNano == expected["end_unix_nano"]?.int.map(UInt64.init))
            #expect(span.attributes.map(\.key).sorted() == expected["attributes"]?.object?.map(\.key).sorted())
            #expect(span.events.map(\.name) == expected["events"]?.array?.compactMap { $0["name"]?.string })
            #expect(span.links.map(\.spanID.description) == expected["links"]?.array?.compactMap { $0["span_id"]?.string })
        }
        let root = try #require(spans.first { $0.name == "workflow.execute" })
        #expect(root.attributes["text"] == .string("größe 日本") && root.attributes["negative"] == .int(-7) && root.attributes["real"] == .double(0.25))
        #expect(root.attributes["list"] == .array([.string("a"), .string("b")]) && root.attributes["flag"] == .bool(true))
        #expect(spans.first { $0.name == "llm.call" }?.events.first?.attributes["exception.type"] == .string("ValueError"))
        #expect(traceStore.batches.joined().allSatisfy { $0.resource.serviceName == "otel-sdk-test" && $0.resource.attributes["telemetry.sdk.language"] == .string("python") })

        let series = metricStore.batches.flatMap { batch in zip(batch.labelSets, batch.series).map { ($0, batch.values[$1.samples.lowerBound]) } }
        for metric in try #require(sent["metrics"]?.array) {
            var wanted = try #require(metric["labels"]?.object).map { ($0.key, $0.value.string ?? "") }
            wanted += [("__name__", metric["name"]?.string ?? ""), ("job", "otel-sdk-test"), ("instance", sent["instance"]?.string ?? "")]
            let value = series.first { $0.0 == Labels(wanted) }?.1
            #expect(value == metric["value"]?.double, "\(Labels(wanted))")
        }
        #expect(series.contains { $0.0.metricName == "target_info" && $0.0["deployment_environment"] == "test" })
    }

    /// Runs `Tests/Clients/otel_sdk.py` and gives its standard output.
    private static func client(_ arguments: String...) async throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: try #require(ProcessInfo.processInfo.environment["OTEL_PYTHON"]))
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Clients/otel_sdk.py").standardizedFileURL
        process.arguments = [script.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        #expect(status == 0, "the client says that an export was not acknowledged")
        return [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    }
}
