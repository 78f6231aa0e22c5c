import Bytes
import MetricModel

extension LogRecord {
    /// The kind of record that a histogram goes into.
    static func kind(of histogram: NativeHistogram) -> Kind {
        switch (histogram.isFloat, histogram.hasCustomBuckets) {
        case (false, false): .histograms
        case (true, false): .floatHistograms
        case (false, true): .customBucketHistograms
        case (true, true): .customBucketFloatHistograms
        }
    }

    static func append(_ histogram: NativeHistogram, to out: inout ByteWriter) {
        out.append(histogram.counterReset.rawValue)
        out.appendVarint(Int64(histogram.schema))
        out.appendBigEndian(histogram.zeroThreshold.bitPattern)
        switch histogram.counts {
        case .integer(let tally):
            out.appendUvarint(tally.zeroCount)
            out.appendUvarint(tally.count)
        case .float(let tally):
            out.appendBigEndian(tally.zeroCount.bitPattern)
            out.appendBigEndian(tally.count.bitPattern)
        }
        out.appendBigEndian(histogram.sum.bitPattern)
        for spans in [histogram.positiveSpans, histogram.negativeSpans] {
            out.appendUvarint(UInt64(spans.count))
            for span in spans {
                out.appendVarint(Int64(span.offset))
                out.appendUvarint(UInt64(span.length))
            }
        }
        switch histogram.counts {
        case .integer(let tally):
            for buckets in [tally.positive, tally.negative] {
                out.appendUvarint(UInt64(buckets.count))
                var before: Int64 = 0
                for bucket in buckets {
                    out.appendVarint(bucket &- before)
                    before = bucket
                }
            }
        case .float(let tally):
            for buckets in [tally.positive, tally.negative] { append(buckets, to: &out) }
        }
        if histogram.hasCustomBuckets { append(histogram.customValues, to: &out) }
    }

    private static func append(_ values: [Double], to out: inout ByteWriter) {
        out.appendUvarint(UInt64(values.count))
        for value in values { out.appendBigEndian(value.bitPattern) }
    }

    /// Calls `body` with every histogram of a record of any kind of histograms; those of schemas that nobody knows are passed over.
    ///
    /// What `body` gets need not be valid. Allocates no more than eight times the record.
    static func readHistograms(_ record: UnsafeBufferPointer<UInt8>, _ body: (_ reference: UInt64, _ time: Int64, NativeHistogram) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            guard let kind = Kind(rawValue: try cursor.readUInt8()), !cursor.isAtEnd else { return }
            let isFloat = kind == .floatHistograms || kind == .customBucketFloatHistograms || kind == .floatHistogramsWithStart
            let hasStart = kind == .histogramsWithStart || kind == .floatHistogramsWithStart
            var reference: UInt64 = hasStart ? UInt64(bitPattern: try cursor.readVarint()) : try cursor.readBigEndian()
            let firstReference = reference
            let firstTime: Int64 = hasStart ? try cursor.readVarint() : try cursor.readBigEndian()
            if hasStart { _ = try cursor.readVarint() }
            var isFirst = true
            while !cursor.isAtEnd {
                var time = firstTime
                if !hasStart {
                    reference = firstReference &+ UInt64(bitPattern: try cursor.readVarint())
                    time = firstTime &+ (try cursor.readVarint())
                } else if !isFirst {
                    reference = reference &+ UInt64(bitPattern: try cursor.readVarint())
                    time = firstTime &+ (try cursor.readVarint())
                    // When the series began, which is not kept here.
                    if try cursor.readUInt8() > 1 { _ = try cursor.readVarint() }
                }
                isFirst = false
                var histogram = try readHistogram(&cursor, isFloat: isFloat)
                guard histogram.hasCustomBuckets || NativeHistogram.knownExponentialSchemas.contains(histogram.schema) else { continue }
                if histogram.schema > NativeHistogram.exponentialSchemas.upperBound {
                    guard (try? histogram.reduceResolution(to: NativeHistogram.exponentialSchemas.upperBound)) != nil else { continue }
                }
                body(reference, time, histogram)
            }
        } catch { throw Malformed(error) }
    }

    private static func readHistogram(_ cursor: inout ByteCursor, isFloat: Bool) throws(ByteError) -> NativeHistogram {
        var histogram = NativeHistogram.staleMarker(isFloat: isFloat)
        histogram.counterReset = NativeHistogram.CounterReset(rawValue: try cursor.readUInt8()) ?? .unknown
        histogram.schema = Int32(truncatingIfNeeded: try cursor.readVarint())
        histogram.zeroThreshold = Double(bitPattern: try cursor.readBigEndian())
        if isFloat {
            let (zeroCount, count) = (Double(bitPattern: try cursor.readBigEndian()), Double(bitPattern: try cursor.readBigEndian()))
            histogram.sum = Double(bitPattern: try cursor.readBigEndian())
            histogram.positiveSpans = try readSpans(&cursor)
            histogram.negativeSpans = try readSpans(&cursor)
            let positive = try readDoubles(&cursor)
            histogram.counts = .float(.init(count: count, zeroCount: zeroCount, positive: positive, negative: try readDoubles(&cursor)))
        } else {
            let (zeroCount, count) = (try cursor.readUvarint(), try cursor.readUvarint())
            histogram.sum = Double(bitPattern: try cursor.readBigEndian())
            histogram.positiveSpans = try readSpans(&cursor)
            histogram.negativeSpans = try readSpans(&cursor)
            let positive = try readBuckets(&cursor)
            histogram.counts = .integer(.init(count: count, zeroCount: zeroCount, positive: positive, negative: try readBuckets(&cursor)))
        }
        if histogram.hasCustomBuckets { histogram.customValues = try readDoubles(&cursor) }
        return histogram
    }

    /// A number of things that take at least `bytes` each, so that no more are announced than there can be.
    private static func readCount(_ cursor: inout ByteCursor, of bytes: Int) throws(ByteError) -> Int {
        let count = try cursor.readUvarint()
        guard count <= UInt64(cursor.remaining / bytes) else { throw .truncated(offset: cursor.offset, needed: Int(clamping: count) - cursor.remaining / bytes) }
        return Int(count)
    }

    private static func readSpans(_ cursor: inout ByteCursor) throws(ByteError) -> [NativeHistogram.Span] {
        let count = try readCount(&cursor, of: 2)
        var spans: [NativeHistogram.Span] = []
        spans.reserveCapacity(count)
        for _ in 0..<count {
            let offset = Int32(truncatingIfNeeded: try cursor.readVarint())
            spans.append(.init(offset: offset, length: UInt32(truncatingIfNeeded: try cursor.readUvarint())))
        }
        return spans
    }

    private static func readBuckets(_ cursor: inout ByteCursor) throws(ByteError) -> [Int64] {
        let count = try readCount(&cursor, of: 1)
        var buckets: [Int64] = []
        buckets.reserveCapacity(count)
        var bucket: Int64 = 0
        for _ in 0..<count {
            bucket = bucket &+ (try cursor.readVarint())
            buckets.append(bucket)
        }
        return buckets
    }

    private static func readDoubles(_ cursor: inout ByteCursor) throws(ByteError) -> [Double] {
        let count = try readCount(&cursor, of: 8)
        var values: [Double] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(Double(bitPattern: try cursor.readBigEndian())) }
        return values
    }
}

