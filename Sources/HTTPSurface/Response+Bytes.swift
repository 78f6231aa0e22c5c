import Bytes
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// Bodies shorter than this are not worth compressing.
    private static var compressionBytesMin: Int { 1400 }
    /// Bodies from here on are compressed while they are sent.
    private static var streamedBytesMin: Int { 1 << 20 }

    /// A whole body. When `request` is given and says it takes gzip or zstd, a body worth it is compressed.
    package static func bytes(_ body: [UInt8], contentType: String, status: HTTPResponse.Status = .ok, for request: Request? = nil) -> Response {
        let buffer = ByteBuffer(bytes: body)
        guard let request else { return Response(status: status, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: buffer)) }
        return pieces([buffer], contentType: contentType, status: status, for: request)
    }

    /// A whole body that was made in pieces, sent one after the other. Compressed as `bytes` is; a long one never stands in memory a second time. The pieces'
    /// memory goes to `AnswerBuffers` when they have been sent.
    package static func pieces(_ pieces: [ByteBuffer], contentType: String, status: HTTPResponse.Status = .ok, for request: Request) -> Response {
        let count = pieces.reduce(0) { $0 + $1.readableBytes }
        // Vary also where the body is too short: whether it is may change.
        var headers: HTTPFields = [.contentType: contentType, .vary: "Accept-Encoding"]
        guard count >= compressionBytesMin, let compression = Compression.preferred(by: request.headers[.acceptEncoding]) else {
            return Response(status: status, headers: headers, body: pieces.count == 1 ? ResponseBody(byteBuffer: pieces[0]) : plain(pieces, count))
        }
        headers[.contentEncoding] = compression.rawValue
        if count >= streamedBytesMin { return Response(status: status, headers: headers, body: compressed(pieces, compression)) }
        let body = compression.compress(pieces.count == 1 ? [UInt8](pieces[0].readableBytesView) : pieces.reduce(into: []) { $0 += $1.readableBytesView })
        AnswerBuffers.shared.give(pieces)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func plain(_ pieces: [ByteBuffer], _ count: Int) -> ResponseBody {
        ResponseBody(contentLength: count) { writer in
            defer { AnswerBuffers.shared.give(pieces) }
            for piece in pieces { try await writer.write(piece) }
            try await writer.finish(nil)
        }
    }

    private static func compressed(_ pieces: [ByteBuffer], _ compression: Compression) -> ResponseBody {
        let pieces = pieces.filter { $0.readableBytes > 0 }
        return ResponseBody { writer in
            defer { AnswerBuffers.shared.give(pieces) }
            guard var compressor = StreamCompressor(compression) else { throw SurfaceError(.internalServerError, "there is no memory to compress the answer in") }
            for (number, var piece) in pieces.enumerated() {
                // A slice at a time, so that what comes out is on its way before the next is looked at.
                while let slice = piece.readSlice(length: min(piece.readableBytes, streamedBytesMin / 4)), slice.readableBytes > 0 {
                    let isLast = number == pieces.count - 1 && piece.readableBytes == 0
                    let out = slice.withUnsafeReadableBytes { compressor.compress($0.bindMemory(to: UInt8.self), isLast: isLast) }
                    if !out.isEmpty { try await writer.write(ByteBuffer(bytes: out)) }
                }
            }
            try await writer.finish(nil)
        }
    }

    /// A JSON body.
    package static func json(_ body: [UInt8], status: HTTPResponse.Status = .ok, for request: Request? = nil) -> Response {
        bytes(body, contentType: "application/json", status: status, for: request)
    }

    /// A plain text body; `text` as it is, without a line feed added.
    package static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        bytes(Array(text.utf8), contentType: "text/plain; charset=utf-8", status: status)
    }
}

extension Compression {
    /// What an `Accept-Encoding` likes best of gzip and zstd, zstd where it has no preference; nil when it names neither, refuses both, or would
    /// rather have the body as it is (RFC 9110, 12.5.3).
    package static func preferred(by acceptEncoding: String?) -> Compression? {
        guard let acceptEncoding else { return nil }
        var weights: [Substring: Double] = [:]
        for item in acceptEncoding.lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.trimming(" \t") }
            guard let name = parts.first, !name.isEmpty else { continue }
            // A weight that cannot be read is none.
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            weights[name == "x-gzip" ? "gzip" : name] = weight
        }
        func weight(_ name: Substring) -> Double { weights[name] ?? weights["*"] ?? 0 }
        let (gzip, zstd) = (weight("gzip"), weight("zstd"))
        let best = max(gzip, zstd)
        guard best > 0, best >= weights["identity"] ?? 0 else { return nil }
        return zstd == best ? .zstd : .gzip
    }
}

extension Substring {
    fileprivate func trimming(_ characters: String) -> Substring {
        guard let first = firstIndex(where: { !characters.contains($0) }), let last = lastIndex(where: { !characters.contains($0) }) else { return "" }
        return self[first...last]
    }
}
