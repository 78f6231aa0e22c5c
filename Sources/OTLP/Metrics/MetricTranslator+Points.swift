import Bytes
import MetricModel

/// Data points. Each method adds the series of one and is false when an attribute's key cannot become a label name.
extension MetricTranslator {
    static let noRecordedValue: UInt32 = 1

    mutating func numberPoint(_ message: MessageReader, keepsExemplars: Bool) throws(OTLPError) -> Bool {
        var time: UInt64 = 0
        var value = 0.0
        var flags: UInt32 = 0
        pointExemplars.removeAll(keepingCapacity: true)
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 3: time = try reader.fixed64()
            case 4: value = try reader.double()
            case 5 where keepsExemplars: try exemplar(reader.message("Exemplar"))
            case 6: value = Double(Int64(bitPattern: try reader.fixed64()))
            case 7: guard try attribute(reader.message("KeyValue")) else { return false }
            case 8: flags = try reader.uint32()
            default: try reader.skip()
            }
        }
        labels.endPoint()
        try append("", .none, Self.millis(time), flags & Self.noRecordedValue != 0 ? Staleness.marker : value)
        for exemplar in pointExemplars { attach(exemplar, to: lastSeries) }
        return true
    }

    mutating func histogramPoint(_ message: MessageReader) throws(OTLPError) -> Bool {
        var time: UInt64 = 0
        var count: UInt64 = 0
        var sum: Double?
        var flags: UInt32 = 0
        bucketCounts.removeAll(keepingCapacity: true)
        boundBits.removeAll(keepingCapacity: true)
        pointExemplars.removeAll(keepingCapacity: true)
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 3: time = try reader.fixed64()
            case 4: count = try reader.fixed64()
            case 5: sum = try reader.double()
            case 6: try reader.packedFixed64 { bucketCounts.append($0) }
            case 7: try reader.packedFixed64 { boundBits.append($0) }
            case 8: try exemplar(reader.message("Exemplar"))
            case 9: guard try attribute(reader.message("KeyValue")) else { return false }
            case 10: flags = try reader.uint32()
            default: try reader.skip()
            }
        }
        labels.endPoint()
        formatBounds()

        let isStale = flags & Self.noRecordedValue != 0
        func sample(_ value: Double) -> Double { isStale ? Staleness.marker : value }
        let timestamp = Self.millis(time)
        if let sum { try append("_sum", .none, timestamp, sample(sum)) }
        try append("_count", .none, timestamp, sample(Double(count)))
        var cumulative: UInt64 = 0
        let firstBucket = lastSeries + 1
        for index in 0..<min(boundBits.count, bucketCounts.count) {
            cumulative &+= bucketCounts[index]
            try append(bound: index, timestamp, sample(Double(cumulative)))
        }
        let infinity: StaticString = "+Inf"
        try append("_bucket", .bound(UnsafeBufferPointer(start: infinity.utf8Start, count: infinity.utf8CodeUnitCount)), timestamp, sample(Double(count)))
        if !pointExemplars.isEmpty { attachExemplars(firstBucket: firstBucket) }
        return true
    }

    mutating func summaryPoint(_ message: MessageReader) throws(OTLPError) -> Bool {
        var time: UInt64 = 0
        var count: UInt64 = 0
        var sum = 0.0
        var flags: UInt32 = 0
        quantiles.removeAll(keepingCapacity: true)
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 3: time = try reader.fixed64()
            case 4: count = try reader.fixed64()
            case 5: sum = try reader.double()
            case 6: quantiles.append(try quantile(reader.message("ValueAtQuantile")))
            case 7: guard try attribute(reader.message("KeyValue")) else { return false }
            case 8: flags = try reader.uint32()
            default: try reader.skip()
            }
        }
        labels.endPoint()

        let isStale = flags & Self.noRecordedValue != 0
        func sample(_ value: Double) -> Double { isStale ? Staleness.marker : value }
        let timestamp = Self.millis(time)
        try append("_sum", .none, timestamp, sample(sum))
        try append("_count", .none, timestamp, sample(Double(count)))
        for index in quantiles.indices {
            let text = Array(FloatText.fixed(quantiles[index].quantile).utf8)
            let value = sample(quantiles[index].value)
            try text.withUnsafeBufferPointer { (text) throws(OTLPError) in try append("", .quantile(text), timestamp, value) }
        }
        return true
    }

    private func quantile(_ message: MessageReader) throws(OTLPError) -> (quantile: Double, value: Double) {
        var result = (quantile: 0.0, value: 0.0)
        var reader = message
        while let field = try reader.next() {
            switch field {
            case 1: result.quantile = try reader.double()
            case 2: result.value = try reader.double()
            default: try reader.skip()
            }
        }
        return result
    }

    /// Spells the bounds out. Most histograms of a body share theirs with the one before, which then costs a comparison.
    private mutating func formatBounds() {
        guard boundBits != formattedBoundBits else { return }
        formattedBoundBits = boundBits
        formattedBounds.removeAll()
        formattedBoundEnds.removeAll(keepingCapacity: true)
        for bits in boundBits {
            formattedBounds.append(utf8: FloatText.fixed(Double(bitPattern: bits)))
            formattedBoundEnds.append(formattedBounds.count)
        }
    }

    private mutating func append(bound index: Int, _ timestamp: Int64, _ value: Double) throws(OTLPError) {
        let start = index == 0 ? 0 : formattedBoundEnds[index - 1]
        // SAFETY: the range was written by `formatBounds`, and appending a series does not touch the buffer.
        let bound = UnsafeBufferPointer(start: UnsafePointer(formattedBounds.base) + start, count: formattedBoundEnds[index] - start)
        try append("_bucket", .bound(bound), timestamp, value)
    }
}
