import Bytes

/// Numbers distinct byte strings in the order in which they come: open addressing over one arena.
struct KeyTable: ~Copyable {
    private var slots: [Int32]
    private var hashes: [UInt64] = []
    private var ends: [Int] = []
    private var arena: ByteWriter

    init(expected: Int = 16) {
        var size = 16
        while size < expected * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        arena = ByteWriter(capacity: max(expected, 16) * 32)
    }

    var count: Int { hashes.count }

    /// The number of `key`, a new one when it has not been seen.
    mutating func ordinal(of key: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = ByteHash.hash(key)
        if let known = find(key, hash) { return known }
        if (hashes.count + 1) * 2 > slots.count { grow() }
        let ordinal = hashes.count
        hashes.append(hash)
        arena.append(key)
        ends.append(arena.count)
        place(ordinal, hash)
        return ordinal
    }

    /// The number of `key`, or nil when it has not been seen.
    borrowing func existing(_ key: UnsafeBufferPointer<UInt8>) -> Int? { find(key, ByteHash.hash(key)) }

    /// A copy of the bytes numbered `ordinal`.
    borrowing func key(_ ordinal: Int) -> [UInt8] {
        let start = ordinal == 0 ? 0 : ends[ordinal - 1]
        return arena.withBytes { Array($0[start..<ends[ordinal]]) }
    }

    private borrowing func find(_ key: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let ordinal = Int(slots[slot])
            if hashes[ordinal] == hash, equals(ordinal, key) { return ordinal }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private borrowing func equals(_ ordinal: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = ordinal == 0 ? 0 : ends[ordinal - 1]
        guard ends[ordinal] - start == key.count else { return false }
        return arena.withBytes { ByteComparison.isEqual(UnsafeBufferPointer(rebasing: $0[start..<ends[ordinal]]), key) }
    }

    private mutating func place(_ ordinal: Int, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(ordinal)
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (ordinal, hash) in hashes.enumerated() { place(ordinal, hash) }
    }
}
