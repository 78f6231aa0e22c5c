import MetricModel

/// Walks a `WriteRequest` with one pointer for all its levels, so that every error can name its place in the body.
struct RemoteWriteDecoder {
    private(set) var series: [SampleBatch.Series] = []
    private(set) var timestamps: [Int64] = []
    private(set) var values: [Double] = []
    private(set) var metadata: [(metric: String, MetricMetadata)] = []
    private(set) var histograms: [SampleBatch.HistogramRow] = []
    private(set) var exemplars: [SampleBatch.ExemplarRow] = []
    /// Keys whose label fields do not follow one another in the body, put together; they are to follow it in the arena.
    private(set) var scatteredKeys: [UInt8] = []

    private let bodyCount: Int

    /// The smallest series that clients send in practice, for the first size of the columns.
    private static let seriesBytesTypical = 96

    init(bodyCount: Int) {
        self.bodyCount = bodyCount
        let expected = bodyCount / Self.seriesBytesTypical + 1
        series.reserveCapacity(expected)
        timestamps.reserveCapacity(expected)
        values.reserveCapacity(expected)
    }

    mutating func decode(_ body: UnsafeBufferPointer<UInt8>) throws(MetricFormatError) {
        var fields = MessageWalker(body)
        let end = fields.end
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.delimited(1): try decodeSeries(&fields, end: try fields.length(end))
            case MessageTag.delimited(3): try decodeMetadata(&fields, end: try fields.length(end))
            case let other: try fields.skip(other, end)
            }
        }
    }

    private mutating func decodeSeries(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        let start = fields.position
        var keyStart = start
        var keyEnd = start
        var isScattered = false
        let firstSample = values.count
        let firstHistogram = histograms.count
        let firstExemplar = exemplars.count
        var isOrdered = true
        while fields.position < end {
            let at = fields.position
            if let label = fields.plainLabel(end) {
                if keyStart == keyEnd { keyStart = at } else if keyEnd != at { isScattered = true }
                fields.position = label
                keyEnd = label
                continue
            }
            switch try fields.tag(end) {
            case MessageTag.delimited(1):
                try checkLabel(&fields, end: try fields.length(end))
                if keyStart == keyEnd { keyStart = at } else if keyEnd != at { isScattered = true }
                keyEnd = fields.position
            case MessageTag.delimited(2):
                let sample = try decodeSample(&fields, end: try fields.length(end))
                if values.count > firstSample, timestamps[timestamps.count - 1] > sample.timestamp { isOrdered = false }
                timestamps.append(sample.timestamp)
                values.append(sample.value)
            case MessageTag.delimited(3):
                let exemplar = try decodeExemplar(&fields, end: try fields.length(end))
                exemplars.append(SampleBatch.ExemplarRow(series: series.count, exemplar: exemplar))
            case MessageTag.delimited(4):
                try decodeHistogram(&fields, end: try fields.length(end))
            case let other: try fields.skip(other, end)
            }
        }
        guard values.count > firstSample || histograms.count > firstHistogram || exemplars.count > firstExemplar else { return }
        if !isOrdered { sortSamples(from: firstSample) }
        if histograms.count > firstHistogram + 1 { histograms[firstHistogram...].sort { $0.timestamp < $1.timestamp } }
        let offset = isScattered ? try gatherKey(&fields, start..<end) : keyStart - fields.start
        let length = isScattered ? bodyCount + scatteredKeys.count - offset : keyEnd - keyStart
        series.append(SampleBatch.Series(keyOffset: offset, keyLength: length, keyEncoding: .protobuf, samples: firstSample..<values.count))
    }

    /// Copies the label fields of a series behind one another; its offset in the arena to be.
    private mutating func gatherKey(
        _ fields: inout MessageWalker, _ message: Range<UnsafePointer<UInt8>>
    ) throws(MetricFormatError) -> Int {
        let offset = bodyCount + scatteredKeys.count
        fields.position = message.lowerBound
        while fields.position < message.upperBound {
            let at = fields.position
            let tag = try fields.tag(message.upperBound)
            try fields.skip(tag, message.upperBound)
            if tag == MessageTag.delimited(1) { scatteredKeys.append(contentsOf: UnsafeBufferPointer(start: at, count: fields.position - at)) }
        }
        return offset
    }

    mutating func add(_ row: SampleBatch.HistogramRow) { histograms.append(row) }

    private mutating func sortSamples(from first: Int) {
        let sorted = (first..<values.count).map { (timestamps[$0], values[$0]) }.sorted { $0.0 < $1.0 }
        for (index, sample) in sorted.enumerated() {
            timestamps[first + index] = sample.0
            values[first + index] = sample.1
        }
    }

    /// Checks that a label is a message, so that whoever reads the key later need not expect a broken one.
    @inline(__always)
    private func checkLabel(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        while fields.position < end { try fields.skip(try fields.tag(end), end) }
    }

    @inline(__always)
    private func decodeSample(
        _ fields: inout MessageWalker, end: UnsafePointer<UInt8>
    ) throws(MetricFormatError) -> (timestamp: Int64, value: Double) {
        var value = 0.0
        var timestamp: Int64 = 0
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.fixed64(1): value = Double(bitPattern: try fields.fixed64(end))
            case MessageTag.varint(2): timestamp = Int64(bitPattern: try fields.varint(end))
            case let other: try fields.skip(other, end)
            }
        }
        return (timestamp, value)
    }

    private mutating func decodeMetadata(_ fields: inout MessageWalker, end: UnsafePointer<UInt8>) throws(MetricFormatError) {
        var kind = MetricKind.unknown
        var name = ""
        var help = ""
        var unit = ""
        while fields.position < end {
            switch try fields.tag(end) {
            case MessageTag.varint(1): kind = Self.kind(try fields.varint(end))
            case MessageTag.delimited(2): name = try fields.string(end)
            case MessageTag.delimited(4): help = try fields.string(end)
            case MessageTag.delimited(5): unit = try fields.string(end)
            case let other: try fields.skip(other, end)
            }
        }
        if !name.isEmpty { metadata.append((name, MetricMetadata(kind: kind, unit: unit, help: help))) }
    }

    /// `MetricMetadata.MetricType` of types.proto; numbers of a later version are unknown.
    private static func kind(_ number: UInt64) -> MetricKind {
        switch number {
        case 1: .counter
        case 2: .gauge
        case 3: .histogram
        case 4: .gaugehistogram
        case 5: .summary
        case 6: .info
        case 7: .stateset
        default: .unknown
        }
    }
}
