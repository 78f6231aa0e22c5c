import Bytes
import MetricModel

/// Reads a protobuf exposition, `io.prometheus.client.MetricFamily` messages each behind its length, entry by entry and in place.
///
/// For a series it gives bytes that name it and the numbers. A caller that has met the same bytes before knows the labels already; any
/// other caller asks `labels()`, which checks them. A histogram with native buckets is one entry; with classic buckets it is as many series
/// as the text format would have lines, and with both it is what the options ask for. Source: prometheus `model/textparse/protobufparse.go`.
///
/// SAFETY: the parser, and every span that it gave out, must not outlive the body it was made over.
package struct ProtobufExpositionParser {
    package typealias Span = UnsafeBufferPointer<UInt8>

    package struct Options: Sendable {
        /// Takes every histogram for a classic one, whatever native buckets it has.
        package var ignoresNativeHistograms = false
        /// Gives the classic buckets of a histogram also when it has native ones.
        package var keepsClassicHistograms = false
        /// Bytes that the names of all series may have together, written out one by one: a family's name and a metric's labels stand
        /// once in the body, and in every series that comes of them.
        package var keyBytesMax = 1 << 30
        package init() {}
    }

    package enum Entry: Sendable {
        /// A family with at least one metric: `family`, `kind`, `help`, `unit`.
        case family
        /// A sample: `key`, `value`, `timestamp`, `labels()`, `exemplars(at:)`.
        case series
        /// A native histogram: `key`, `histogram`, `timestamp`, `labels()`, `exemplars(at:)`.
        case histogram
    }

    package private(set) var family = Span(start: nil, count: 0)
    package private(set) var kind = MetricKind.unknown
    package private(set) var help = Span(start: nil, count: 0)
    package private(set) var unit = Span(start: nil, count: 0)

    /// The bytes that name the current series. They begin with a zero, as no name in a text exposition does.
    package private(set) var key: [UInt8] = [0]
    package private(set) var value = 0.0
    package private(set) var histogram: NativeHistogram?
    /// Milliseconds since the epoch, where the metric says them; 0 says nothing, as upstream.
    package private(set) var timestamp: Int64?

    /// What follows when the current entry has been given.
    private enum Step {
        case family, metric, simple, native
        /// Of a summary or a classic histogram: the count, the sum, then its quantiles or buckets.
        case field(Int)
    }

    /// What of a metric a series is; the last bytes of its key.
    private enum Role {
        case value, count, sum, native
        case bucket(Double), quantile(Double)
    }

    private static let metricTag = MessageTag.delimited(4)

    private let options: Options
    private var walker: MessageWalker
    private var step = Step.family
    private var familyEnd: UnsafePointer<UInt8>
    private var familyKeyLength = 1
    private var metricKeyLength = 1
    private var keyBytes = 0
    private var role = Role.value
    /// The field of a metric in which a family of this type has its values.
    private var valueTag: UInt64 = 0
    private var simple = ProtobufNumber()
    private var summary = ProtobufSummary()
    private var message = ProtobufHistogram()
    /// The current series' exemplar, as it stands.
    private var exemplar: Span?

    package init(_ body: Span, options: Options = Options()) {
        self.options = options
        walker = MessageWalker(body)
        familyEnd = walker.position
    }

    /// The next entry, or nil at the end of the exposition. After an error the parser is of no further use.
    package mutating func next() throws(MetricFormatError) -> Entry? {
        while true {
            switch step {
            case .family:
                guard walker.position < walker.end else { return nil }
                guard try readFamily() else { continue }
                step = .metric
                return .family
            case .metric: step = try readMetric() ? firstStep : .family
            case .simple:
                step = .metric
                (value, exemplar) = (simple.value, simple.exemplar)
                try name(.value)
                return .series
            case .native:
                step = options.keepsClassicHistograms && !message.buckets.isEmpty ? .field(0) : .metric
                do throws(ProtobufHistogram.Mismatch) { histogram = try message.native(isGauge: kind == .gaugehistogram) } catch {
                    throw walker.malformed("histogram \(LabelName.quoted(text(family))): \(error.reason)")
                }
                try name(.native)
                return .histogram
            case .field(let index):
                exemplar = nil
                let isLast = kind == .summary ? readSummaryField(index) : readHistogramField(index)
                step = isLast ? .metric : .field(index + 1)
                try name(role)
                return .series
            }
        }
    }

    private var firstStep: Step {
        switch kind {
        case .summary: .field(0)
        case .histogram, .gaugehistogram: message.isNative && !options.ignoresNativeHistograms ? .native : .field(0)
        default: .simple
        }
    }

    // MARK: - Families

    /// Reads what a family says but its metrics, behind which it may stand; whether it has any.
    private mutating func readFamily() throws(MetricFormatError) -> Bool {
        familyEnd = try walker.length(walker.end)
        let metrics = walker.position
        (family, help, unit) = (Span(start: nil, count: 0), Span(start: nil, count: 0), Span(start: nil, count: 0))
        var type: UInt64 = 0
        var hasMetrics = false
        while walker.position < familyEnd {
            switch try walker.tag(familyEnd) {
            case MessageTag.delimited(1): family = try walker.bytes(familyEnd)
            case MessageTag.delimited(2): help = try walker.bytes(familyEnd)
            case MessageTag.varint(3): type = try walker.varint(familyEnd)
            case Self.metricTag:
                walker.position = try walker.length(familyEnd)
                hasMetrics = true
            case MessageTag.delimited(5): unit = try walker.bytes(familyEnd)
            case let other: try walker.skip(other, familyEnd, knownThrough: 5)
            }
        }
        guard hasMetrics else { return false }
        walker.position = metrics
        guard !family.isEmpty, String(validating: family, as: UTF8.self) != nil else { throw walker.malformed("\(LabelName.quoted(text(family))) is not a metric name") }
        guard String(validating: help, as: UTF8.self) != nil else { throw walker.malformed("the help of metric \(LabelName.quoted(text(family))) is not UTF-8") }
        (kind, valueTag) = try kind(type)
        key.removeAll(keepingCapacity: true)
        key.append(0)
        var length = UInt64(family.count)
        while length >= 0x80 {
            key.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        key.append(UInt8(length))
        key.append(contentsOf: family)
        familyKeyLength = key.count
        metricKeyLength = key.count
        return true
    }

    private func kind(_ type: UInt64) throws(MetricFormatError) -> (MetricKind, UInt64) {
        switch type {
        case 0: (.counter, MessageTag.delimited(3))
        case 1: (.gauge, MessageTag.delimited(2))
        case 2: (.summary, MessageTag.delimited(4))
        case 3: (.unknown, MessageTag.delimited(5))
        case 4: (.histogram, MessageTag.delimited(7))
        case 5: (.gaugehistogram, MessageTag.delimited(7))
        default: throw walker.malformed("metric type \(type) of \(LabelName.quoted(text(family))) does not exist")
        }
    }

    // MARK: - Metrics

    /// Reads the family's next metric; false when there is none.
    private mutating func readMetric() throws(MetricFormatError) -> Bool {
        while walker.position < familyEnd {
            let tag = try walker.tag(familyEnd)
            guard tag == Self.metricTag else {
                try walker.skip(tag, familyEnd)
                continue
            }
            try readMetric(end: try walker.length(familyEnd))
            return true
        }
        return false
    }

    private mutating func readMetric(end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        key.removeSubrange(familyKeyLength...)
        timestamp = nil
        switch kind {
        case .summary: summary.reset()
        case .histogram, .gaugehistogram: message.reset()
        default: simple = ProtobufNumber()
        }
        while walker.position < end {
            let field = walker.position
            let tag = try walker.tag(end)
            switch tag {
            case MessageTag.delimited(1):
                walker.position = try walker.length(end)
                key.append(contentsOf: Span(start: field, count: walker.position - field))
            case valueTag:
                let stop = try walker.length(end)
                switch kind {
                case .summary: try summary.read(&walker, end: stop)
                case .histogram, .gaugehistogram: try message.read(&walker, end: stop)
                default: try simple.read(&walker, end: stop, hasExemplar: kind == .counter)
                }
            case MessageTag.varint(6):
                let millis = Int64(bitPattern: try walker.varint(end))
                timestamp = millis == 0 ? nil : millis
            // Values of another type than the family's are none of this metric's, as upstream.
            default: try walker.skip(tag, end)
            }
        }
        metricKeyLength = key.count
    }

    /// Sets `role` and `value` for a summary's field; whether it is the last.
    private mutating func readSummaryField(_ index: Int) -> Bool {
        switch index {
        case 0: (role, value) = (.count, Double(summary.sampleCount))
        case 1: (role, value) = (.sum, summary.sampleSum)
        default: (role, value) = (.quantile(summary.quantiles[index - 2].quantile), summary.quantiles[index - 2].value)
        }
        return index > 0 && index - 1 >= summary.quantiles.count
    }

    /// The same of a histogram's. The buckets end with the first that has no bound; it is added where there is none.
    private mutating func readHistogramField(_ index: Int) -> Bool {
        switch index {
        case 0: (role, value) = (.count, message.classicCount)
        case 1: (role, value) = (.sum, message.sampleSum)
        case let place where place - 2 < message.buckets.count:
            let bucket = message.buckets[place - 2]
            (role, value, exemplar) = (.bucket(bucket.upperBound), bucket.count, bucket.exemplar)
            return bucket.upperBound == .infinity
        default:
            (role, value) = (.bucket(.infinity), message.classicCount)
            return true
        }
        return false
    }

    /// Ends the key with what of the metric the series is.
    private mutating func name(_ role: Role) throws(MetricFormatError) {
        self.role = role
        key.removeSubrange(metricKeyLength...)
        // No label field begins with one of these bytes, so that no key is the beginning of another.
        switch role {
        case .value: key.append(0)
        case .count: key.append(1)
        case .sum: key.append(2)
        case .native: key.append(3)
        case .bucket(let bound): append(4, bound)
        case .quantile(let quantile): append(5, quantile)
        }
        keyBytes += key.count
        if keyBytes > options.keyBytesMax { throw walker.malformed("the names of all series have more than \(options.keyBytesMax) bytes together") }
    }

    private mutating func append(_ role: UInt8, _ number: Double) {
        key.append(role)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { key.append(contentsOf: $0) }
    }

    // MARK: - Labels

    /// The current series' labels, `__name__` first and then in the order written. Throws for labels without a name, named twice or not in UTF-8.
    package func labels() throws(MetricFormatError) -> ExpositionParser.LabelPairs {
        let suffix =
            switch role {
            case .value, .native, .quantile: ""
            case .count: "_count"
            case .sum: "_sum"
            case .bucket: "_bucket"
            }
        let fields = Array(key[familyKeyLength..<metricKeyLength])
        var pairs = try fields.withUnsafeBufferPointer { bytes throws(MetricFormatError) in try Self.labels(bytes, walker) }
        switch role {
        case .bucket(let bound): pairs.append((LabelName.bucketBound, Self.number(bound)))
        case .quantile(let quantile): pairs.append((LabelName.quantile, Self.number(quantile)))
        default: break
        }
        pairs.insert((LabelName.metric, text(family) + suffix), at: 0)
        var names: Set<String> = []
        for pair in pairs where !names.insert(pair.name).inserted { throw walker.malformed("label name \(LabelName.quoted(pair.name)) is not unique") }
        return pairs
    }

    /// `LabelPair` fields that follow one another; `place` is where errors are.
    private static func labels(_ fields: Span, _ place: MessageWalker) throws(MetricFormatError) -> ExpositionParser.LabelPairs {
        var pairs: ExpositionParser.LabelPairs = []
        var walker = MessageWalker(fields)
        while walker.position < walker.end {
            _ = try walker.tag(walker.end)
            let end = try walker.length(walker.end)
            var (name, value) = (Span(start: nil, count: 0), Span(start: nil, count: 0))
            while walker.position < end {
                switch try walker.tag(end) {
                case MessageTag.delimited(1): name = try walker.bytes(end)
                case MessageTag.delimited(2): value = try walker.bytes(end)
                case let other: try walker.skip(other, end, knownThrough: 2)
                }
            }
            guard !name.isEmpty, let label = String(validating: name, as: UTF8.self) else {
                throw place.malformed("invalid label name: \(LabelName.quoted(String(decoding: name, as: UTF8.self)))")
            }
            guard let text = String(validating: value, as: UTF8.self) else { throw place.malformed("the value of label \(LabelName.quoted(label)) is not UTF-8") }
            pairs.append((label, text))
        }
        return pairs
    }

    /// As OpenMetrics writes numbers.
    private static func number(_ value: Double) -> String {
        var out = ByteWriter(capacity: 32)
        ExpositionNumber.appendFloat(value, to: &out)
        return out.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func text(_ bytes: Span) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: - Exemplars

    /// Whether the current entry may have exemplars.
    package var hasExemplars: Bool {
        if case .native = role { return !message.exemplars.isEmpty || message.buckets.contains { $0.exemplar != nil } }
        return exemplar != nil
    }

    /// The current entry's exemplars in the order of their times. One of a series that does not say its time has that of its sample,
    /// `timestamp`; of a native histogram such a one is passed over, as upstream. A histogram that has none of its own has its classic buckets'.
    package func exemplars(at timestamp: Int64) throws(MetricFormatError) -> [Exemplar] {
        guard case .native = role else { return try exemplars(exemplar.map { [$0] } ?? [], at: timestamp) }
        let own = message.exemplars.isEmpty ? message.buckets.compactMap(\.exemplar) : message.exemplars
        return try exemplars(own, at: nil).sorted { ($0.timestamp, $0.value, $0.labels) < ($1.timestamp, $1.value, $1.labels) }
    }

    private func exemplars(_ messages: [Span], at timestamp: Int64?) throws(MetricFormatError) -> [Exemplar] {
        var exemplars: [Exemplar] = []
        for message in messages {
            var fields = MessageWalker(message)
            if let exemplar = try ProtobufExemplar(&fields, end: fields.end).exemplar(at: timestamp) { exemplars.append(exemplar) }
        }
        return exemplars
    }
}
