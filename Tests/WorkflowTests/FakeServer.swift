import Platform
import Synchronization
import Testbed
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An HTTP server on threads that block: answers what it is told to, and keeps what it was asked.
final class FakeServer: Sendable {
    struct Request: Sendable {
        let method: String
        let target: String
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status = 200
        var body: [UInt8] = []
        /// Whether the body goes out in chunks.
        var isChunked = false
        /// Whether there is no answer at all.
        var isSilent = false
    }

    private struct State {
        var requests: [Request] = []
        var answers: [Answer] = []
        var connections: [Int32] = []
        var accepted = 0
    }

    let port: Int
    private let listener: Int32
    private let usual: Answer
    private let state: Condition<State>

    /// Answers `first`, one a request, and then always `usual`. `port` 0 takes a free one.
    init(first: [Answer] = [], usual: Answer = Answer(), port: Int = 0) throws {
        let listener = Loopback.socket()
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let (isBound, port) = Loopback.withAddress(port: port) { bind(listener, $0, $1) == 0 && getsockname(listener, $0, &$1) == 0 }
        guard isBound, listen(listener, 64) == 0 else { throw Trouble("no port is free") }
        (self.listener, self.port, self.usual) = (listener, port, usual)
        state = Condition(State(answers: first))
        _ = try WorkerThread(name: "fake server") { self.accept() }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    var connectionCount: Int { state.withLock { $0.accepted } }

    /// Blocks until so many requests have come, for a minute at most; whether they have.
    func awaitRequests(_ count: Int) -> Bool {
        state.wait(atMost: 60, until: { $0.requests.count >= count }, then: { $0.requests.count >= count })
    }

    /// Ends every connection that is open.
    func hangUp() {
        let open = state.withLock { $0.connections }
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        hangUp()
    }

    private func accept() {
        while true {
            #if canImport(Darwin)
            let descriptor = Darwin.accept(listener, nil, nil)
            #else
            let descriptor = Glibc.accept(listener, nil, nil)
            #endif
            guard descriptor >= 0 else { break }
            state.withLock { state in
                state.accepted += 1
                state.connections.append(descriptor)
            }
            _ = try? WorkerThread(name: "fake client") { self.serve(descriptor) }
        }
        #if canImport(Darwin)
        _ = Darwin.close(listener)
        #else
        _ = Glibc.close(listener)
        #endif
    }

    private func serve(_ descriptor: Int32) {
        var buffer: [UInt8] = []
        while let request = read(descriptor, &buffer) {
            let answer = state.withLock { state in
                state.requests.append(request)
                return state.answers.isEmpty ? usual : state.answers.removeFirst()
            }
            state.signalAll()
            if !answer.isSilent { write(descriptor, answer) }
        }
        state.withLock { $0.connections.removeAll { $0 == descriptor } }
        #if canImport(Darwin)
        _ = Darwin.close(descriptor)
        #else
        _ = Glibc.close(descriptor)
        #endif
    }

    private func write(_ descriptor: Int32, _ answer: Answer) {
        var head = "HTTP/1.1 \(answer.status) Said\r\n"
        var body = answer.body
        if answer.isChunked {
            head += "Transfer-Encoding: chunked\r\n"
            let middle = body.count / 2
            body = [body[..<middle], body[middle...]].filter { !$0.isEmpty }.flatMap { Array("\(String($0.count, radix: 16));x=y\r\n".utf8) + $0 + Array("\r\n".utf8) } + Array("0\r\nTrailer: 1\r\n\r\n".utf8)
        } else {
            head += "Content-Length: \(body.count)\r\n"
        }
        let bytes = Array((head + "\r\n").utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Request? {
        while true {
            if let end = buffer.indices.first(where: { buffer[$0...].starts(with: [13, 10, 13, 10]) }) {
                let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1).map { String($0.drop { $0 == " " }) }
                    if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
                }
                let length = Int(headers["content-length"] ?? "0") ?? 0
                if buffer.count >= end + 4 + length {
                    let words = lines[0].split(separator: " ").map(String.init)
                    defer { buffer.removeFirst(end + 4 + length) }
                    return Request(method: words[0], target: words[1], headers: headers, body: Array(buffer[(end + 4)..<(end + 4 + length)]))
                }
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk.prefix(count)
        }
    }
}
