import Bytes

/// Where an interned string's UTF-8 stands.
struct StringEntry: BitwiseCopyable {
    // SAFETY: points into the arena or page of the set that the entry belongs to, which lives as long as the set.
    let start: UnsafePointer<UInt8>
    let count: UInt32

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: Int(count)) }
    var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// Strings by number, each held once. Those of `WellKnown` come first; numbers are given in order of arrival and stay.
struct StringTable: ~Copyable {
    let arena = ByteArena()
    private(set) var entries = StableVector<StringEntry>()
    /// Open addressing over powers of two: the upper half of a hash, and the string's number plus one; 0 is a free slot.
    private var slots: UnsafeMutablePointer<UInt64>
    private var capacity: Int

    init() {
        capacity = 256
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        for known in WellKnown.allCases { _ = intern(known.text) }
    }

    deinit { slots.deallocate() }

    /// Memory held, in bytes.
    var byteCount: Int { arena.byteCount + entries.byteCount + capacity * 8 }

    var count: Int { entries.count }

    mutating func intern(_ text: String) -> UInt32 {
        var text = text
        return text.withUTF8 { intern($0) }
    }

    /// The string's number; a string not met before gets the next. O(bytes).
    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let hash = ByteHash.hash(bytes)
        var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
        while slots[slot] != 0 {
            if let number = match(slots[slot], hash, bytes) { return number }
            slot = (slot + 1) & (capacity - 1)
        }
        let number = UInt32(entries.count)
        let held = arena.append(bytes)
        guard let start = held.baseAddress else { preconditionFailure("an arena's run has an address") }
        entries.append(StringEntry(start: start, count: UInt32(held.count)))
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
        if entries.count * 4 > capacity * 3 { grow() }
        return number
    }

    /// The number of a string that has one.
    func find(_ text: String) -> UInt32? {
        var text = text
        return text.withUTF8 { bytes in
            let hash = ByteHash.hash(bytes)
            var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[slot] != 0 {
                if let number = match(slots[slot], hash, bytes) { return number }
                slot = (slot + 1) & (capacity - 1)
            }
            return nil
        }
    }

    private func match(_ slot: UInt64, _ hash: UInt64, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard (slot ^ hash) >> 32 == 0 else { return nil }
        let number = UInt32(truncatingIfNeeded: slot) - 1
        return ByteComparison.isEqual(entries[Int(number)].bytes, bytes) ? number : nil
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        larger.initialize(repeating: 0, count: capacity * 2)
        capacity *= 2
        for number in 0..<entries.count {
            let hash = ByteHash.hash(entries[number].bytes)
            var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while larger[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            larger[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
        }
        slots.deallocate()
        slots = larger
    }
}
