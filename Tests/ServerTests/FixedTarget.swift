import Foundation
import Synchronization
import Testbed

/// A target that answers each path with bytes that were given, from one blocking thread, and keeps what it was asked.
final class FixedTarget: Sendable {
    let port: Int
    private let descriptor: Int32
    private let answers: [String: (contentType: String, body: [UInt8])]
    private let accepts = Mutex<[String: Set<String>]>([:])

    init(_ answers: [String: (contentType: String, body: [UInt8])]) throws {
        self.answers = answers
        let socket = Loopback.socket()
        let (isBound, port) = Loopback.withAddress { address, length in
            bind(socket, address, length) == 0 && listen(socket, 64) == 0 && getsockname(socket, address, &length) == 0
        }
        guard isBound else {
            close(socket)
            throw RunningStack.Failure(description: "no port is free")
        }
        (descriptor, self.port) = (socket, port)
        Thread.detachNewThread { [self] in while answerOne() {} }
    }

    /// Ends the thread, which waits for connections.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The `Accept` headers with which a path was asked for.
    func accepts(_ path: String) -> Set<String> { accepts.withLock { $0[path] ?? [] } }

    private func answerOne() -> Bool {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else {
            close(descriptor)
            return false
        }
        defer { close(connection) }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var request: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return true }
            request += buffer[..<count]
        }
        let lines = String(decoding: request, as: UTF8.self).split(separator: "\r\n")
        let path = String(lines[0].split(separator: " ").dropFirst().first ?? "")
        let accept = lines.first { $0.lowercased().hasPrefix("accept:") }.map { $0.dropFirst(7).trimmingCharacters(in: .whitespaces) } ?? ""
        accepts.withLock { _ = $0[path, default: []].insert(accept) }
        let answer = answers[path]
        let head = "HTTP/1.1 \(answer == nil ? "404 Not Found" : "200 OK")\r\nContent-Type: \(answer?.contentType ?? "text/plain")\r\nContent-Length: \(answer?.body.count ?? 0)\r\nConnection: close\r\n\r\n"
        var rest = (Array(head.utf8) + (answer?.body ?? []))[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return true }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
