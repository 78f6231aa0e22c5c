/// The key that most senders of remote write name a series by: its labels in canonical order, each length in as few bytes as it needs.
///
/// Such a key says nothing that the packed labels do not, so it is compared with them and not kept.
enum PlainKey {
    /// Whether `key` is the plain one of packed labels. False also for labels with a name or value of more than 127 bytes.
    @inline(__always)
    static func isPlain(_ key: UnsafeBufferPointer<UInt8>, of packed: UnsafeBufferPointer<UInt8>) -> Bool {
        guard var at = key.baseAddress, var label = packed.baseAddress else { return false }
        let (end, labelsEnd) = (at + key.count, label + packed.count)
        while label < labelsEnd {
            // SAFETY: packed labels are well-formed, so a name, a value and their lengths stand at `label`.
            let nameCount = Int(label[0])
            let value = label + 1 + nameCount
            guard nameCount < 0x80, value[0] < 0x80 else { return false }
            let valueCount = Int(value[0])
            let bodyCount = nameCount + valueCount + 4
            guard end - at >= bodyCount + 2, at[0] == 0x0A else { return false }
            if bodyCount < 0x80 {
                guard Int(at[1]) == bodyCount else { return false }
                at += 2
            } else {
                guard Int(at[1]) == bodyCount & 0x7F | 0x80, Int(at[2]) == bodyCount >> 7 else { return false }
                at += 3
            }
            guard end - at >= bodyCount, at[0] == 0x0A, isEqual(at + 1, label, nameCount + 1) else { return false }
            at += nameCount + 2
            guard at[0] == 0x12, isEqual(at + 1, value, valueCount + 1) else { return false }
            at += valueCount + 2
            label = value + 1 + valueCount
        }
        return at == end
    }

    /// For a few bytes; at least one.
    @inline(__always)
    private static func isEqual(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        func same<T: FixedWidthInteger>(_: T.Type, _ at: Int) -> Bool { x.loadUnaligned(fromByteOffset: at, as: T.self) == y.loadUnaligned(fromByteOffset: at, as: T.self) }
        if count >= 8 {
            var at = 0
            while at + 8 <= count {
                if !same(UInt64.self, at) { return false }
                at += 8
            }
            return same(UInt64.self, count - 8)
        }
        if count >= 4 { return same(UInt32.self, 0) && same(UInt32.self, count - 4) }
        if count >= 2 { return same(UInt16.self, 0) && same(UInt16.self, count - 2) }
        return a[0] == b[0]
    }
}
