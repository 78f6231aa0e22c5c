import Bytes
import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// The body, decompressed as `Content-Encoding` says (identity, gzip, zstd, snappy; remote write's block snappy is meant).
    ///
    /// Refuses with 413 before reading when the declared length is over the limit, 415 for an unknown encoding, 400 for a body
    /// that does not decompress, 503 with `Retry-After` when all bodies in flight together are over theirs.
    package func decodedBody(_ limits: BodyLimits) async throws -> [UInt8] {
        try await decodedBody(limits) { bytes, limit in
            switch headers[.contentEncoding]?.lowercased() {
            case nil, "", "identity": return Array(bytes)
            case let name?:
                guard let compression = Compression(rawValue: name == "x-gzip" ? "gzip" : name) else {
                    throw SurfaceError(.unsupportedMediaType, "Content-Encoding \"\(name)\" is not understood; send identity, gzip, zstd or snappy")
                }
                return try compression.decompress(bytes, limit: limit)
            }
        }
    }

    /// As `decodedBody(_:)`, for a door with encodings of its own: `decode` gets the body as sent and the largest result it may make of it.
    package func decodedBody(_ limits: BodyLimits, decode: (UnsafeBufferPointer<UInt8>, Int) throws -> [UInt8]) async throws -> [UInt8] {
        var limit = limits.encodedBytesMax
        if let declared = headers[.contentLength] {
            guard let length = Int(declared), length >= 0 else { throw SurfaceError(.badRequest, "Content-Length \"\(declared)\" is not a length") }
            guard length <= limit else { throw Self.tooLarge("declares \(length) bytes", limit: limit) }
            limit = length
        }
        guard limits.reserve(limit) else {
            throw SurfaceError(.serviceUnavailable, "too many request bodies are in flight; try again", headers: [.retryAfter: "1"])
        }
        defer { limits.release(limit) }
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Self.tooLarge("is longer", limit: limit)
        }
        do {
            return try buffer.withUnsafeReadableBytes { try decode($0.bindMemory(to: UInt8.self), limits.decodedBytesMax) }
        } catch ByteError.tooLarge {
            throw Self.tooLarge("decompresses to more", limit: limits.decodedBytesMax)
        } catch let error as ByteError {
            throw SurfaceError(.badRequest, "\(error)")
        }
    }

    /// The connection is closed after it, so that nobody has to read what was refused.
    private static func tooLarge(_ what: String, limit: Int) -> SurfaceError {
        SurfaceError(.contentTooLarge, "the request body \(what); at most \(limit) bytes are taken", headers: [.connection: "close"])
    }
}
