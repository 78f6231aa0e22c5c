import Bytes

/// Trace numbers by id, and what changes about a trace while spans arrive.
struct TraceTable: ~Copyable {
    struct Record: BitwiseCopyable {
        /// Row of the newest span plus one; the others follow by `SpanRow.previous`.
        var lastRow: UInt32 = 0
        var spanCount: UInt32 = 0
    }

    private(set) var keys = StableVector<TraceKey>()
    private var records: [Record] = []
    /// Open addressing over powers of two; a trace's number plus one, 0 is a free slot.
    private var slots = [UInt32](repeating: 0, count: 256)

    var count: Int { keys.count }
    /// Memory held, in bytes.
    var byteCount: Int { keys.byteCount + records.capacity * MemoryLayout<Record>.stride + slots.capacity * 4 }

    subscript(number: UInt32) -> Record {
        get { records[Int(number)] }
        set { records[Int(number)] = newValue }
    }

    func find(_ key: TraceKey) -> UInt32? {
        let slot = slots[slot(of: key)]
        return slot == 0 ? nil : slot - 1
    }

    /// The trace's number; one not met before gets the next.
    mutating func intern(_ key: TraceKey) -> UInt32 {
        let slot = slot(of: key)
        if slots[slot] != 0 { return slots[slot] - 1 }
        let number = UInt32(keys.count)
        keys.append(key)
        records.append(Record())
        slots[slot] = number + 1
        if keys.count * 4 > slots.count * 3 { grow() }
        return number
    }

    /// Where `key` stands or would stand.
    private func slot(of key: TraceKey) -> Int {
        var slot = Self.hash(key) & (slots.count - 1)
        while slots[slot] != 0, keys[Int(slots[slot] - 1)] != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private static func hash(_ key: TraceKey) -> Int {
        // Ids come from outside: the seed keeps collisions from being prepared.
        let product = (key.low ^ ByteHash.seed).multipliedFullWidth(by: key.high | 1 ^ 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: (product.high ^ product.low) &* 0x8EBC_6AF0_9C88_C6E3 >> 16)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for number in 0..<keys.count { slots[slot(of: keys[number])] = UInt32(number + 1) }
    }
}
