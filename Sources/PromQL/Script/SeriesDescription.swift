import MetricModel

/// A series and its samples as test scripts and rule tests write them: `metric{label="value"} 1 2+3x4 _ stale {{count:1}}x2`.
package struct SeriesDescription: Sendable {
    package enum Sample: Sendable, Equatable {
        case value(Double)
        /// `statesCounterReset`: whether the description says what is known of a counter reset.
        case histogram(NativeHistogram, statesCounterReset: Bool)
        /// No sample at this place.
        case omitted
    }

    package struct Invalid: Error, CustomStringConvertible {
        package let description: String

        package init(_ reason: String) { description = reason }
        init(description: String) { self.description = description }
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
        var rest = Substring(decoding: bytes, as: UTF8.self)
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { return samples }
            if rest.hasPrefix("{{") {
                try appendHistograms(&rest, to: &samples)
            } else {
                let item = rest.prefix { $0 != " " && $0 != "\t" }
                rest = rest[item.endIndex...]
                try append(String(item), to: &samples)
            }
            if samples.count > samplesMax { throw Invalid(description: "more than \(samplesMax) samples are described") }
        }
    }

    /// `{{…}}`, `{{…}}xN`, `{{…}}+{{…}}xN` or `{{…}}-{{…}}xN`.
    private static func appendHistograms(_ rest: inout Substring, to samples: inout [Sample]) throws(Invalid) {
        let first = try histogram(&rest)
        var step: HistogramDescription?
        let sign = rest.first
        if sign == "+" || sign == "-", rest.dropFirst().hasPrefix("{{") {
            rest = rest.dropFirst()
            step = try histogram(&rest)
        }
        var repetitions = 0
        let suffix = rest.prefix { $0 != " " && $0 != "\t" }
        if suffix.first == "x", let count = Int(suffix.dropFirst()), count >= 0, count <= samplesMax {
            repetitions = count
        } else if !suffix.isEmpty || step != nil {
            throw Invalid(description: "unexpected \(LabelName.quoted(String(suffix))) behind a histogram in series values")
        }
        rest = rest[suffix.endIndex...]
        var current = first.histogram
        for number in 0...repetitions {
            if number > 0, let step {
                if current.schema > step.histogram.schema {
                    throw Invalid(description: "error combining histograms: cannot merge from schema \(step.histogram.schema) to \(current.schema)")
                }
                do throws(FloatHistogram.IncompatibleSchemas) {
                    if sign == "+" { try current.add(step.histogram) } else { try current.subtract(step.histogram) }
                } catch {
                    throw Invalid(description: "error combining histograms: one has custom buckets and the other has not")
                }
            }
            samples.append(.histogram(current.native, statesCounterReset: (step ?? first).statesCounterReset))
        }
    }

    private static func histogram(_ rest: inout Substring) throws(Invalid) -> HistogramDescription {
        var end = rest.startIndex
        while end < rest.endIndex, !rest[end...].hasPrefix("}}") { end = rest.index(after: end) }
        if end == rest.endIndex { throw Invalid(description: "a histogram is not closed: \(rest)") }
        let text = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
        rest = rest[rest.index(end, offsetBy: 2)...]
        return try HistogramDescription(text)
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
