import Testbed
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension Peer {
    /// Sends a body of remote write and returns the status of the answer.
    static func post(_ port: Int, _ path: String, _ body: [UInt8], attempts: Int) throws -> Int {
        let head = """
            POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
            X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n
            """
        let answer = try exchange(port, Array(head.utf8) + body, attempts: attempts) { $0 != 503 }
        return answer.status
    }

    /// The body of an answer, once the program is ready to give it.
    static func get(_ port: Int, _ path: String, attempts: Int) throws -> String {
        let head = "GET \(path) HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return try exchange(port, Array(head.utf8), attempts: attempts) { $0 == 200 }.body
    }

    private static func exchange(_ port: Int, _ request: [UInt8], attempts: Int, until isGood: (Int) -> Bool) throws -> (status: Int, body: String) {
        var last = (status: 0, body: "")
        for _ in 0..<attempts {
            if let answer = exchangeOnce(port, request) {
                last = answer
                if isGood(answer.status) { return answer }
            }
            if attempts > 1 { usleep(100_000) }
        }
        return last
    }

    private static func exchangeOnce(_ port: Int, _ request: [UInt8]) -> (status: Int, body: String)? {
        let socket = Loopback.socket()
        defer { close(socket) }
        let connected = Loopback.withAddress(port: port) { connect(socket, $0, $1) }.result
        guard connected == 0 else { return nil }
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { send(socket, $0.baseAddress! + sent, request.count - sent, 0) }
            guard count > 0 else { return nil }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = recv(socket, &chunk, chunk.count, 0), count > 0 { answer.append(contentsOf: chunk[..<count]) }
        let text = String(decoding: answer, as: UTF8.self)
        guard let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0) }) else { return nil }
        return (status, text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "")
    }
}
