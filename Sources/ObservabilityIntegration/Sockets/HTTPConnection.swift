import Synchronization

/// One connection to an HTTP/1.1 server, used by one thread; `cancel` alone may be called from another.
///
/// It is kept between requests, and made again where the other side closed it meanwhile: that is no failure yet.
final class HTTPConnection: Sendable {
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]

        /// The body's beginning as text, for messages.
        var excerpt: String { String(decoding: body.prefix(300), as: UTF8.self) }
    }

    private struct Link {
        var socket: TCPSocket?
        var isCancelled = false
    }

    private static let headMax = 65_536

    private let host: String
    private let port: Int
    private let bodyMax: Int
    private let link = Mutex(Link())

    /// `bodyMax`: bytes of an answer's body; a longer one is a failure.
    init(_ address: HTTPAddress, bodyMax: Int) {
        (host, port, self.bodyMax) = (address.host, address.port, bodyMax)
    }

    /// Sends a request, which must say `Content-Length` itself, and reads the answer; each step may take so many seconds.
    func exchange(_ request: [UInt8], timeoutSeconds: Double) throws(TCPSocket.Failure) -> Answer {
        if let kept = link.withLock({ $0.socket }) {
            do {
                return try exchange(request, over: kept, timeoutSeconds)
            } catch {
                if error.isTimeout { throw error }
            }
        }
        let fresh = try TCPSocket.connected(host: host, port: port, withinSeconds: timeoutSeconds)
        let isCancelled = link.withLock { link in
            link.socket = fresh
            return link.isCancelled
        }
        if isCancelled { throw TCPSocket.Failure("cancelled") }
        return try exchange(request, over: fresh, timeoutSeconds)
    }

    /// Ends what is being exchanged, and what would be.
    func cancel() {
        link.withLock { link in
            link.isCancelled = true
            link.socket?.shutDown()
        }
    }

    private func exchange(_ request: [UInt8], over socket: TCPSocket, _ timeoutSeconds: Double) throws(TCPSocket.Failure) -> Answer {
        var mayKeep = false
        defer { if !mayKeep { link.withLock { $0.socket = nil } } }
        socket.setTimeout(seconds: timeoutSeconds)
        try socket.write(request)
        var reader = HTTPReader(socket)
        var head = try reader.head(max: Self.headMax)
        while head.status == 100 { head = try reader.head(max: Self.headMax) }
        let body: [UInt8]
        if head.status == 204 || head.status == 304 {
            body = []
        } else if head.fields["transfer-encoding"]?.lowercased() == "chunked" {
            body = try reader.chunkedBody(max: bodyMax)
        } else if let text = head.fields["content-length"] {
            guard let length = Int(text), length >= 0, length <= bodyMax else { throw TCPSocket.Failure("an answer of \(text) bytes, more than \(bodyMax)") }
            body = try reader.body(length)
        } else {
            body = try reader.bodyToTheEnd(max: bodyMax)
            return Answer(status: head.status, body: body)
        }
        mayKeep = head.fields["connection"]?.lowercased() != "close"
        return Answer(status: head.status, body: body)
    }
}
