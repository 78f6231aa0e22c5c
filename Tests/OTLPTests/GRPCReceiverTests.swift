import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import OTLP
import OTLPReceiver
import Pipelines
import Testing
import TraceModel
import TraceStore

struct GRPCReceiverTests {
    private static let traceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    private let traceStore = RecordingTraceStore()
    private let metricStore = RecordingMetricStore()
    private let intake: TelemetryIntake
    private let receiver: OTLPReceiver

    init() {
        intake = TelemetryIntake(traces: traceStore, metrics: metricStore)
        let limits = BodyLimits(encodedBytesMax: 10_000, decodedBytesMax: 20_000)
        receiver = OTLPReceiver(intake: intake, limits: OTLPReceiver.Limits(http: limits, grpc: limits))
    }

    private static func framed(_ message: [UInt8], compressed: Bool = false, declared: Int? = nil) -> [UInt8] {
        var out = ByteWriter()
        out.append(compressed ? 1 : 0)
        out.appendBigEndian(UInt32(declared ?? message.count))
        out.append(message)
        return out.array()
    }

    private func call(_ body: [UInt8], _ path: String = traceService, _ fields: HTTPFields = [:]) async throws -> (status: String?, message: String?, body: [UInt8]) {
        let router = SurfaceRouter.make()
        receiver.addGRPCRoutes(to: router)
        var headers = fields
        if headers[.contentType] == nil { headers[.contentType] = "application/grpc" }
        return try await Application(router: router).test(.router) { [headers] client in
            let response = try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: body))
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/grpc")
            let trailers = response.trailerHeaders ?? [:]
            return (trailers[HTTPField.Name("grpc-status")!], trailers[HTTPField.Name("grpc-message")!], Array(response.body.readableBytesView))
        }
    }

    private static let encoding = HTTPField.Name("grpc-encoding")!
    private static let timeout = HTTPField.Name("grpc-timeout")!
    private let batch = traces(span("a"))

    @Test("a trace is stored and answered with an empty message and status 0, plain and compressed", arguments: [nil, "identity", "gzip", "zstd"])
    func accepted(encoding: String?) async throws {
        let compression = encoding.flatMap(Compression.init(rawValue:))
        let message = compression.map { $0.compress(OTLPTraces.encode(batch)) } ?? OTLPTraces.encode(batch)
        var fields: HTTPFields = [:]
        fields[Self.encoding] = encoding
        let answer = try await call(Self.framed(message, compressed: compression != nil), Self.traceService, fields)
        #expect(answer.status == "0" && answer.message == nil && answer.body == [0, 0, 0, 0, 0])
        #expect(traceStore.batches == [batch])
    }

    @Test("metrics are stored, and a refused data point comes back in the message")
    func metricService() async throws {
        let delta = ResourceMetrics.Metric("d", .sum([ResourceMetrics.NumberPoint(point(), .int(1))], isMonotonic: true, temporality: .delta))
        let answer = try await call(
            Self.framed(OTLPMetrics.encode(metrics([], gauge("kept"), delta))), "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
        #expect(answer.status == "0")
        #expect(answer.body.prefix(5) == [0, 0, 0, 0, UInt8(answer.body.count - 5)])
        #expect(answer.body.dropFirst(5).prefix(1) == [0x0A])
        #expect(metricStore.lines == ["kept 1.0 @1000"])
    }

    struct Refusal: Sendable {
        let name: String, body: [UInt8], status: String
        var path = traceService
        var fields: HTTPFields = [:]
    }

    static let refusals = [
        Refusal(name: "malformed protobuf", body: framed([0x0A, 0xFF]), status: "3"),
        Refusal(name: "declared over the limit, nothing read", body: framed([], declared: 1 << 30), status: "8"),
        Refusal(name: "decompresses to too much", body: framed(Compression.gzip.compress([UInt8](repeating: 0, count: 20_001)), compressed: true), status: "8",
                fields: [encoding: "gzip"]),
        Refusal(name: "cut off", body: framed([1, 2], declared: 3), status: "13"),
        Refusal(name: "no message", body: [], status: "13"),
        Refusal(name: "half a prefix", body: [0, 0], status: "13"),
        Refusal(name: "two messages", body: framed([]) + framed([]), status: "12"),
        Refusal(name: "a flag of 2", body: [2, 0, 0, 0, 0], status: "13"),
        Refusal(name: "compressed without an encoding", body: framed([1], compressed: true), status: "13"),
        Refusal(name: "not gzip", body: framed([1, 2, 3], compressed: true), status: "13", fields: [encoding: "gzip"]),
        Refusal(name: "an encoding nobody knows", body: framed([]), status: "12", fields: [encoding: "br"]),
        Refusal(name: "a timeout that is none", body: framed([]), status: "13", fields: [timeout: "soon"]),
        Refusal(name: "another method", body: framed([]), status: "12", path: "/opentelemetry.proto.collector.trace.v1.TraceService/Import"),
        Refusal(name: "another service", body: framed([]), status: "12", path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    ]

    @Test("what cannot be served gets its own status and nothing is stored", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let answer = try await call(refusal.body, refusal.path, refusal.fields)
        #expect(answer.status == refusal.status, "\(refusal.name): \(answer.message ?? "")")
        #expect(answer.message?.isEmpty == false)
        #expect(answer.body.isEmpty && traceStore.batches.isEmpty)
    }

    @Test("a full disk is UNAVAILABLE, a broken store INTERNAL, with a message in percent-encoding")
    func storeFailures() async throws {
        traceStore.fail(with: .io(file: "größe %", operation: "write", reason: "r", isDiskFull: true))
        let full = try await call(Self.framed(OTLPTraces.encode(batch)))
        #expect(full.status == "14" && full.message == "cannot write gr%C3%B6%C3%9Fe %25: r")
        traceStore.fail(with: .corrupt(file: "f", offset: 1, reason: "r"))
        #expect(try await call(Self.framed(OTLPTraces.encode(batch))).status == "13")
    }

    @Test("a timeout that has not passed changes nothing")
    func timeouts() async throws {
        for timeout in ["10S", "1H", "59M", "99999999m", "99999999u"] {
            #expect(try await call(Self.framed(OTLPTraces.encode(batch)), Self.traceService, [Self.timeout: timeout]).status == "0")
        }
        #expect(traceStore.batches.count == 5)
    }

    @Test("the health service knows the server and its services", arguments: [
        ("", "0"), ("opentelemetry.proto.collector.metrics.v1.MetricsService", "0"), ("somebody.Else", "5"),
    ])
    func health(service: String, status: String) async throws {
        var request = ByteWriter()
        if !service.isEmpty { request.appendField(1, string: service) }
        let answer = try await call(Self.framed(request.array()), "/grpc.health.v1.Health/Check")
        #expect(answer.status == status)
        #expect(answer.body == (status == "0" ? [0, 0, 0, 0, 2, 8, 1] : []))
    }
}
