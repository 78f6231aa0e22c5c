import Testbed
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A connection to a port of this machine, spoken to byte by byte. Its thread blocks.
final class RawConnection {
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let descriptor = Loopback.socket()
    private var buffer: [UInt8] = []

    init(port: Int) throws {
        var limit = timeval()
        limit.tv_sec = 60
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard Loopback.withAddress(port: port, { connect(descriptor, $0, $1) == 0 }).result else { throw Trouble("nobody listens on \(port)") }
    }

    deinit { _ = close(descriptor) }

    /// Sends text and reads one answer, whose length is declared; without a body where the request was `HEAD`.
    func exchange(_ request: String) throws -> Answer {
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Trouble("nothing can be sent") }
        var end: Int?
        while end == nil {
            end = buffer.indices.first { buffer[$0...].starts(with: [13, 10, 13, 10]) }
            if end == nil { try more() }
        }
        let lines = String(decoding: buffer[..<end!], as: UTF8.self).split(separator: "\r\n").map(String.init)
        buffer.removeFirst(end! + 4)
        let headers = lines.dropFirst().reduce(into: [String: String]()) { found, line in
            let parts = line.split(separator: ":", maxSplits: 1).map { String($0.drop { $0 == " " }) }
            found[parts[0].lowercased()] = parts[1]
        }
        let length = request.hasPrefix("HEAD") ? 0 : Int(headers["content-length"] ?? "") ?? 0
        while buffer.count < length { try more() }
        defer { buffer.removeFirst(length) }
        return Answer(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: Array(buffer.prefix(length)))
    }

    /// Whether the other side has ended, and said nothing more.
    func isAtEnd() -> Bool {
        var byte: UInt8 = 0
        return buffer.isEmpty && recv(descriptor, &byte, 1, 0) <= 0
    }

    private func more() throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Trouble("the connection was closed") }
        buffer += chunk.prefix(count)
    }
}
