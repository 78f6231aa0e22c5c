import Bytes
import TraceModel

/// Writes the messages of opentelemetry/proto/metrics/v1/metrics.proto.
extension ByteWriter {
    mutating func appendResourceMetrics(_ field: UInt32, _ resourceMetrics: ResourceMetrics) {
        appendMessage(field) { out in
            out.appendResource(1, resourceMetrics.resource)
            for scope in resourceMetrics.scopes {
                out.appendMessage(2) { out in
                    out.appendScope(1, scope.scope)
                    for metric in scope.metrics { out.appendMessage(2) { $0.appendMetric(metric) } }
                    out.appendNonEmpty(3, scope.schemaURL)
                }
            }
            out.appendNonEmpty(3, resourceMetrics.schemaURL)
        }
    }

    private mutating func appendMetric(_ metric: ResourceMetrics.Metric) {
        appendNonEmpty(1, metric.name)
        appendNonEmpty(2, metric.description)
        appendNonEmpty(3, metric.unit)
        switch metric.data {
        case .gauge(let points): appendMessage(5) { out in for point in points { out.appendNumberPoint(1, point) } }
        case .sum(let points, let isMonotonic, let temporality):
            appendMessage(7) { out in
                for point in points { out.appendNumberPoint(1, point) }
                out.appendField(2, varint: temporality.rawValue)
                if isMonotonic { out.appendField(3, varint: 1) }
            }
        case .histogram(let points, let temporality):
            appendMessage(9) { out in
                for point in points { out.appendHistogramPoint(1, point) }
                out.appendField(2, varint: temporality.rawValue)
            }
        case .exponentialHistogram(let points, let temporality):
            appendMessage(10) { out in
                for point in points { out.appendExponentialPoint(1, point) }
                out.appendField(2, varint: temporality.rawValue)
            }
        case .summary(let points): appendMessage(11) { out in for point in points { out.appendSummaryPoint(1, point) } }
        }
    }

    private mutating func appendPoint(_ point: ResourceMetrics.Point, attributes: UInt32, flags: UInt32) {
        appendNonZero(2, fixed64: point.startUnixNano)
        appendNonZero(3, fixed64: point.timeUnixNano)
        appendAttributes(attributes, point.attributes)
        if point.hasNoRecordedValue { appendField(flags, varint: 1) }
    }

    private mutating func appendNumberPoint(_ field: UInt32, _ point: ResourceMetrics.NumberPoint) {
        appendMessage(field) { out in
            out.appendPoint(point.point, attributes: 7, flags: 8)
            switch point.value {
            case .double(let value): out.appendField(4, double: value)
            case .int(let value): out.appendField(6, fixed64: UInt64(bitPattern: value))
            }
        }
    }

    private mutating func appendHistogramPoint(_ field: UInt32, _ point: ResourceMetrics.HistogramPoint) {
        appendMessage(field) { out in
            out.appendPoint(point.point, attributes: 9, flags: 10)
            out.appendNonZero(4, fixed64: point.count)
            if let sum = point.sum { out.appendField(5, double: sum) }
            out.appendPacked(6, point.bucketCounts)
            out.appendPacked(7, point.bounds.map(\.bitPattern))
        }
    }

    private mutating func appendExponentialPoint(_ field: UInt32, _ point: ResourceMetrics.ExponentialHistogramPoint) {
        appendMessage(field) { out in
            out.appendPoint(point.point, attributes: 1, flags: 10)
            out.appendNonZero(4, fixed64: point.count)
            if let sum = point.sum { out.appendField(5, double: sum) }
            out.appendField(6, varint: Self.zigzag(point.scale))
            out.appendNonZero(7, fixed64: point.zeroCount)
            out.appendBuckets(8, point.positive)
            out.appendBuckets(9, point.negative)
        }
    }

    private mutating func appendBuckets(_ field: UInt32, _ buckets: ResourceMetrics.ExponentialHistogramPoint.Buckets) {
        guard !buckets.counts.isEmpty else { return }
        appendMessage(field) { out in
            out.appendField(1, varint: Self.zigzag(buckets.offset))
            out.appendMessage(2) { run in for count in buckets.counts { run.appendUvarint(count) } }
        }
    }

    private static func zigzag(_ value: Int32) -> UInt64 { UInt64(UInt32(bitPattern: value << 1 ^ value >> 31)) }

    private mutating func appendSummaryPoint(_ field: UInt32, _ point: ResourceMetrics.SummaryPoint) {
        appendMessage(field) { out in
            out.appendPoint(point.point, attributes: 7, flags: 8)
            out.appendNonZero(4, fixed64: point.count)
            out.appendField(5, double: point.sum)
            for quantile in point.quantiles {
                out.appendMessage(6) { out in
                    out.appendField(1, double: quantile.quantile)
                    out.appendField(2, double: quantile.value)
                }
            }
        }
    }

    private mutating func appendPacked(_ field: UInt32, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        appendTag(field, .lengthDelimited)
        appendUvarint(UInt64(values.count * 8))
        for value in values { appendLittleEndian(value) }
    }
}
