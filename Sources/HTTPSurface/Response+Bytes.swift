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
        if let request, body.count >= compressionBytesMin, let compression = Compression.preferred(by: request.headers[.acceptEncoding]) {
            body = compression.compress(body)
            headers[.contentEncoding] = compression.rawValue
            headers[.vary] = "Accept-Encoding"
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
    /// The better of gzip and zstd that an `Accept-Encoding` names and does not refuse with `q=0`; nil when it names neither.
    package static func preferred(by acceptEncoding: String?) -> Compression? {
        guard let acceptEncoding else { return nil }
        var accepted: Set<Compression> = []
        for item in acceptEncoding.lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let name = parts.first, let compression = Compression(rawValue: name), compression != .snappy else { continue }
            let refused = parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains { "123456789".contains($0) } }
            if !refused { accepted.insert(compression) }
        }
        return accepted.contains(.zstd) ? .zstd : accepted.contains(.gzip) ? .gzip : nil
    }
}
