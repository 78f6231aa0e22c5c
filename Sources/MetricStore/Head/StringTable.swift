import Bytes
import MetricModel

/// Strings by number and numbers by string: open addressing over hashes, the bytes one behind the other.
struct StringTable: ~Copyable {
    private var slots: [UInt32] = [UInt32](repeating: .max, count: 16)
    /// Where each string begins; one more than there are strings.
    private var offsets: [UInt32] = [0]
    private var bytes = ByteWriter(capacity: 256)

    init() {}

    /// Every string of some series' labels, in byte order.
    init(ofLabels series: some Sequence<Labels>) {
        var texts: Set<String> = []
        for labels in series { labels.forEach { texts.formUnion([$0, $1]) } }
        for var text in texts.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { text.withUTF8 { _ = insert($0) } }
    }

    var count: Int { offsets.count - 1 }

    /// Bytes held from the system.
    var byteCount: Int { bytes.capacity + slots.capacity * 4 + offsets.capacity * 4 }

    /// The bytes of a string. Valid until the next `insert`.
    func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        // SAFETY: offsets lie within `bytes`.
        UnsafeBufferPointer(start: bytes.base + Int(offsets[index]), count: Int(offsets[index + 1] - offsets[index]))
    }

    func string(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

    func find(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: ByteHash.hash(text)) & mask
        while slots[at] != .max {
            if ByteComparison.isEqual(bytes(Int(slots[at])), text) { return Int(slots[at]) }
            at = (at + 1) & mask
        }
        return nil
    }

    func find(_ text: String) -> Int? {
        var text = text
        return text.withUTF8 { find($0) }
    }

    /// The number of a string, given to it now if it has none; nil when there is no room for its bytes.
    mutating func insert(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: ByteHash.hash(text)) & mask
        while slots[at] != .max {
            if ByteComparison.isEqual(bytes(Int(slots[at])), text) { return Int(slots[at]) }
            at = (at + 1) & mask
        }
        guard bytes.count + text.count <= Int(UInt32.max) - 1 else { return nil }
        let index = count
        slots[at] = UInt32(index)
        bytes.append(text)
        offsets.append(UInt32(bytes.count))
        if count * 4 > slots.count * 3 { grow() }
        return index
    }

    private mutating func grow() {
        let mask = slots.count * 2 - 1
        var larger = [UInt32](repeating: .max, count: mask + 1)
        for index in 0..<count {
            var at = Int(truncatingIfNeeded: ByteHash.hash(bytes(index))) & mask
            while larger[at] != .max { at = (at + 1) & mask }
            larger[at] = UInt32(index)
        }
        slots = larger
    }
}
