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

struct HTTPReceiverTests {
    private let traceStore = RecordingTraceStore()
    private let metricStore = RecordingMetricStore()
    private let intake: TelemetryIntake
    private let receiver: OTLPReceiver

    init() {
        intake = TelemetryIntake(traces: traceStore, metrics: metricStore)
        let limits = BodyLimits(encodedBytesMax: 10_000, decodedBytesMax: 20_000)
        receiver = OTLPReceiver(intake: intake, limits: OTLPReceiver.Limits(http: limits, grpc: limits))
    }

    private func send(
        _ body: [UInt8], to path: String = "/v1/traces", _ method: HTTPRequest.Method = .post, type: String? = "application/x-protobuf", encoding: String? = nil
    ) async throws -> TestResponse {
        let router = SurfaceRouter.make()
        receiver.addHTTPRoutes(to: router)
        SurfaceRouter.closeMethods(of: router)
        var headers: HTTPFields = [:]
        headers[.contentType] = type
        headers[.contentEncoding] = encoding
        return try await Application(router: router).test(.router) { [headers] client in
            try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(bytes: body))
        }
    }

    private let batch = traces(span("a"))

    @Test("protobuf and JSON, plain and compressed, are stored and answered in their own encoding", arguments: [
        ("application/x-protobuf", nil), ("application/x-protobuf", "gzip"), ("application/x-protobuf", "zstd"), ("application/json", nil),
        ("application/json; charset=utf-8", "gzip"), ("application/x-protobuf", "identity"),
    ] as [(String, String?)])
    func accepted(type: String, encoding: String?) async throws {
        let isJSON = type.hasPrefix("application/json")
        let plain = isJSON ? OTLPTraces.encodeJSON(batch) : OTLPTraces.encode(batch)
        let body = encoding.flatMap(Compression.init(rawValue:)).map { $0.compress(plain) } ?? plain
        let response = try await send(body, type: type, encoding: encoding)
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == (isJSON ? "application/json" : "application/x-protobuf"))
        #expect(String(buffer: response.body) == (isJSON ? #"{"partialSuccess":{}}"# : ""))
        #expect(traceStore.batches == [batch])
    }

    @Test("metrics are translated and stored; what is refused is told as partial success")
    func metricsRoute() async throws {
        let delta = ResourceMetrics.Metric("d", .sum([ResourceMetrics.NumberPoint(point(), .int(1))], isMonotonic: true, temporality: .delta))
        let response = try await send(OTLPMetrics.encodeJSON(metrics([], gauge("kept"), delta)), to: "/v1/metrics", type: "application/json")
        #expect(response.status == .ok)
        #expect(String(buffer: response.body) == #"{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"metric \"d\": delta temporality is not supported; send cumulative data points"}}"#)
        #expect(metricStore.lines == ["kept 1.0 @1000"])
    }

    @Test("what cannot be read is refused with google.rpc.Status in the request's encoding", arguments: [
        (Array("{".utf8), "application/json", nil, 400), ([0x0A, 0xFF], "application/x-protobuf", nil, 400), ([1, 2, 3], "application/x-protobuf", "gzip", 400),
        ([UInt8](repeating: 0, count: 10_001), "application/x-protobuf", nil, 413),
        (Compression.gzip.compress([UInt8](repeating: 0, count: 20_001)), "application/x-protobuf", "gzip", 413), ([], "application/x-protobuf", "br", 415),
    ] as [([UInt8], String, String?, Int)])
    func refused(body: [UInt8], type: String, encoding: String?, status: Int) async throws {
        let response = try await send(body, type: type, encoding: encoding)
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == type)
        if type == "application/json" {
            #expect(try JSONParser.parse(Array(response.body.readableBytesView))["code"]?.int == 3)
        } else {
            // Status { code = 1 (varint), message = 2 (text) }
            let bytes = Array(response.body.readableBytesView)
            #expect(bytes.prefix(3) == [0x08, status == 413 ? 8 : 3, 0x12])
        }
        #expect(traceStore.batches.isEmpty)
    }

    @Test("other types, methods and paths get the right status", arguments: [
        ("/v1/traces", HTTPRequest.Method.post, "text/plain", 415), ("/v1/traces", .post, nil, 415), ("/v1/traces", .get, "application/json", 405),
        ("/v1/logs", .post, "application/json", 404),
    ] as [(String, HTTPRequest.Method, String?, Int)])
    func elsewhere(path: String, method: HTTPRequest.Method, type: String?, status: Int) async throws {
        #expect(try await send([], to: path, method, type: type).status.code == status)
    }

    @Test("a full disk and a full intake are answered with 503 and when to try again")
    func full() async throws {
        traceStore.fail(with: .io(file: "f", operation: "write", reason: "no space left", isDiskFull: true))
        let diskFull = try await send(OTLPTraces.encode(batch))
        #expect(diskFull.status == .serviceUnavailable && diskFull.headers[.retryAfter] == "1")
        traceStore.fail(with: nil)
        try intake.admit(bytes: intake.options.bytesInFlightMax)
        let intakeFull = try await send(OTLPTraces.encode(batch))
        #expect(intakeFull.status == .serviceUnavailable && intakeFull.headers[.retryAfter] == "1")
        intake.release(bytes: intake.options.bytesInFlightMax)
        #expect(try await send(OTLPTraces.encode(batch)).status == .ok)
    }
}
