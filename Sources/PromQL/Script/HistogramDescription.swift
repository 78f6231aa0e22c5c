import MetricModel

/// A native histogram as test scripts and rule tests write it: `{{schema:1 sum:5 count:4 buckets:[1 2 1]}}`.
struct HistogramDescription {
    var histogram = FloatHistogram()
    /// Whether it says what is known of a counter reset, and so wants that compared.
    var statesCounterReset = false

    /// Reads what stands between the braces.
    init(_ text: Substring) throws(SeriesDescription.Invalid) {
        var rest = text
        var seen: Set<String> = []
        var (offset, negativeOffset) = (Int32(0), Int32(0))
        while let item = Self.nextItem(&rest) {
            guard let colon = item.firstIndex(of: ":") else { throw Self.invalid("unexpected \(LabelName.quoted(String(item))) in histogram description") }
            let key = String(item[..<colon])
            let value = item[item.index(after: colon)...]
            if !seen.insert(key).inserted { throw Self.invalid("duplicate key \(LabelName.quoted(key)) in histogram") }
            switch key {
            case "schema": histogram.schema = try Self.integer(value)
            case "sum": histogram.sum = try Self.number(value)
            case "count": histogram.count = try Self.number(value)
            case "z_bucket": histogram.zeroCount = try Self.number(value)
            case "z_bucket_w": histogram.zeroThreshold = try Self.number(value)
            case "custom_values": histogram.customValues = try Self.numbers(value)
            case "buckets": histogram.positive = try Self.numbers(value)
            case "n_buckets": histogram.negative = try Self.numbers(value)
            case "offset": offset = try Self.integer(value)
            case "n_offset": negativeOffset = try Self.integer(value)
            case "counter_reset_hint":
                statesCounterReset = true
                histogram.counterReset = try Self.counterReset(value)
            default: throw Self.invalid("bad histogram descriptor found: \(LabelName.quoted(key))")
            }
        }
        if !histogram.positive.isEmpty { histogram.positiveSpans = [.init(offset: offset, length: UInt32(histogram.positive.count))] }
        if !histogram.negative.isEmpty { histogram.negativeSpans = [.init(offset: negativeOffset, length: UInt32(histogram.negative.count))] }
    }

    private static func invalid(_ reason: String) -> SeriesDescription.Invalid { .init(description: reason) }

    /// The next item, spaces inside brackets included.
    private static func nextItem(_ rest: inout Substring) -> Substring? {
        rest = rest.drop { $0 == " " || $0 == "\t" }
        if rest.isEmpty { return nil }
        var isInside = false
        let end = rest.firstIndex { character in
            if character == "[" { isInside = true }
            if character == "]" { isInside = false }
            return !isInside && (character == " " || character == "\t")
        }
        let item = rest[..<(end ?? rest.endIndex)]
        rest = rest[item.endIndex...]
        return item
    }

    private static func number(_ text: Substring) throws(SeriesDescription.Invalid) -> Double {
        guard let value = GoFormat.number(String(text)) else { throw invalid("error parsing number: \(LabelName.quoted(String(text)))") }
        return value
    }

    private static func integer(_ text: Substring) throws(SeriesDescription.Invalid) -> Int32 {
        guard let value = Int32(text) else { throw invalid("error parsing number: \(LabelName.quoted(String(text)))") }
        return value
    }

    private static func numbers(_ text: Substring) throws(SeriesDescription.Invalid) -> [Double] {
        guard text.first == "[", text.last == "]" else { throw invalid("buckets must stand in brackets: \(text)") }
        var values: [Double] = []
        for item in text.dropFirst().dropLast().split(whereSeparator: { $0 == " " || $0 == "\t" }) { values.append(try number(item)) }
        return values
    }

    private static func counterReset(_ text: Substring) throws(SeriesDescription.Invalid) -> NativeHistogram.CounterReset {
        switch text {
        case "unknown": .unknown
        case "reset": .reset
        case "not_reset": .notReset
        case "gauge": .gauge
        default: throw invalid("bad histogram counter reset hint found: \(LabelName.quoted(String(text)))")
        }
    }
}

extension FloatHistogram {
    /// As scripts write it, for messages (`TestExpression`).
    var scriptText: String {
        let histogram = compacted()
        var parts: [String] = []
        func add(_ key: String, _ value: Double) { if value != 0 { parts.append("\(key):\(GoFormat.general(value))") } }
        if schema != 0 { parts.append("schema:\(schema)") }
        add("count", count)
        add("sum", sum)
        add("z_bucket", zeroCount)
        add("z_bucket_w", zeroThreshold)
        if hasCustomBuckets { parts.append("custom_values:[\(customValues.map(GoFormat.general).joined(separator: " "))]") }
        switch counterReset {
        case .unknown: break
        case .reset: parts.append("counter_reset_hint:reset")
        case .notReset: parts.append("counter_reset_hint:not_reset")
        case .gauge: parts.append("counter_reset_hint:gauge")
        }
        for (prefix, spans, counts) in [("", histogram.positiveSpans, histogram.positive), ("n_", histogram.negativeSpans, histogram.negative)] where !counts.isEmpty {
            var cells: [String] = []
            var next: Int?
            NativeHistogram.forEachBucket(spans) { index, place in
                if let next { cells += [String](repeating: "0", count: index - next) } else if index != 0 { parts.append("\(prefix)offset:\(index)") }
                next = index + 1
                cells.append(GoFormat.general(counts[place]))
            }
            parts.append("\(prefix)buckets:[\(cells.joined(separator: " "))]")
        }
        return "{{\(parts.joined(separator: " "))}}"
    }
}
