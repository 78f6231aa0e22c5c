import MetricModel

extension ExpositionParser {
    /// The family of the current metadata line, escapes undone.
    package var familyName: String { QuotedText.unescaped(family) ?? String(decoding: family, as: UTF8.self) }

    /// The help text of the current `# HELP` line, escapes undone.
    package func help() -> String {
        QuotedText.unescaped(text, quotes: dialect == .openMetrics) ?? String(decoding: text, as: UTF8.self)
    }

    /// The unit of the current `# UNIT` line.
    package func unit() -> String { String(decoding: text, as: UTF8.self) }

    /// Reads a line that begins with `#`; nil for `# EOF`.
    mutating func comment() throws(MetricFormatError) -> Entry? {
        let lineStart = p
        p += 1
        switch dialect {
        case .text: skipBlanks()
        case .openMetrics:
            guard take(" ") else { throw malformed("expected '# HELP', '# TYPE', '# UNIT' or '# EOF', found \(found)", at: lineStart) }
            if take("EOF") {
                if p < end, p.pointee == UInt8(ascii: "\n") { p += 1 }
                guard p == end else { throw malformed("unexpected text after # EOF") }
                return nil
            }
        }
        let hasBlank = p > lineStart + 1
        let entry: Entry
        if hasBlank, takeKeyword("HELP") {
            entry = .help
        } else if hasBlank, takeKeyword("TYPE") {
            entry = .type
        } else if dialect == .openMetrics, takeKeyword("UNIT") {
            entry = .unit
        } else if dialect == .text {
            while p < end, p.pointee != UInt8(ascii: "\n") { p += 1 }
            if p < end { p += 1 }
            return .comment
        } else {
            throw malformed("expected '# HELP', '# TYPE', '# UNIT' or '# EOF', found \(found)", at: lineStart)
        }
        try readFamily()
        try readText()
        switch entry {
        case .type: kind = try readKind()
        case .unit: try checkUnit()
        case .help where String(validating: text, as: UTF8.self) == nil: throw malformed("the help text is not UTF-8", at: text.baseAddress)
        default: break
        }
        return entry
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard end - p >= count else { return false }
        for index in 0..<count where p[index] != word.utf8Start[index] { return false }
        p += count
        return true
    }

    /// A keyword and the blank behind it: in the text format as many blanks as there are, in OpenMetrics one space.
    private mutating func takeKeyword(_ word: StaticString) -> Bool {
        let before = p
        if take(word), p < end, p.pointee == UInt8(ascii: " ") || (dialect == .text && p.pointee == UInt8(ascii: "\t")) {
            p += 1
            if dialect == .text { skipBlanks() }
            return true
        }
        p = before
        return false
    }

    private mutating func readFamily() throws(MetricFormatError) {
        let from = p
        if p < end, p.pointee == UInt8(ascii: "\"") {
            guard let after = QuotedText.end(from: p + 1, end) else { throw malformed("the quoted metric name has no end") }
            family = Span(start: from + 1, count: after - 1 - (from + 1))
            guard String(validating: family, as: UTF8.self) != nil else { throw malformed("the metric name is not UTF-8") }
            p = after
            return
        }
        guard p < end, classes.has(p.pointee, ByteClasses.nameStart) else { throw malformed("expected a metric name, found \(found)") }
        while p < end, classes.has(p.pointee, ByteClasses.namePart) { p += 1 }
        family = Span(start: from, count: p - from)
    }

    /// The rest of the line without its first byte, which separates it from the name.
    private mutating func readText() throws(MetricFormatError) {
        var stop = p
        while stop < end, stop.pointee != UInt8(ascii: "\n") { stop += 1 }
        switch dialect {
        case .text:
            let from = min(p + 1, stop)
            text = Span(start: from, count: stop - from)
            if Span(start: p, count: stop - p).allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { text = Span(start: stop, count: 0) }
            p = min(stop + 1, end)
        case .openMetrics:
            guard p < stop, p.pointee == UInt8(ascii: " ") else { throw malformed("expected a space after the metric name, found \(found)") }
            guard stop < end else { throw malformed("the exposition does not end with # EOF", at: end) }
            text = Span(start: p + 1, count: stop - (p + 1))
            p = stop + 1
        }
    }

    private func readKind() throws(MetricFormatError) -> MetricKind {
        let word = String(decoding: text, as: UTF8.self)
        switch (word, dialect) {
        case ("untyped", .text): return .unknown
        case ("unknown", .text), ("gaugehistogram", .text), ("info", .text), ("stateset", .text): break
        default: if let kind = MetricKind(rawValue: word) { return kind }
        }
        throw malformed("\(LabelName.quoted(word)) is not a metric type", at: text.baseAddress)
    }

    private func checkUnit() throws(MetricFormatError) {
        guard !text.isEmpty else { return }
        let split = family.count - text.count
        guard split > 0, family[split - 1] == UInt8(ascii: "_"), family[split...].elementsEqual(text) else {
            throw malformed("the unit \(LabelName.quoted(unit())) is not the last part of the metric name \(LabelName.quoted(familyName))", at: text.baseAddress)
        }
    }
}
