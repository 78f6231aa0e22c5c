import MetricModel

/// A series and its samples as test scripts and rule tests write them: `metric{label="value"} 1 2+3x4 _ stale`.
package struct SeriesDescription: Sendable {
    package enum Sample: Sendable, Hashable {
        case value(Double)
        /// No sample at this place.
        case omitted
    }

    package struct Invalid: Error, CustomStringConvertible {
        package let description: String
    }

    package var labels: Labels
    package var samples: [Sample]

    /// How many samples one description may spell out.
    private static let samplesMax = 10_000_000

    package init(_ text: String) throws(Invalid) {
        var lexer = Lexer(text)
        var pairs: [(String, String)] = []
        do throws(ParseError) {
            var token = try lexer.next()
            if token.kind.isMetricIdentifier {
                pairs.append((LabelName.metric, token.text))
                if lexer.peek() == UInt8(ascii: "{") { token = try lexer.next() }
            }
            if token.kind == .leftBrace { try Self.labels(&lexer, &pairs) } else if pairs.isEmpty { throw ParseError("unexpected \(token.described)", token.range, in: lexer.bytes) }
        } catch {
            throw Invalid(description: error.description)
        }
        labels = Labels(pairs)
        samples = try Self.samples(lexer.bytes[lexer.position...])
    }

    private static func labels(_ lexer: inout Lexer, _ pairs: inout [(String, String)]) throws(ParseError) {
        while true {
            let name = try lexer.next()
            if name.kind == .rightBrace { return }
            guard name.kind == .identifier || name.kind == .string else {
                throw ParseError("unexpected \(name.described) in label set, expected identifier or \"}\"", name.range, in: lexer.bytes)
            }
            var next = try lexer.next()
            if next.kind == .assign {
                let value = try lexer.next()
                guard value.kind == .string else { throw ParseError("unexpected \(value.described) in label set, expected string", value.range, in: lexer.bytes) }
                pairs.append((name.kind == .string ? Lexer.unquoted(name.text) : name.text, Lexer.unquoted(value.text)))
                next = try lexer.next()
            } else if name.kind == .string {
                pairs.append((LabelName.metric, Lexer.unquoted(name.text)))
            } else {
                throw ParseError("unexpected \(next.described) in label set, expected \"=\"", next.range, in: lexer.bytes)
            }
            if next.kind == .rightBrace { return }
            guard next.kind == .comma else { throw ParseError("unexpected \(next.described) in label set, expected \",\" or \"}\"", next.range, in: lexer.bytes) }
        }
    }

    // MARK: Samples

    private static func samples(_ bytes: ArraySlice<UInt8>) throws(Invalid) -> [Sample] {
        var samples: [Sample] = []
        for item in bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }) {
            let text = String(decoding: item, as: UTF8.self)
            if text.hasPrefix("{{") { throw Invalid(description: "native histograms cannot be described: \(text)") }
            try append(text, to: &samples)
            if samples.count > samplesMax { throw Invalid(description: "more than \(samplesMax) samples are described") }
        }
        return samples
    }

    /// One item: `_`, `_xN`, `stale`, `a`, `axN`, `a+bxN` or `a-bxN`.
    private static func append(_ item: String, to samples: inout [Sample]) throws(Invalid) {
        var head = Substring(item)
        var repetitions: Int?
        if let x = item.lastIndex(of: "x") {
            guard let count = Int(item[item.index(after: x)...]), count >= 0, count <= samplesMax else {
                throw Invalid(description: "invalid repetition in series values: \(item)")
            }
            repetitions = count
            head = item[..<x]
        }
        if head == "_" {
            samples.append(contentsOf: repeatElement(.omitted, count: repetitions ?? 1))
            return
        }
        if head == "stale" {
            samples.append(contentsOf: repeatElement(.value(Staleness.marker), count: (repetitions ?? 0) + 1))
            return
        }
        let (first, rest) = try number(head, of: item)
        var value = first
        if rest.isEmpty {
            samples.append(contentsOf: repeatElement(.value(value), count: (repetitions ?? 0) + 1))
            return
        }
        let (increment, end) = try number(rest, of: item)
        guard end.isEmpty, let repetitions else { throw Invalid(description: "unexpected \(LabelName.quoted(String(rest))) in series values: \(item)") }
        for _ in 0...repetitions {
            samples.append(.value(value))
            value += increment
        }
    }

    /// The number at the start of `text`, sign and exponent included, and what follows it.
    private static func number(_ text: Substring, of item: String) throws(Invalid) -> (Double, Substring) {
        let characters = Array(text)
        var end = 0
        if end < characters.count, characters[end] == "+" || characters[end] == "-" { end += 1 }
        while end < characters.count {
            let character = characters[end]
            let isSign = character == "+" || character == "-"
            if isSign, end == 0 || !(characters[end - 1] == "e" || characters[end - 1] == "E") || !(end >= 2 && characters[end - 2].isNumber) { break }
            end += 1
        }
        let digits = String(characters[..<end])
        let unsigned = digits.hasPrefix("+") || digits.hasPrefix("-") ? String(digits.dropFirst()) : digits
        let sign = digits.hasPrefix("-") ? -1.0 : 1.0
        if let value = GoFormat.number(unsigned) { return (sign * value, text.dropFirst(end)) }
        if let millis = try? PromDuration.millis(unsigned) { return (sign * Double(millis) / 1000, text.dropFirst(end)) }
        throw Invalid(description: "unexpected \(LabelName.quoted(String(text))) in series values, expected number or \"stale\": \(item)")
    }
}
