import Bytes
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// Bodies shorter than this are not worth compressing.
    private static var compressionBytesMin: Int { 1400 }

    /// A whole body. When `request` is given and says it takes gzip or zstd, a body worth it is compressed.
    package static func bytes(_ body: [UInt8], contentType: String, status: HTTPResponse.Status = .ok, for request: Request? = nil) -> Response {
        var headers: HTTPFields = [.contentType: contentType]
        var body = body
        if let request {
            // Also where the body is too short: whether it is may change.
            headers[.vary] = "Accept-Encoding"
            if body.count >= compressionBytesMin, let compression = Compression.preferred(by: request.headers[.acceptEncoding]) {
                body = compression.compress(body)
                headers[.contentEncoding] = compression.rawValue
            }
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// A whole body that was made in pieces, sent one after the other. Compressed as `bytes` is.
    package static func pieces(_ pieces: [ByteBuffer], contentType: String, for request: Request) -> Response {
        let count = pieces.reduce(0) { $0 + $1.readableBytes }
        if pieces.count == 1 || (count >= compressionBytesMin && Compression.preferred(by: request.headers[.acceptEncoding]) != nil) {
            var body: [UInt8] = []
            body.reserveCapacity(count)
            for piece in pieces { body += piece.readableBytesView }
            return bytes(body, contentType: contentType, for: request)
        }
        return Response(status: .ok, headers: [.contentType: contentType], body: ResponseBody(contentLength: count) { writer in
            for piece in pieces { try await writer.write(piece) }
            try await writer.finish(nil)
        })
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
