import Bytes
import HTTPSurface
import HTTPTypes
import Hummingbird
import NIOCore

/// One unary call's request.
///
/// Source: grpc `doc/PROTOCOL-HTTP2.md`, `doc/compression.md`.
struct GRPCRequest: Sendable {
    private static let prefixBytes = 5

    let body: RequestBody
    let limits: BodyLimits
    let timeout: GRPCTimeout?
    /// How a message that says it is compressed is compressed; nil when the call declares no compression.
    private let compression: Compression?

    /// Nil for what is not gRPC. Throws a status for what is, and cannot be served.
    init?(_ request: Request, limits: BodyLimits) throws(GRPCStatus) {
        let contentType = request.headers[.contentType] ?? ""
        guard contentType == "application/grpc" || contentType.hasPrefix("application/grpc+proto") || contentType.hasPrefix("application/grpc;") else { return nil }
        body = request.body
        self.limits = limits
        switch request.headers[.grpcEncoding] ?? "identity" {
        case "identity": compression = nil
        case "gzip": compression = .gzip
        case "zstd": compression = .zstd
        case let other: throw GRPCStatus(.unimplemented, "grpc-encoding \"\(other)\" is not understood; send identity, gzip or zstd")
        }
        if let header = request.headers[.grpcTimeout] {
            guard let timeout = GRPCTimeout(header) else { throw GRPCStatus(.internal, "malformed grpc-timeout \"\(header)\"") }
            self.timeout = timeout
        } else {
            timeout = nil
        }
    }

    /// The call's one message, decompressed. Its declared length is checked before it is read, and the deadline while it is.
    func message() async throws -> [UInt8] {
        guard let timeout else { return try await readMessage() }
        return try await withThrowingTaskGroup { group in
            group.addTask { try await readMessage() }
            group.addTask {
                try await Task.sleep(for: timeout.duration)
                throw GRPCStatus(.deadlineExceeded, "the message did not arrive before the deadline")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private func readMessage() async throws -> [UInt8] {
        var buffer = ByteBuffer()
        var declared: (isCompressed: Bool, length: Int)?
        var reserved = 0
        defer { limits.release(reserved) }
        for try await var part in body {
            buffer.writeBuffer(&part)
            if declared == nil, buffer.readableBytes >= Self.prefixBytes {
                let prefix = try Self.prefix(of: buffer, limit: limits.encodedBytesMax)
                guard limits.reserve(prefix.length) else { throw GRPCStatus(.unavailable, "too many messages are in flight; try again") }
                reserved = prefix.length
                declared = prefix
                buffer.reserveCapacity(min(Self.prefixBytes + prefix.length, 1 << 20))
            }
            if let declared, buffer.readableBytes > Self.prefixBytes + declared.length {
                throw GRPCStatus(.unimplemented, "more than one message was sent to a unary method")
            }
        }
        guard let declared else { throw GRPCStatus(.internal, "the call ended before its message did") }
        guard buffer.readableBytes == Self.prefixBytes + declared.length else {
            throw GRPCStatus(.internal, "the call ended after \(buffer.readableBytes - Self.prefixBytes) of its message's \(declared.length) bytes")
        }
        return try buffer.withUnsafeReadableBytes { raw throws(GRPCStatus) in
            try decompress(UnsafeRawBufferPointer(rebasing: raw[Self.prefixBytes...]).bindMemory(to: UInt8.self), isCompressed: declared.isCompressed)
        }
    }

    private static func prefix(of buffer: ByteBuffer, limit: Int) throws(GRPCStatus) -> (isCompressed: Bool, length: Int) {
        guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self), flag <= 1
        else { throw GRPCStatus(.internal, "the message's compressed flag is neither 0 nor 1") }
        guard length <= limit else { throw GRPCStatus(.resourceExhausted, "the message declares \(length) bytes; at most \(limit) are taken") }
        return (flag == 1, Int(length))
    }

    private func decompress(_ bytes: UnsafeBufferPointer<UInt8>, isCompressed: Bool) throws(GRPCStatus) -> [UInt8] {
        guard isCompressed else { return Array(bytes) }
        guard let compression else { throw GRPCStatus(.internal, "the message is compressed and the call declares no grpc-encoding") }
        do throws(ByteError) { return try compression.decompress(bytes, limit: limits.decodedBytesMax) } catch {
            if case .tooLarge = error { throw GRPCStatus(.resourceExhausted, error.description) }
            throw GRPCStatus(.internal, error.description)
        }
    }
}

extension HTTPField.Name {
    static let grpcEncoding = HTTPField.Name("grpc-encoding")!
    static let grpcAcceptEncoding = HTTPField.Name("grpc-accept-encoding")!
    static let grpcTimeout = HTTPField.Name("grpc-timeout")!
    static let grpcStatus = HTTPField.Name("grpc-status")!
    static let grpcMessage = HTTPField.Name("grpc-message")!
}
