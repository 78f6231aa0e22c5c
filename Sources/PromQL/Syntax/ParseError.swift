/// A query that is not PromQL: what is wrong, and where.
package struct ParseError: Error, Equatable, Sendable {
    /// What is wrong, in upstream's words.
    package let message: String
    /// The bytes of the query that it concerns.
    package let range: Range<Int>
    /// Line and column of the start, both from 1; nil for an empty query.
    package let position: (line: Int, column: Int)?

    init(_ message: String, _ range: Range<Int>, in query: [UInt8]) {
        self.message = message
        self.range = range
        guard !query.isEmpty, range.lowerBound <= query.count else { position = nil; return }
        var line = 1
        var lastBreak = -1
        for (index, byte) in query[..<range.lowerBound].enumerated() where byte == UInt8(ascii: "\n") {
            line += 1
            lastBreak = index
        }
        position = (line, range.lowerBound - lastBreak)
    }

    package static func == (a: ParseError, b: ParseError) -> Bool { a.message == b.message && a.range == b.range }
}

extension ParseError: CustomStringConvertible {
    /// `1:5: parse error: …`, as upstream's `ParseErr.Error`.
    package var description: String {
        guard let position else { return "unknown position: parse error: \(message)" }
        return "\(position.line):\(position.column): parse error: \(message)"
    }
}
