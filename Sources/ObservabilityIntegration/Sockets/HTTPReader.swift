/// HTTP/1.1 messages as they come out of a socket.
struct HTTPReader {
    struct Head {
        /// The first line's parts: method, target and version, or version, status and reason.
        let line: [String]
        /// Names are in lower case; several fields of one name are one list.
        let fields: [String: String]

        /// Of an answer; 0 where the line is none.
        var status: Int { line.count >= 2 && line[0].hasPrefix("HTTP/1.") ? Int(line[1]) ?? 0 : 0 }
    }

    private let socket: TCPSocket
    private var buffer: [UInt8] = []

    init(_ socket: TCPSocket) { self.socket = socket }

    /// Whether part of a further message is here already.
    var hasMore: Bool { !buffer.isEmpty }

    /// The next head, with the empty line behind it.
    mutating func head(max: Int) throws(TCPSocket.Failure) -> Head {
        var lines: [String] = []
        var size = 0
        while true {
            let text = try line(max: max - size)
            size += text.utf8.count + 2
            if text.isEmpty {
                if lines.isEmpty { continue }
                break
            }
            lines.append(text)
        }
        var fields: [String: String] = [:]
        for text in lines.dropFirst() {
            guard let colon = text.firstIndex(of: ":") else { throw TCPSocket.Failure("a header without a colon") }
            let (name, value) = (text[..<colon].lowercased(), text[text.index(after: colon)...].trimmed)
            fields[name] = fields[name].map { "\($0),\(value)" } ?? value
        }
        return Head(line: lines[0].split(separator: " ", maxSplits: 2).map(String.init), fields: fields)
    }

    /// A body of a length that is known.
    mutating func body(_ length: Int) throws(TCPSocket.Failure) -> [UInt8] {
        while buffer.count < length { try more() }
        defer { buffer.removeFirst(length) }
        return Array(buffer.prefix(length))
    }

    mutating func chunkedBody(max: Int) throws(TCPSocket.Failure) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = Int(try line(max: 1_024).prefix { $0 != ";" }.trimmed, radix: 16) ?? -1
            guard size >= 0, size <= max - body.count else { throw TCPSocket.Failure("a chunk that is none, or an answer of more than \(max) bytes") }
            if size == 0 { break }
            body += try self.body(size)
            guard try line(max: 2).isEmpty else { throw TCPSocket.Failure("a chunk that is longer than it says") }
        }
        while try !line(max: 8_192).isEmpty {}
        return body
    }

    /// A body that the end of the connection ends.
    mutating func bodyToTheEnd(max: Int) throws(TCPSocket.Failure) -> [UInt8] {
        while try socket.read(into: &buffer) {
            guard buffer.count <= max else { throw TCPSocket.Failure("an answer of more than \(max) bytes") }
        }
        return buffer
    }

    private mutating func line(max: Int) throws(TCPSocket.Failure) -> String {
        var looked = 0
        while true {
            if let end = buffer[looked...].firstIndex(of: 0x0A) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<(end > 0 && buffer[end - 1] == 0x0D ? end - 1 : end)], as: UTF8.self)
            }
            looked = buffer.count
            guard looked <= max else { throw TCPSocket.Failure("a head of more than \(max) bytes") }
            try more()
        }
    }

    private mutating func more() throws(TCPSocket.Failure) {
        guard try socket.read(into: &buffer) else { throw TCPSocket.Failure("the connection was closed") }
    }
}
