import Bytes

/// Strings of a segment's indexes: gathered under preliminary numbers, then sorted by bytes, so that a string is found by halving.
struct SegmentStrings: ~Copyable {
    private var table = StringTable()

    mutating func number(_ text: String) -> UInt32 { table.intern(text) }
    mutating func number(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 { table.intern(bytes) }

    /// The section, and for each preliminary number the final one.
    consuming func finish() -> (section: [UInt8], numbers: [UInt32]) {
        let entries = table.entries.prefix
        let order = (0..<entries.count).sorted { entries[$0].bytes.lexicographicallyPrecedes(entries[$1].bytes) }
        var final = [UInt32](repeating: 0, count: entries.count)
        var out = ByteWriter(capacity: entries.count * 16 + 8)
        out.appendLittleEndian(UInt32(entries.count))
        var offset: UInt32 = 0
        out.appendLittleEndian(offset)
        for (place, number) in order.enumerated() {
            final[number] = UInt32(place)
            offset += entries[number].count
            out.appendLittleEndian(offset)
        }
        for number in order { out.append(entries[number].bytes) }
        return (out.array(), final)
    }
}
