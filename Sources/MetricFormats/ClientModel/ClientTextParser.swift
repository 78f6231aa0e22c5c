import MetricModel

/// Reads a text exposition into families, the way a push gateway does: whole histograms and summaries, a line feed at the end of
/// every line, legacy names, and errors in the words of the reference library.
///
/// Scraping reads with `ExpositionParser`; the two differ in what they let pass. Source: prometheus/common `expfmt/text_parse.go`.
package struct ClientTextParser {
    /// Labels that one line may have.
    private static let labelsMax = 256

    /// Families with at least one metric, in the order in which they first appear. More than `metricsMax` metrics are an error.
    package static func parse(_ body: [UInt8], metricsMax: Int = .max) throws(MetricFormatError) -> [ClientMetricFamily] {
        var parser = ClientTextParser(body)
        parser.metricsLeft = metricsMax
        try parser.readLines()
        return parser.families.filter { !$0.metrics.isEmpty }
    }

    /// What a line's name says of it beside its family.
    private enum Part { case whole, count, sum }

    /// Where a histogram's or summary's lines are gathered.
    private struct Signature: Hashable {
        let family: Int
        let labels: Set<ClientMetricFamily.Label>
    }

    private let bytes: [UInt8]
    private var p = 0
    private var line = 0
    private var families: [ClientMetricFamily] = []
    private var hasKind: [Bool] = []
    private var hasHelp: [Bool] = []
    private var indexes: [String: Int] = [:]
    private var gathered: [Signature: Int] = [:]
    private var metricsLeft = Int.max

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func malformed(_ reason: String) -> MetricFormatError { .malformedText(line: line, offset: p, reason: reason) }

    // MARK: - Lines

    private mutating func readLines() throws(MetricFormatError) {
        while true {
            line += 1
            skipBlanks()
            guard p < bytes.count else { return }
            switch bytes[p] {
            case UInt8(ascii: "#"):
                p += 1
                try readComment()
            case UInt8(ascii: "\n"): p += 1
            default: try readSample()
            }
        }
    }

    private mutating func skipBlanks() { while p < bytes.count, bytes[p] == 0x20 || bytes[p] == 0x09 { p += 1 } }

    /// The byte at the current position; a line that stops short of it is an error.
    private func current() throws(MetricFormatError) -> UInt8 {
        guard p < bytes.count else { throw malformed("unexpected end of input stream") }
        return bytes[p]
    }

    private mutating func skipped() throws(MetricFormatError) -> UInt8 {
        skipBlanks()
        return try current()
    }

    private mutating func takeLineEnd() -> Bool {
        guard p < bytes.count, bytes[p] == 0x0A else { return false }
        p += 1
        return true
    }

    private mutating func readComment() throws(MetricFormatError) {
        _ = try skipped()
        if takeLineEnd() { return }
        let keyword = try readToken()
        if takeLineEnd() { return }
        guard keyword == "HELP" || keyword == "TYPE" else {
            while try current() != 0x0A { p += 1 }
            p += 1
            return
        }
        _ = try skipped()
        let name = try readName(isMetric: true)
        if takeLineEnd() { return }
        let after = try current()
        guard after == 0x20 || after == 0x09 else { throw malformed("invalid metric name in comment") }
        let (family, _) = try family(named: name)
        _ = try skipped()
        if takeLineEnd() { return }
        if keyword == "HELP" { try readHelp(family) } else { try readKind(family) }
    }

    private mutating func readHelp(_ family: Int) throws(MetricFormatError) {
        if hasHelp[family] { throw malformed("second HELP line for metric name \(LabelName.quoted(families[family].name))") }
        families[family].help = try readRest(unescapes: true)
        hasHelp[family] = true
    }

    private mutating func readKind(_ family: Int) throws(MetricFormatError) {
        if hasKind[family] { throw malformed("second TYPE line for metric name \(LabelName.quoted(families[family].name)), or TYPE reported after samples") }
        let at = p
        let word = try readRest(unescapes: false)
        switch word.uppercased() {
        case "COUNTER": families[family].kind = .counter
        case "GAUGE": families[family].kind = .gauge
        case "SUMMARY": families[family].kind = .summary
        case "UNTYPED": families[family].kind = .untyped
        case "HISTOGRAM": families[family].kind = .histogram
        case "GAUGE_HISTOGRAM", "GAUGEHISTOGRAM": families[family].kind = .gaugeHistogram
        default:
            p = at
            throw malformed("unknown metric type \(LabelName.quoted(word))")
        }
        hasKind[family] = true
    }

    // MARK: - Samples

    private mutating func readSample() throws(MetricFormatError) {
        var line = SampleLine()
        if bytes[p] != UInt8(ascii: "{") {
            let name = try readName(isMetric: true)
            if name.isEmpty { throw malformed("invalid metric name") }
            try enter(name, &line)
            _ = try skipped()
        } else {
            line.isNameInside = true
        }
        if try current() == UInt8(ascii: "{") {
            p += 1
            try readLabels(&line)
        }
        guard let family = line.family else { throw malformed("invalid metric name") }
        _ = try current()
        let text = try readToken()
        guard let value = DecimalParser.parse(text) else { throw malformed("expected float as value, got \(LabelName.quoted(text))") }
        let metric = try slot(family, line)
        try store(value, family, metric, line)
        if takeLineEnd() { return }
        try readTimestamp(family, metric)
    }

    private struct SampleLine {
        var family: Int?
        var part = Part.whole
        var labels: [ClientMetricFamily.Label] = []
        /// The number in `quantile` of a summary or `le` of a histogram.
        var bound = Double.nan
        var isNameInside = false
        /// The value read last, for messages.
        var lastValue = ""
    }

    private mutating func enter(_ name: String, _ line: inout SampleLine) throws(MetricFormatError) {
        let (family, part) = try family(named: name)
        hasKind[family] = true
        line.family = family
        line.part = part
    }

    private mutating func readLabels(_ line: inout SampleLine) throws(MetricFormatError) {
        while true {
            if try skipped() == UInt8(ascii: "}") {
                p += 1
                if line.family == nil { throw malformed("invalid metric name") }
                _ = try skipped()
                return
            }
            let name = try readName(isMetric: false)
            let shownFamily = LabelName.quoted(line.family.map { families[$0].name } ?? "")
            if name.isEmpty { throw malformed("invalid label name for metric \(shownFamily)") }
            let after = try skipped()
            if after != UInt8(ascii: "=") {
                guard line.isNameInside else { throw malformed("expected '=' after label name, found \(Self.quoted(after))") }
                if line.family != nil { throw malformed("multiple metric names for metric \(shownFamily)") }
                guard after == UInt8(ascii: ",") || after == UInt8(ascii: "}") else { throw malformed("unexpected end of metric name \(Self.quoted(after))") }
                try enter(name, &line)
                if after == UInt8(ascii: ",") { p += 1 }
                continue
            }
            p += 1
            if name == LabelName.metric { throw malformed("label name \"__name__\" is reserved") }
            if !LabelName.isLegacy(name) { throw malformed("invalid label name \(LabelName.quoted(name))") }
            try readLabelValue(name, &line)
            switch try skipped() {
            case UInt8(ascii: ","): p += 1
            case UInt8(ascii: "}"): break
            default: throw malformed("unexpected end of label value \(LabelName.quoted(line.lastValue))")
            }
        }
    }

    private mutating func readLabelValue(_ name: String, _ line: inout SampleLine) throws(MetricFormatError) {
        let kind = line.family.map { families[$0].kind }
        let isBound = (kind == .summary && name == LabelName.quantile) || ((kind == .histogram || kind == .gaugeHistogram) && name == LabelName.bucketBound)
        if !isBound, line.labels.contains(where: { $0.name == name }) {
            throw malformed("duplicate label names for metric \(LabelName.quoted(line.family.map { families[$0].name } ?? ""))")
        }
        let first = try skipped()
        guard first == UInt8(ascii: "\"") else { throw malformed("expected '\"' at start of label value, found \(Self.quoted(first))") }
        p += 1
        let value = try readQuotedValue()
        line.lastValue = value
        guard line.labels.count < Self.labelsMax else { throw malformed("more than \(Self.labelsMax) labels") }
        guard isBound else { return line.labels.append(ClientMetricFamily.Label(name, value)) }
        guard let number = DecimalParser.parse(value) else { throw malformed("expected float as value for '\(name)' label, got \(LabelName.quoted(value))") }
        line.bound = number
    }

    /// The metric that a line belongs to; a new one unless it is a further line of a histogram or summary.
    private mutating func slot(_ family: Int, _ line: SampleLine) throws(MetricFormatError) -> Int {
        let kind = families[family].kind
        let isGathered = kind == .summary || kind == .histogram || kind == .gaugeHistogram
        let signature = Signature(family: family, labels: isGathered ? Set(line.labels) : [])
        if isGathered, let known = gathered[signature] { return known }
        guard metricsLeft > 0 else { throw malformed("more metrics than are taken at once") }
        metricsLeft -= 1
        var metric = ClientMetricFamily.Metric(labels: line.labels)
        if kind == .summary { metric.value = .summary(.init()) } else if isGathered { metric.value = .histogram(.init()) }
        families[family].metrics.append(metric)
        let index = families[family].metrics.count - 1
        if isGathered { gathered[signature] = index }
        return index
    }

    private mutating func store(_ value: Double, _ family: Int, _ metric: Int, _ line: SampleLine) throws(MetricFormatError) {
        let name = families[family].name
        switch families[family].kind {
        case .counter: families[family].metrics[metric].value = .counter(value)
        case .gauge: families[family].metrics[metric].value = .gauge(value)
        case .untyped: families[family].metrics[metric].value = .untyped(value)
        case .summary:
            guard case .summary(var summary)? = families[family].metrics[metric].value else { return }
            switch line.part {
            case .count: summary.sampleCount = value >= 0 && value < 0x1p64 ? UInt64(value) : 0
            case .sum: summary.sampleSum = value
            case .whole: if !line.bound.isNaN { summary.quantiles.append(.init(quantile: line.bound, value: value)) }
            }
            families[family].metrics[metric].value = .summary(summary)
        case .histogram, .gaugeHistogram:
            guard case .histogram(var histogram)? = families[family].metrics[metric].value else { return }
            let isWhole = value >= 0 && value < 0x1p64 && value == value.rounded()
            switch line.part {
            case .count:
                if value < 0 { throw malformed("negative count for histogram \(LabelName.quoted(name))") }
                histogram.sampleCount = value
                if !isWhole { histogram.hasFloatCounts = true }
            case .sum: histogram.sampleSum = value
            case .whole where !line.bound.isNaN:
                if value < 0 { throw malformed("negative bucket population for histogram \(LabelName.quoted(name))") }
                histogram.buckets.append(.init(upperBound: line.bound, cumulativeCount: value))
                if !isWhole { histogram.hasFloatCounts = true }
            case .whole: break
            }
            families[family].metrics[metric].value = .histogram(histogram)
        }
    }

    private mutating func readTimestamp(_ family: Int, _ metric: Int) throws(MetricFormatError) {
        _ = try skipped()
        let text = try readToken()
        guard let timestamp = Int64(text) else { throw malformed("expected integer as timestamp, got \(LabelName.quoted(text))") }
        families[family].metrics[metric].timestampMillis = timestamp
        let rest = try readRest(unescapes: false)
        if !rest.isEmpty { throw malformed("spurious string after timestamp: \(LabelName.quoted(rest))") }
    }

    // MARK: - Families

    /// The family of a name, made where there is none; a histogram's or summary's further names belong to it.
    private mutating func family(named name: String) throws(MetricFormatError) -> (Int, Part) {
        guard MetricName.isLegacy(name) else { throw malformed("invalid metric name \(LabelName.quoted(name))") }
        if let index = indexes[name] { return (index, .whole) }
        for (suffix, part) in [("_count", Part.count), ("_sum", .sum), ("_bucket", .whole)] where name.hasSuffix(suffix) && name.count > suffix.count {
            guard let index = indexes[String(name.dropLast(suffix.count))] else { continue }
            switch families[index].kind {
            case .summary where suffix != "_bucket", .histogram, .gaugeHistogram: return (index, part)
            default: break
            }
        }
        indexes[name] = families.count
        families.append(ClientMetricFamily(name: name, kind: .untyped))
        hasKind.append(false)
        hasHelp.append(false)
        return (families.count - 1, .whole)
    }

    // MARK: - Tokens

    private mutating func readToken() throws(MetricFormatError) -> String {
        let from = p
        while try current() != 0x20, try current() != 0x09, try current() != 0x0A { p += 1 }
        return String(decoding: bytes[from..<p], as: UTF8.self)
    }

    /// The rest of the line, its end taken.
    private mutating func readRest(unescapes: Bool) throws(MetricFormatError) -> String {
        var text: [UInt8] = []
        while try current() != 0x0A {
            if unescapes, bytes[p] == UInt8(ascii: "\\") { try readEscape(&text) } else {
                text.append(bytes[p])
                p += 1
            }
        }
        p += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func readEscape(_ text: inout [UInt8]) throws(MetricFormatError) {
        p += 1
        switch try current() {
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case let other: throw malformed("invalid escape sequence '\\\(Character(Unicode.Scalar(other)))'")
        }
        p += 1
    }

    /// A metric's or a label's name, bare or in quotes; empty where none begins.
    private mutating func readName(isMetric: Bool) throws(MetricFormatError) -> String {
        var text: [UInt8] = []
        if try current() == UInt8(ascii: "\"") {
            p += 1
            while try current() != UInt8(ascii: "\"") {
                switch bytes[p] {
                case 0x0A: throw malformed("\(isMetric ? "metric" : "label") name \(LabelName.quoted(String(decoding: text, as: UTF8.self))) contains unescaped new-line")
                case UInt8(ascii: "\\"): try readEscape(&text)
                default:
                    text.append(bytes[p])
                    p += 1
                }
            }
            p += 1
            return String(decoding: text, as: UTF8.self)
        }
        while true {
            let byte = try current()
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "_": break
            case "0"..."9" where !text.isEmpty: break
            case ":" where isMetric: break
            default: return String(decoding: text, as: UTF8.self)
            }
            text.append(byte)
            p += 1
        }
    }

    private mutating func readQuotedValue() throws(MetricFormatError) -> String {
        var text: [UInt8] = []
        while try current() != UInt8(ascii: "\"") {
            switch bytes[p] {
            case 0x0A: throw malformed("label value \(LabelName.quoted(String(decoding: text, as: UTF8.self))) contains unescaped new-line")
            case UInt8(ascii: "\\"): try readEscape(&text)
            default:
                text.append(bytes[p])
                p += 1
            }
        }
        p += 1
        guard let value = String(validating: text, as: UTF8.self) else { throw malformed("invalid label value \(LabelName.quoted(String(decoding: text, as: UTF8.self)))") }
        return value
    }

    /// A byte as Go prints a quoted character.
    private static func quoted(_ byte: UInt8) -> String {
        switch byte {
        case 0x0A: "'\\n'"
        case 0x0D: "'\\r'"
        case UInt8(ascii: "'"): "'\\''"
        case UInt8(ascii: "\\"): "'\\\\'"
        default: "'\(Character(Unicode.Scalar(byte)))'"
        }
    }
}
