import MetricModel

/// What a `Metric` message says beside its data points. Slices point into the body.
struct MetricHeader {
    let name: UnsafeBufferPointer<UInt8>
    let description: UnsafeBufferPointer<UInt8>
    let unit: UnsafeBufferPointer<UInt8>
    let kind: MetricNamer.Kind
    /// `Gauge`, `Sum`, …: its field 1 are the data points.
    let data: MessageReader
    let pointCount: Int
    /// Why none of its data points can be kept.
    let refusal: String?

    private enum Temporality { static let delta: UInt64 = 1, cumulative: UInt64 = 2 }

    var nameText: String { String(decoding: name, as: UTF8.self) }

    var promKind: MetricKind {
        switch kind {
        case .gauge, .nonMonotonicSum: .gauge
        case .monotonicSum: .counter
        case .histogram, .exponentialHistogram: .histogram
        case .summary: .summary
        case .unknown: .unknown
        }
    }

    /// Nil for a metric without data.
    init?(_ message: MessageReader) throws(OTLPError) {
        let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var (name, description, unit) = (nothing, nothing, nothing)
        var kind = MetricNamer.Kind.unknown
        var data: MessageReader?
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.bytes()
            case 2: description = try reader.bytes()
            case 3: unit = try reader.bytes()
            case 5: (kind, data) = (.gauge, try reader.message("Gauge"))
            case 7: (kind, data) = (.nonMonotonicSum, try reader.message("Sum"))
            case 9: (kind, data) = (.histogram, try reader.message("Histogram"))
            case 10: (kind, data) = (.exponentialHistogram, try reader.message("ExponentialHistogram"))
            case 11: (kind, data) = (.summary, try reader.message("Summary"))
            default: try reader.skip()
            }
        }
        guard let data else { return nil }

        var temporality: UInt64 = 0
        var pointCount = 0
        reader = data
        while let field = try reader.next() {
            switch (field, kind) {
            case (1, _):
                pointCount += 1
                try reader.skip()
            case (2, .nonMonotonicSum), (2, .monotonicSum), (2, .histogram), (2, .exponentialHistogram): temporality = try reader.varint()
            case (3, .nonMonotonicSum), (3, .monotonicSum): kind = try reader.varint() != 0 ? .monotonicSum : .nonMonotonicSum
            default: try reader.skip()
            }
        }

        refusal = switch (kind, temporality) {
        case (.gauge, _), (.summary, _), (.unknown, _), (_, Temporality.cumulative): nil
        case (_, Temporality.delta): "delta temporality is not supported; send cumulative data points"
        default: "its aggregation temporality is not specified; send cumulative data points"
        }
        (self.name, self.description, self.unit, self.kind, self.data, self.pointCount) = (name, description, unit, kind, data, pointCount)
    }
}
