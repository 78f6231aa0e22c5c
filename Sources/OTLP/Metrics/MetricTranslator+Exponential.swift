import MetricModel

/// Exponential histograms become native ones (prometheusremotewrite `histograms.go`).
extension MetricTranslator {
    /// Half the width of the zero bucket; what the data point says of it is not looked at, as upstream.
    private static let zeroThreshold = 1e-128
    /// What a histogram takes in memory beside its buckets.
    private static let histogramBytes = 192

    /// The buckets of one side of zero as they come, and as they are kept.
    struct ExponentialBuckets {
        var offset: Int32 = 0
        var counts: [UInt64] = []
        /// The indices of the buckets that are not empty, rising, and their counts.
        private(set) var indices: [Int] = []
        private(set) var kept: [Int64] = []

        mutating func reset() {
            offset = 0
            counts.removeAll(keepingCapacity: true)
        }

        /// Makes `2^shift` neighbours one; false when an index or a count is out of range. Index 0 lies above 1 here, and below it in a native histogram.
        mutating func keep(shift: Int) -> Bool {
            indices.removeAll(keepingCapacity: true)
            kept.removeAll(keepingCapacity: true)
            for (place, count) in counts.enumerated() where count > 0 {
                let index = (Int(offset) + place) >> shift + 1
                guard Int32(exactly: index) != nil, let count = Int64(exactly: count) else { return false }
                if indices.last == index {
                    kept[kept.count - 1] &+= count
                } else {
                    indices.append(index)
                    kept.append(count)
                }
            }
            return true
        }
    }

    enum ExponentialOutcome {
        case taken
        /// An attribute's key cannot become a label name.
        case unnamed
        case refused(String)
    }

    mutating func exponentialPoint(_ message: MessageReader) throws(OTLPError) -> ExponentialOutcome {
        var time: UInt64 = 0
        var count: UInt64 = 0
        var zeroCount: UInt64 = 0
        var sum = 0.0
        var scale: Int32 = 0
        var flags: UInt32 = 0
        positiveBuckets.reset()
        negativeBuckets.reset()
        pointExemplars.removeAll(keepingCapacity: true)
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 1: guard try attribute(reader.message("KeyValue")) else { return .unnamed }
            case 3: time = try reader.fixed64()
            case 4: count = try reader.fixed64()
            case 5: sum = try reader.double()
            case 6: scale = try reader.sint32()
            case 7: zeroCount = try reader.fixed64()
            case 8: try Self.buckets(try reader.bytes(), memoryMax, into: &positiveBuckets)
            case 9: try Self.buckets(try reader.bytes(), memoryMax, into: &negativeBuckets)
            case 10: flags = try reader.uint32()
            case 11: try exemplar(reader.message("Exemplar"))
            default: try reader.skip()
            }
        }
        labels.endPoint()
        let timestamp = Self.millis(time)
        if flags & Self.noRecordedValue != 0 {
            try append(histogram: .staleMarker(isFloat: false), timestamp)
        } else {
            let schemas = NativeHistogram.exponentialSchemas
            guard scale >= schemas.lowerBound else { return .refused("its scale is \(scale), and the lowest that a native histogram can have is \(schemas.lowerBound)") }
            let shift = Int(max(0, scale - schemas.upperBound))
            guard positiveBuckets.keep(shift: shift), negativeBuckets.keep(shift: shift) else { return .refused("the index or the count of a bucket is out of range") }
            try common.charge(Self.histogramBytes + (positiveBuckets.kept.count + negativeBuckets.kept.count) * 16)
            let histogram = NativeHistogram(
                schema: min(scale, schemas.upperBound), zeroThreshold: Self.zeroThreshold, sum: sum, positiveSpans: NativeHistogram.spans(of: positiveBuckets.indices),
                negativeSpans: NativeHistogram.spans(of: negativeBuckets.indices),
                counts: .integer(.init(count: count, zeroCount: zeroCount, positive: positiveBuckets.kept, negative: negativeBuckets.kept)))
            do throws(NativeHistogramError) { try histogram.validate() } catch { return .refused("\(error)") }
            try append(histogram: histogram, timestamp)
        }
        for exemplar in pointExemplars { attach(exemplar, to: lastSeries) }
        return .taken
    }

    private static func buckets(_ message: UnsafeBufferPointer<UInt8>, _ memoryMax: Int, into buckets: inout ExponentialBuckets) throws(OTLPError) {
        // An empty bucket takes a byte there and twenty-four here, until the next histogram comes.
        guard message.count <= memoryMax / 24 else { throw .tooLarge(limit: memoryMax) }
        var reader = MessageReader(message, "Buckets")
        while let field = try reader.next() {
            switch field {
            case 1: buckets.offset = try reader.sint32()
            case 2: try reader.packedVarint { buckets.counts.append($0) }
            default: try reader.skip()
            }
        }
    }
}
