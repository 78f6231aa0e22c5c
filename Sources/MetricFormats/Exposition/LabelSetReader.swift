/// Reads the labels between braces one by one and checks them.
struct LabelSetReader {
    typealias Span = ExpositionParser.Span

    struct Failure: Error {
        /// From the opening brace.
        let offset: Int
        let reason: String
    }

    enum Item {
        /// A quoted string that stands alone: the metric's name.
        case metricName(Span)
        case label(name: Span, value: Span)
    }

    private let dialect: ExpositionParser.Dialect
    private let allowsMetricName: Bool
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var p: UnsafePointer<UInt8>
    private let classes = ByteClasses()
    /// Whether a comma stood right before the closing brace, which strict OpenMetrics does not allow.
    private(set) var hasTrailingComma = false
    private var isFirst = true

    /// `text` begins with `{` and must end with the `}` that closes it.
    init(_ text: Span, dialect: ExpositionParser.Dialect, allowsMetricName: Bool) {
        self.dialect = dialect
        self.allowsMetricName = allowsMetricName
        start = text.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        end = start + text.count
        p = start + min(1, text.count)
    }

    /// The next item without its quotes, escapes as they stand; nil behind the closing brace.
    mutating func next() throws(Failure) -> Item? {
        skipBlanks()
        let isAfterItem = !isFirst
        isFirst = false
        if isAfterItem {
            if p < end, p.pointee == UInt8(ascii: ",") {
                p += 1
                skipBlanks()
                hasTrailingComma = true
            } else if dialect == .openMetrics, p < end, p.pointee != UInt8(ascii: "}") {
                throw failure("expected a comma or '}' after a label")
            }
        }
        guard p < end else { throw failure("the label set has no end") }
        if p.pointee == UInt8(ascii: "}") {
            p += 1
            guard p == end else { throw failure("unexpected text after the label set") }
            return nil
        }
        hasTrailingComma = false

        let isQuoted = p.pointee == UInt8(ascii: "\"")
        let name = isQuoted ? try readQuoted() : try readName()
        skipBlanks()
        if isQuoted, p < end, p.pointee == UInt8(ascii: ",") || p.pointee == UInt8(ascii: "}") {
            guard allowsMetricName else { throw failure("expected '=' after a label name") }
            return .metricName(name)
        }
        guard p < end, p.pointee == UInt8(ascii: "=") else { throw failure("expected '=' after a label name") }
        p += 1
        skipBlanks()
        guard p < end, p.pointee == UInt8(ascii: "\"") else { throw failure("expected a label value in double quotes") }
        return .label(name: name, value: try readQuoted())
    }

    private mutating func skipBlanks() {
        guard dialect == .text else { return }
        while p < end, p.pointee == UInt8(ascii: " ") || p.pointee == UInt8(ascii: "\t") { p += 1 }
    }

    private mutating func readName() throws(Failure) -> Span {
        let from = p
        guard classes.has(p.pointee, ByteClasses.labelStart) else { throw failure("expected a label name") }
        while p < end, classes.has(p.pointee, ByteClasses.labelPart) { p += 1 }
        return Span(start: from, count: p - from)
    }

    private mutating func readQuoted() throws(Failure) -> Span {
        let from = p + 1
        guard let after = QuotedText.end(from: from, end) else { throw failure("a quoted text has no end") }
        let content = Span(start: from, count: after - 1 - from)
        var isEscaped = false
        for byte in content {
            if byte == UInt8(ascii: "\n"), isEscaped || dialect == .openMetrics { throw failure("a quoted text runs over the end of the line") }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        p = after
        return content
    }

    private func failure(_ reason: String) -> Failure { Failure(offset: p - start, reason: reason) }
}
