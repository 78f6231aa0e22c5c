import MetricModel

/// Reads a text exposition entry by entry, in place.
///
/// For a series it gives the bytes that name it, as they stand, and the numbers; the bytes are only looked through for their end.
/// A caller that has met the same bytes under the same type before knows the labels already; any other caller asks `labels()`,
/// which checks them. The grammar is that of prometheus `model/textparse` (promlex.l, openmetricslex.l); the rules that
/// OpenMetrics adds about what families may hold are `OpenMetricsRules`.
///
/// SAFETY: the parser, and every span that it gave out, must not outlive the body it was made over.
package struct ExpositionParser {
    package enum Dialect: Sendable {
        /// `text/plain; version=0.0.4`: blanks between tokens, timestamps in milliseconds.
        case text
        /// `application/openmetrics-text`: single spaces, timestamps in seconds, exemplars, `# EOF`.
        case openMetrics
    }

    package enum Entry: Sendable {
        /// A sample: `metric`, `value`, `timestamp`, `exemplar`, `labels()`.
        case series
        /// `family`, `kind`.
        case type
        /// `family`, `help()`.
        case help
        /// `family`, `unit()`.
        case unit
        case comment
    }

    package typealias Span = UnsafeBufferPointer<UInt8>

    package struct Exemplar {
        /// `{…}` as it stands, checked.
        package let labelSet: Span
        package let value: Double
        /// Milliseconds since the epoch.
        package let timestamp: Int64?
    }

    /// The bytes that name the current series: `name`, `name{…}` or `{"name",…}`.
    package internal(set) var metric = Span(start: nil, count: 0)
    package internal(set) var value = 0.0
    /// Milliseconds since the epoch, where the line says one.
    package internal(set) var timestamp: Int64?
    package internal(set) var exemplar: Exemplar?
    /// The family that the current metadata line names, without quotes, escapes as they stand.
    package internal(set) var family = Span(start: nil, count: 0)
    /// The type of the last `# TYPE` line, which holds until the next; it decides how `le` and `quantile` are normalised.
    package internal(set) var kind = MetricKind.unknown

    package let dialect: Dialect
    let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    var p: UnsafePointer<UInt8>
    let classes = ByteClasses()
    /// What follows the family's name on the current metadata line, as it stands.
    package internal(set) var text = Span(start: nil, count: 0)
    /// The timestamp of an OpenMetrics sample, finer than milliseconds.
    var timestampSeconds: Double?
    private var isAtEnd = false

    package init(_ body: UnsafeBufferPointer<UInt8>, dialect: Dialect) {
        self.dialect = dialect
        start = body.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        end = start + body.count
        p = start
    }

    /// The next entry, or nil at the end of the exposition. After an error the parser is of no further use.
    package mutating func next() throws(MetricFormatError) -> Entry? {
        if isAtEnd { return nil }
        while p < end {
            let byte = p.pointee
            if _fastPath(classes.has(byte, ByteClasses.nameStart)) {
                let from = p
                repeat { p += 1 } while p < end && classes.has(p.pointee, ByteClasses.namePart)
                return try series(from: from)
            }
            switch byte {
            case UInt8(ascii: "{"): return try series(from: p)
            case UInt8(ascii: "#"):
                if let entry = try comment() { return entry }
                isAtEnd = true
                return nil
            case UInt8(ascii: "\n") where dialect == .text, UInt8(ascii: " ") where dialect == .text, UInt8(ascii: "\t") where dialect == .text: p += 1
            default: throw malformed("expected a metric, found \(found)")
            }
        }
        if dialect == .openMetrics { throw malformed("the exposition does not end with # EOF") }
        return nil
    }

    // MARK: - A sample

    /// Reads on from behind a name, or from an opening brace.
    @inline(__always)
    private mutating func series(from: UnsafePointer<UInt8>) throws(MetricFormatError) -> Entry {
        var brace = p
        if dialect == .text { while brace < end, brace.pointee == UInt8(ascii: " ") || brace.pointee == UInt8(ascii: "\t") { brace += 1 } }
        if brace < end, brace.pointee == UInt8(ascii: "{") {
            guard let closing = labelSetEnd(brace) else { throw brokenLabelSet(from: from, brace: brace) }
            p = closing
        }
        metric = Span(start: from, count: p - from)
        exemplar = nil
        timestamp = nil
        switch dialect {
        case .text: try textSuffix()
        case .openMetrics: try openMetricsSuffix()
        }
        return .series
    }

    /// The position behind the brace that closes the set opened at `brace`; nil when the line has none.
    @inline(__always)
    func labelSetEnd(_ brace: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var q = brace + 1
        while q < end {
            switch q.pointee {
            case UInt8(ascii: "\""):
                guard let after = QuotedText.end(from: q + 1, end) else { return nil }
                q = after
            case UInt8(ascii: "}"): return q + 1
            case UInt8(ascii: "\n"): return nil
            default: q += 1
            }
        }
        return nil
    }

    /// Reads the broken set slowly, for the place and the words.
    @inline(never)
    private mutating func brokenLabelSet(from: UnsafePointer<UInt8>, brace: UnsafePointer<UInt8>) -> MetricFormatError {
        var line = brace
        while line < end, line.pointee != UInt8(ascii: "\n") { line += 1 }
        metric = Span(start: from, count: line - from)
        do throws(MetricFormatError) { _ = try labels() } catch { return error }
        p = line
        return malformed("the label set has no end")
    }

    @inline(__always)
    private mutating func textSuffix() throws(MetricFormatError) {
        skipBlanks()
        try readValue()
        skipBlanks()
        if p < end, p.pointee != UInt8(ascii: "\n") {
            var milliseconds: Int64 = 0
            let digits = p
            while p < end, case let digit = p.pointee &- 0x30, digit < 10 {
                let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int64(digit))
                if overflow || carry { throw malformed("the timestamp is out of range") }
                milliseconds = sum
                p += 1
            }
            guard p > digits else { throw malformed("expected a timestamp in milliseconds or the end of the line, found \(found)") }
            timestamp = milliseconds
            skipBlanks()
            guard p == end || p.pointee == UInt8(ascii: "\n") else { throw malformed("expected the end of the line after the timestamp, found \(found)") }
        }
        if p < end { p += 1 }
    }

    @inline(__always)
    mutating func skipBlanks() {
        while p < end, p.pointee == UInt8(ascii: " ") || p.pointee == UInt8(ascii: "\t") { p += 1 }
    }

    @inline(__always)
    private func isNumberEnd(_ q: UnsafePointer<UInt8>) -> Bool {
        q == end || q.pointee == UInt8(ascii: " ") || q.pointee == UInt8(ascii: "\n") || (dialect == .text && q.pointee == UInt8(ascii: "\t"))
    }

    @inline(__always)
    private mutating func readValue() throws(MetricFormatError) { value = try readNumber("a value") }

    @inline(__always)
    private mutating func readNumber(_ what: StaticString) throws(MetricFormatError) -> Double {
        var q = p
        if let number = DecimalParser.plain(&q, end: end), isNumberEnd(q) {
            p = q
            return number
        }
        return try readGeneralNumber(what)
    }

    @inline(never)
    private mutating func readGeneralNumber(_ what: StaticString) throws(MetricFormatError) -> Double {
        var q = p
        while !isNumberEnd(q) { q += 1 }
        guard let number = DecimalParser.general(Span(start: p, count: q - p)) else { throw malformed("expected \(what), found \(found)") }
        p = q
        return number.isNaN ? Staleness.normalNaN : number
    }

    // MARK: - OpenMetrics

    private mutating func openMetricsSuffix() throws(MetricFormatError) {
        timestampSeconds = nil
        try expectSpace("a value")
        try readValue()
        if p < end, p.pointee == UInt8(ascii: " "), p + 1 < end, p[1] != UInt8(ascii: "#") {
            p += 1
            let seconds = try readNumber("a timestamp in seconds")
            timestamp = try milliseconds(seconds)
            timestampSeconds = seconds
        }
        if p < end, p.pointee == UInt8(ascii: " ") { try readExemplar() }
        try expectLineEnd()
    }

    private mutating func readExemplar() throws(MetricFormatError) {
        for byte in " # {".utf8 {
            guard p < end, p.pointee == byte else { throw malformed("expected an exemplar, ' # {…} value', found \(found)") }
            p += 1
        }
        let from = p - 1
        guard let closing = labelSetEnd(from) else { throw malformed("the exemplar's label set has no end") }
        let labelSet = Span(start: from, count: closing - from)
        var reader = LabelSetReader(labelSet, dialect: .openMetrics, allowsMetricName: false)
        do throws(LabelSetReader.Failure) { while try reader.next() != nil {} } catch {
            throw malformed("in the exemplar: \(error.reason)", at: from + error.offset)
        }
        p = closing
        try expectSpace("the exemplar's value")
        let value = try readNumber("the exemplar's value")
        var timestamp: Int64?
        if p < end, p.pointee == UInt8(ascii: " ") {
            p += 1
            timestamp = try milliseconds(try readNumber("the exemplar's timestamp in seconds"))
        }
        exemplar = Exemplar(labelSet: labelSet, value: value, timestamp: timestamp)
    }

    private func milliseconds(_ seconds: Double) throws(MetricFormatError) -> Int64 {
        guard seconds.isFinite, let whole = Int64(exactly: (seconds * 1000).rounded(.towardZero)) else { throw malformed("the timestamp is out of range") }
        return whole
    }

    private mutating func expectSpace(_ what: StaticString) throws(MetricFormatError) {
        guard p < end, p.pointee == UInt8(ascii: " ") else { throw malformed("expected a space and \(what), found \(found)") }
        p += 1
    }

    mutating func expectLineEnd() throws(MetricFormatError) {
        guard p < end else { throw malformed("the exposition does not end with # EOF") }
        guard p.pointee == UInt8(ascii: "\n") else { throw malformed("expected the end of the line, found \(found)") }
        p += 1
    }

    // MARK: - Errors

    /// The token at the current position, for messages.
    var found: String {
        guard p < end else { return "the end of the exposition" }
        if p.pointee == UInt8(ascii: "\n") { return "the end of the line" }
        var q = p
        while q < end, q - p < 32, q == p || (q.pointee != UInt8(ascii: " ") && q.pointee != UInt8(ascii: "\n")) { q += 1 }
        return LabelName.quoted(String(decoding: Span(start: p, count: q - p), as: UTF8.self))
    }

    @inline(never)
    func malformed(_ reason: String, at place: UnsafePointer<UInt8>? = nil) -> MetricFormatError {
        let offset = (place ?? p) - start
        var line = 1
        for index in 0..<offset where start[index] == UInt8(ascii: "\n") { line += 1 }
        return .malformedText(line: line, offset: offset, reason: reason)
    }
}
