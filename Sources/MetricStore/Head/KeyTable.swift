import Bytes

/// Finds a series by the raw bytes that name it: open addressing over hashes, the bytes in one run of memory to be compared with.
///
/// A key is never removed singly; `rebuild` leaves out those of series that are gone.
struct KeyTable: ~Copyable {
    private struct Entry {
        var hash: UInt64
        var offset: UInt32
        var length: UInt32
        var ordinal: SeriesOrdinal
    }

    private static let none = SeriesOrdinal.max

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity: Int
    private(set) var count = 0
    private var keys = ByteWriter(capacity: 4096)

    init() {
        capacity = 64
        entries = Self.make(capacity)
    }

    deinit { entries.deallocate() }

    private static func make(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        entries.initialize(repeating: Entry(hash: 0, offset: 0, length: 0, ordinal: none), count: capacity)
        return entries
    }

    /// Bytes held from the system.
    var byteCount: Int { keys.capacity + capacity * MemoryLayout<Entry>.stride }

    /// The series of a key, or nil.
    @inline(__always)
    func find(_ key: UnsafeBufferPointer<UInt8>, hash: UInt64) -> SeriesOrdinal? {
        let mask = capacity - 1
        var at = Int(truncatingIfNeeded: hash >> 16) & mask
        while true {
            let entry = entries[at]
            if entry.ordinal == Self.none { return nil }
            if entry.hash == hash, Int(entry.length) == key.count, isEqual(entry.offset, key) { return entry.ordinal }
            at = (at + 1) & mask
        }
    }

    @inline(__always)
    private func isEqual(_ offset: UInt32, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let wanted = key.baseAddress else { return true }
        // SAFETY: an entry's offset and length lie within `keys`, which only grows between rebuilds.
        return ByteComparison.isEqual(UnsafePointer(keys.base + Int(offset)), wanted, key.count)
    }

    /// Remembers a key, or gives one that is known another series. False when there is no room for its bytes.
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>, hash: UInt64, _ ordinal: SeriesOrdinal) -> Bool {
        let mask = capacity - 1
        var at = Int(truncatingIfNeeded: hash >> 16) & mask
        while entries[at].ordinal != Self.none {
            if entries[at].hash == hash, Int(entries[at].length) == key.count, isEqual(entries[at].offset, key) {
                entries[at].ordinal = ordinal
                return true
            }
            at = (at + 1) & mask
        }
        guard keys.count + key.count <= Int(UInt32.max) else { return false }
        entries[at] = Entry(hash: hash, offset: UInt32(keys.count), length: UInt32(key.count), ordinal: ordinal)
        keys.append(key)
        count += 1
        if count * 4 > capacity * 3 { resize(capacity * 2) }
        return true
    }

    private mutating func resize(_ wanted: Int) {
        let larger = Self.make(wanted)
        for index in 0..<capacity where entries[index].ordinal != Self.none {
            var at = Int(truncatingIfNeeded: entries[index].hash >> 16) & (wanted - 1)
            while larger[at].ordinal != Self.none { at = (at + 1) & (wanted - 1) }
            larger[at] = entries[index]
        }
        entries.deallocate()
        entries = larger
        capacity = wanted
    }

    /// Forgets the keys of series that `isLive` does not know.
    mutating func rebuild(keeping isLive: (SeriesOrdinal) -> Bool) {
        var fresh = KeyTable()
        for index in 0..<capacity where entries[index].ordinal != Self.none && isLive(entries[index].ordinal) {
            let entry = entries[index]
            // SAFETY: as in `isEqual`; `fresh` has memory of its own.
            _ = fresh.insert(UnsafeBufferPointer(start: keys.base + Int(entry.offset), count: Int(entry.length)), hash: entry.hash, entry.ordinal)
        }
        swap(&self, &fresh)
    }
}
