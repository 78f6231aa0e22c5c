import Foundation
import Synchronization
import Testbed

/// An HTTP server on a thread of its own that answers 200 to everything and keeps what it was sent.
final class WebhookCatcher: Sendable {
    struct Caught: Sendable {
        let path: String
        let headers: [String: String]
        let body: String
    }

    let port: Int
    private let listener: Int32
    private let caught = Mutex<[Caught]>([])

    init() throws {
        listener = Loopback.socket()
        let (isBound, port) = Loopback.withAddress { [listener] address, length in bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0 }
        guard isBound, listen(listener, 64) == 0 else { throw RunningStack.Failure(description: "no port to listen on") }
        self.port = port
        Thread.detachNewThread { [listener, self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Self.serve(connection) { one in self.caught.withLock { $0.append(one) } }
                close(connection)
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// What came to paths that begin so, in the order in which it came.
    func bodies(_ prefix: String) -> [Caught] { caught.withLock { $0.filter { $0.path.hasPrefix(prefix) } } }

    private static func serve(_ connection: Int32, _ keep: (Caught) -> Void) {
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            bytes += buffer[..<count]
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n").map(String.init)
            let headers = Dictionary(lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
            }) { $1 }
            let length = Int(headers["content-length"] ?? "0") ?? 0
            guard bytes.count >= end.upperBound + length else { continue }
            let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
            keep(Caught(path: path, headers: headers, body: String(decoding: bytes[end.upperBound..<end.upperBound + length], as: UTF8.self)))
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
            _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            return
        }
    }
}
