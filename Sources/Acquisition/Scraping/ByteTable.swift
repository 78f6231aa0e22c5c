import Bytes

/// Byte strings numbered in the order they came: an open-addressing table over one arena. Lookups allocate nothing.
struct ByteTable: Sendable {
    private struct Key {
        let hash: UInt64
        let offset: Int
        let length: Int
    }

    private var arena: [UInt8] = []
    private var keys: [Key] = []
    /// Index into `keys` plus one; 0 is free. A power of two, at most three quarters full.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)

    init() {}

    var count: Int { keys.count }

    /// The number of `bytes`, or nil.
    func find(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int? {
        arena.withUnsafeBufferPointer { arena in
            keys.withUnsafeBufferPointer { keys in
                slots.withUnsafeBufferPointer { slots in
                    let mask = slots.count - 1
                    var slot = Int(truncatingIfNeeded: hash) & mask
                    // SAFETY: `slot` is masked, a slot holds a valid index plus one, and keys lie within the arena they were put into.
                    while case let index = Int(slots[slot]), index != 0 {
                        let key = keys[index - 1]
                        if key.hash == hash, key.length == bytes.count,
                            bytes.elementsEqual(UnsafeBufferPointer(rebasing: arena[key.offset..<key.offset + key.length]))
                        {
                            return index - 1
                        }
                        slot = (slot + 1) & mask
                    }
                    return nil
                }
            }
        }
    }

    /// Adds bytes that `find` did not find; their number.
    mutating func insert(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int {
        if (keys.count + 1) * 4 > slots.count * 3 { grow() }
        keys.append(Key(hash: hash, offset: arena.count, length: bytes.count))
        arena.append(contentsOf: bytes)
        place(keys.count - 1)
        return keys.count - 1
    }

    /// Keeps the keys whose numbers `isKept` names and numbers them anew, in the same order.
    mutating func filter(_ isKept: (Int) -> Bool) {
        var kept = ByteTable()
        arena.withUnsafeBufferPointer { arena in
            for (index, key) in keys.enumerated() where isKept(index) {
                _ = kept.insert(UnsafeBufferPointer(rebasing: arena[key.offset..<key.offset + key.length]), hash: key.hash)
            }
        }
        self = kept
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in keys.indices { place(index) }
    }

    private mutating func place(_ index: Int) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: keys[index].hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(index + 1)
    }
}
