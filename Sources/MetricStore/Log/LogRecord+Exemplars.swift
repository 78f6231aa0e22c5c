import Bytes
import MetricModel

extension LogRecord {
    /// Calls `body` with every exemplar of a record. Whether it said its time itself is not in there.
    static func readExemplars(_ record: UnsafeBufferPointer<UInt8>, _ body: (_ reference: UInt64, _ exemplar: Exemplar) -> Void) throws(Malformed) {
        var cursor = ByteCursor(record)
        do throws(ByteError) {
            try cursor.skip(1)
            if cursor.isAtEnd { return }
            let firstReference: UInt64 = try cursor.readBigEndian()
            let firstTime: Int64 = try cursor.readBigEndian()
            while !cursor.isAtEnd {
                let reference = firstReference &+ UInt64(bitPattern: try cursor.readVarint())
                let time = firstTime &+ (try cursor.readVarint())
                let value = Double(bitPattern: try cursor.readBigEndian())
                let count = try cursor.readUvarint()
                let start = cursor.position
                for _ in 0..<count {
                    _ = try cursor.readUvarintBytes()
                    _ = try cursor.readUvarintBytes()
                }
                let labels = Labels(unchecked: Array(UnsafeBufferPointer(start: start, count: cursor.position - start)))
                body(reference, Exemplar(labels: labels, value: value, timestamp: time, hasTimestamp: false))
            }
        } catch { throw Malformed(error) }
    }
}

/// Writes one record of exemplars.
struct ExemplarRecordWriter: ~Copyable {
    var out = ByteWriter(capacity: 1024)
    private var firstReference: UInt64 = 0
    private var firstTime: Int64 = 0

    init() {}

    mutating func append(_ reference: UInt64, _ exemplar: Exemplar) {
        if out.count == 0 {
            out.append(LogRecord.Kind.exemplars.rawValue)
            out.appendBigEndian(reference)
            out.appendBigEndian(exemplar.timestamp)
            firstReference = reference
            firstTime = exemplar.timestamp
        }
        out.appendVarint(Int64(bitPattern: reference &- firstReference))
        out.appendVarint(exemplar.timestamp &- firstTime)
        out.appendBigEndian(exemplar.value.bitPattern)
        out.appendUvarint(UInt64(exemplar.labels.count))
        out.append(exemplar.labels.packed)
    }
}
