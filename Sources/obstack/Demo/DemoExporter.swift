import AsyncHTTPClient
import Bytes
import NIOCore
import NIOPosix

/// Sends OTLP over HTTP, protobuf in gzip, as any application would.
struct DemoExporter {
    private let client: HTTPClient
    private let base: String

    /// Items that the stack did not take although it took the rest, and why the first of them.
    private(set) var rejected = 0
    private(set) var rejection = ""

    init(base: String) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(3), read: .seconds(15))
        // Whether somebody listens is to be known at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    enum Signal: String { case traces, metrics }

    /// Returns when the telemetry is acknowledged.
    mutating func send(_ message: [UInt8], _ signal: Signal) async throws(DemoError) {
        let url = base + "/v1/" + signal.rawValue
        let body = Compression.gzip.compress(message)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-protobuf")
        request.headers.add(name: "Content-Encoding", value: "gzip")
        request.headers.add(name: "User-Agent", value: "obstack-demo")
        request.body = .bytes(ByteBuffer(bytes: body))
        let (status, answer): (Int, ByteBuffer)
        do {
            let response = try await client.execute(request, timeout: .seconds(20))
            (status, answer) = (Int(response.status.code), try await response.body.collect(upTo: 1 << 16))
        } catch {
            throw .unreachable(url: base, reason: Self.reason(error))
        }
        guard status == 200 else { throw .refused(url: url, status: status, body: Self.printable(answer)) }
        notePartialSuccess([UInt8](answer.readableBytesView))
    }

    /// Reads `partial_success` of an export response; answers without one are empty.
    private mutating func notePartialSuccess(_ answer: [UInt8]) {
        answer.withUnsafeBufferPointer { answer in
            var response = ProtobufCursor(answer)
            guard let field = try? response.next(), field.number == 1, field.wire == .lengthDelimited, let partial = try? response.readBytes() else { return }
            var cursor = ProtobufCursor(partial)
            while let field = try? cursor.next() {
                switch (field.number, field.wire) {
                case (1, .varint): rejected += (try? cursor.readVarint()).map { Int(clamping: $0) } ?? 0
                case (2, .lengthDelimited) where rejection.isEmpty: rejection = (try? cursor.readString()) ?? ""
                default: guard (try? cursor.skip(field.wire)) != nil else { return }
                }
            }
        }
    }

    func shutdown() async { try? await client.shutdown() }

    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError: error.connectionErrors.first.map { "\($0.error)" } ?? error.dnsAError.map { "\($0)" } ?? "no connection"
        default: "\(error)"
        }
    }

    /// The readable part of a `google.rpc.Status`, which is mostly text.
    private static func printable(_ answer: ByteBuffer) -> String {
        String(String(decoding: answer.readableBytesView.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self).prefix(300))
    }
}