/// Writes records of histograms, one of each kind at a time.
struct HistogramRecordWriter: ~Copyable {
    private struct Record: ~Copyable {
        let kind: LogRecord.Kind
        var out = ByteWriter(capacity: 16)
        var firstReference: UInt64 = 0
        var firstTime: Int64 = 0

        init(_ kind: LogRecord.Kind) { self.kind = kind }

        mutating func append(_ reference: UInt64, _ time: Int64, _ histogram: NativeHistogram) {
            if out.count == 0 {
                out.append(kind.rawValue)
                out.appendBigEndian(reference)
                out.appendBigEndian(time)
                firstReference = reference
                firstTime = time
            }
            out.appendVarint(Int64(bitPattern: reference &- firstReference))
            out.appendVarint(time &- firstTime)
            LogRecord.append(histogram, to: &out)
        }
    }

    private var integers = Record(.histograms)
    private var floats = Record(.floatHistograms)
    private var customIntegers = Record(.customBucketHistograms)
    private var customFloats = Record(.customBucketFloatHistograms)

    private(set) var isEmpty = true

    init() {}

    mutating func append(_ reference: UInt64, _ time: Int64, _ histogram: NativeHistogram) {
        isEmpty = false
        switch LogRecord.kind(of: histogram) {
        case .floatHistograms: floats.append(reference, time, histogram)
        case .customBucketHistograms: customIntegers.append(reference, time, histogram)
        case .customBucketFloatHistograms: customFloats.append(reference, time, histogram)
        default: integers.append(reference, time, histogram)
        }
    }

    /// Calls `body` with every record that has content, in the order in which Prometheus logs them, and forgets them.
    mutating func drain(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        if integers.out.count > 0 { integers.out.withBytes(body) }
        if customIntegers.out.count > 0 { customIntegers.out.withBytes(body) }
        if floats.out.count > 0 { floats.out.withBytes(body) }
        if customFloats.out.count > 0 { customFloats.out.withBytes(body) }
        integers.out.removeAll()
        customIntegers.out.removeAll()
        floats.out.removeAll()
        customFloats.out.removeAll()
        isEmpty = true
    }
}
