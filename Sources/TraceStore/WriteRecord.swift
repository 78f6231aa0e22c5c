import Bytes
import OTLP
import TraceModel

/// A write in the log.
///
///     record = 0x01, uvarint generation, OTLP `TracesData` in protobuf
enum WriteRecord {
    private static let spans: UInt8 = 1
    /// A batch larger than this is written as several records.
    private static let recordBytes = 4 << 20

    static func encode(_ batch: [ResourceSpans], generation: UInt64) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var out = ByteWriter(capacity: 64 << 10)
        func begin(_ out: inout ByteWriter) {
            out.removeAll()
            out.append(spans)
            out.appendUvarint(generation)
        }
        begin(&out)
        for (index, group) in batch.enumerated() {
            OTLPTraces.encode([group], into: &out)
            if out.count >= recordBytes || index == batch.count - 1 {
                records.append(out.array())
                begin(&out)
            }
        }
        return records
    }

    /// Hands the generation and the spans of a record to `body` unless the generation is sealed. Answers nil, or why the record makes no sense.
    static func replay(_ record: UnsafeBufferPointer<UInt8>, after sealed: UInt64, _ body: (UInt64, [ResourceSpans]) -> Void) -> String? {
        var cursor = ByteCursor(record)
        let generation: UInt64
        do throws(ByteError) {
            let kind = try cursor.readUInt8()
            guard kind == spans else { return "record kind \(kind) is not known" }
            generation = try cursor.readUvarint()
            guard generation > sealed else { return nil }
        } catch {
            return "\(error)"
        }
        do throws(OTLPError) {
            body(generation, try OTLPTraces.decode(protobuf: UnsafeBufferPointer(rebasing: record[cursor.offset...]), memoryMax: .max))
            return nil
        } catch {
            return "\(error)"
        }
    }
}
