import Bytes

/// Rising trace numbers as the uvarint differences between them, the first from 0.
struct PostingList {
    private(set) var deltas: [UInt8] = []
    private(set) var count: UInt32 = 0
    private var last: UInt32 = 0

    /// Appends a number no lower than the last; one that equals it is taken once.
    mutating func append(_ trace: UInt32) {
        guard count == 0 || trace != last else { return }
        precondition(trace >= last)
        var delta = trace - last
        last = trace
        count += 1
        while delta >= 0x80 {
            deltas.append(UInt8(truncatingIfNeeded: delta) | 0x80)
            delta >>= 7
        }
        deltas.append(UInt8(delta))
    }

    /// Reads `count` numbers.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, count: Int) throws(ByteError) -> [UInt32] {
        var cursor = ByteCursor(bytes)
        var traces: [UInt32] = []
        traces.reserveCapacity(min(count, bytes.count))
        var last: UInt64 = 0
        for _ in 0..<count {
            last += try cursor.readUvarint()
            guard last < UInt64(UInt32.max) else { throw .truncated(offset: cursor.offset, needed: 1) }
            traces.append(UInt32(last))
        }
        return traces
    }
}
