import Bytes
import MetricModel

/// The records of the write-ahead log, byte for byte Prometheus's (`tsdb/record/record.go`).
enum LogRecord {
    enum Kind: UInt8 {
        case series = 1, samples, tombstones, exemplars, outOfOrderMarkers, metadata
        case histograms, floatHistograms, customBucketHistograms, customBucketFloatHistograms
        case samplesWithStart, histogramsWithStart, floatHistogramsWithStart
    }

    /// Why a record's content makes no sense.
    struct Malformed: Error {
        let reason: String
        init(_ error: ByteError) { reason = "\(error)" }
        init(reason: String) { self.reason = reason }
    }

    /// Begins a record of series; `appendSeries` adds to it.
    static func beginSeries(_ out: inout ByteWriter) { out.append(Kind.series.rawValue) }

    static func appendSeries(_ reference: UInt64, _ labels: Labels, to out: inout ByteWriter) {
        out.appendBigEndian(reference)
        out.appendUvarint(UInt64(labels.count))
        out.append(labels.packed)
    }

    /// Calls `body` with every series of a record. Labels come as packed bytes in the record, in the order that was written.
    static func readSeries(_ record: UnsafeBufferPointer<UInt8>, _ body: (UInt64, UnsafeBufferPointer<UInt8>) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            try cursor.skip(1)
            while !cursor.isAtEnd {
                let reference: UInt64 = try cursor.readBigEndian()
                let count = try cursor.readUvarint()
                let start = cursor.position
                for _ in 0..<count {
                    _ = try cursor.readUvarintBytes()
                    _ = try cursor.readUvarintBytes()
                }
                body(reference, UnsafeBufferPointer(start: start, count: cursor.position - start))
            }
        } catch { throw Malformed(error) }
    }

    /// Calls `body` with every sample of a record of either kind.
    static func readSamples(_ record: UnsafeBufferPointer<UInt8>, _ body: (_ reference: UInt64, _ time: Int64, _ bits: UInt64) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            guard let kind = Kind(rawValue: try cursor.readUInt8()) else { return }
            if cursor.isAtEnd { return }
            if kind == .samplesWithStart { return try readSamplesWithStart(&cursor, body) }
            let firstReference: UInt64 = try cursor.readBigEndian()
            let firstTime: Int64 = try cursor.readBigEndian()
            while !cursor.isAtEnd {
                let reference = firstReference &+ UInt64(bitPattern: try cursor.readVarint())
                let time = firstTime &+ (try cursor.readVarint())
                body(reference, time, try cursor.readBigEndian())
            }
        } catch { throw Malformed(error) }
    }

    /// Samples that may tell when their series began (Prometheus 3.10 and later), which is not kept here.
    private static func readSamplesWithStart(_ cursor: inout ByteCursor, _ body: (UInt64, Int64, UInt64) -> Void) throws(ByteError) {
        var reference = UInt64(bitPattern: try cursor.readVarint())
        let firstTime = try cursor.readVarint()
        _ = try cursor.readVarint()
        body(reference, firstTime, try cursor.readBigEndian())
        while !cursor.isAtEnd {
            reference &+= UInt64(bitPattern: try cursor.readVarint())
            let time = firstTime &+ (try cursor.readVarint())
            if try cursor.readUInt8() > 1 { _ = try cursor.readVarint() }
            body(reference, time, try cursor.readBigEndian())
        }
    }

    /// A time range in which a series' samples are deleted, both ends included.
    static func readTombstones(_ record: UnsafeBufferPointer<UInt8>, _ body: (UInt64, ClosedRange<Int64>) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            try cursor.skip(1)
            while !cursor.isAtEnd {
                let reference: UInt64 = try cursor.readBigEndian()
                let (low, high) = (try cursor.readVarint(), try cursor.readVarint())
                if low <= high { body(reference, low...high) }
            }
        } catch { throw Malformed(error) }
    }

    /// Places of chunks of `chunks_head` up to which a series' samples of the out-of-order log are there, too (`RefMmapMarker`).
    static func readMarkers(_ record: UnsafeBufferPointer<UInt8>, _ body: (HeadChunkFile.Place) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            try cursor.skip(1)
            while !cursor.isAtEnd {
                try cursor.skip(8)
                body(HeadChunkFile.Place(try cursor.readBigEndian()))
            }
        } catch { throw Malformed(error) }
    }

    static func beginTombstones(_ out: inout ByteWriter) { out.append(Kind.tombstones.rawValue) }

    static func appendTombstone(_ reference: UInt64, _ range: ClosedRange<Int64>, to out: inout ByteWriter) {
        out.appendBigEndian(reference)
        out.appendVarint(range.lowerBound)
        out.appendVarint(range.upperBound)
    }

    static func metadata(_ reference: UInt64, _ metadata: MetricMetadata, to out: inout ByteWriter) {
        out.appendUvarint(reference)
        out.append(code(metadata.kind))
        out.appendUvarint(2)
        for (name, value) in [("UNIT", metadata.unit), ("HELP", metadata.help)] {
            out.appendUvarint(UInt64(name.utf8.count))
            out.append(utf8: name)
            out.appendUvarint(UInt64(value.utf8.count))
            out.append(utf8: value)
        }
    }

    static func beginMetadata(_ out: inout ByteWriter) { out.append(Kind.metadata.rawValue) }

    static func readMetadata(_ record: UnsafeBufferPointer<UInt8>, _ body: (UInt64, MetricMetadata) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            try cursor.skip(1)
            while !cursor.isAtEnd {
                let reference = try cursor.readUvarint()
                var metadata = MetricMetadata(kind: kind(try cursor.readUInt8()))
                for _ in 0..<(try cursor.readUvarint()) {
                    let name = try cursor.readUvarintBytes()
                    let value = String(decoding: try cursor.readUvarintBytes(), as: UTF8.self)
                    if name.elementsEqual("UNIT".utf8) { metadata.unit = value }
                    if name.elementsEqual("HELP".utf8) { metadata.help = value }
                }
                body(reference, metadata)
            }
        } catch { throw Malformed(error) }
    }

    private static let kinds: [MetricKind] = [.unknown, .counter, .gauge, .histogram, .gaugehistogram, .summary, .info, .stateset]

    private static func code(_ kind: MetricKind) -> UInt8 { UInt8(kinds.firstIndex(of: kind) ?? 0) }
    private static func kind(_ code: UInt8) -> MetricKind { Int(code) < kinds.count ? kinds[Int(code)] : .unknown }
}

/// Writes one record of samples.
struct SampleRecordWriter: ~Copyable {
    var out = ByteWriter(capacity: 8192)
    private var firstReference: UInt64 = 0
    private var firstTime: Int64 = 0

    init() {}

    var isEmpty: Bool { out.count == 0 }

    @inline(__always)
    mutating func append(_ reference: UInt64, _ time: Int64, _ bits: UInt64) {
        if _slowPath(out.count == 0) {
            out.append(LogRecord.Kind.samples.rawValue)
            out.appendBigEndian(reference)
            out.appendBigEndian(time)
            firstReference = reference
            firstTime = time
        }
        out.appendVarint(Int64(bitPattern: reference &- firstReference))
        out.appendVarint(time &- firstTime)
        out.appendBigEndian(bits)
    }
}
