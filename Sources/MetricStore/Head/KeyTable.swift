import Bytes
import MetricModel

/// Finds a series by the raw bytes that name it.
///
/// A plain key is not kept, but compared with the labels of its series; of others the bytes stand one behind the other in one run of
/// memory. Entries stand in the order in which they came, and open addressing over hashes leads to them. A sender names its series in the
/// same order again and again, so every entry remembers which one was asked for after it: mostly a key is found by comparing it with one
/// place in memory that comes next anyhow, without being hashed.
///
/// A key is never removed singly; `rebuild` leaves out those of series that are gone.
struct KeyTable: ~Copyable {
    private struct Entry {
        var hash: UInt64
        /// The labels of the series, shared with the index.
        var labels: Labels
        /// Where the bytes of a key begin that is not plain, else `none`.
        var offset: UInt32
        var length: UInt32
        var ordinal: SeriesOrdinal
        /// The entry that was found after this one, or `none`.
        var successor: UInt32
    }

    /// Walks the table in the order in which somebody asks.
    struct Trail {
        fileprivate var last = KeyTable.none
        init() {}
    }

    fileprivate static let none = UInt32.max

    private var entries: UnsafeMutablePointer<Entry>
    private var entryCapacity: Int
    private(set) var count = 0
    /// The upper half of a hash beside an entry's number, `.max` where nothing stands.
    private var slots: UnsafeMutablePointer<UInt64>
    private var slotCount: Int
    private var keys = ByteWriter(capacity: 256)

    init() {
        entryCapacity = 64
        entries = .allocate(capacity: entryCapacity)
        slotCount = 128
        slots = Self.makeSlots(slotCount)
    }

    deinit {
        entries.deinitialize(count: count)
        entries.deallocate()
        slots.deallocate()
    }

    private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        slots.initialize(repeating: .max, count: count)
        return slots
    }

    /// Bytes held from the system.
    var byteCount: Int { keys.capacity + entryCapacity * MemoryLayout<Entry>.stride + slotCount * MemoryLayout<UInt64>.stride }

    /// The series of a key, or nil; `trail` is the caller's from key to key.
    @inline(__always)
    mutating func find(_ key: UnsafeBufferPointer<UInt8>, _ trail: inout Trail) -> SeriesOrdinal? {
        if _fastPath(trail.last != Self.none) {
            let successor = entries[Int(trail.last)].successor
            if successor != Self.none, isKey(successor, key) {
                trail.last = successor
                return entries[Int(successor)].ordinal
            }
        }
        guard let found = entry(key, hash: ByteHash.hash(key)) else {
            trail.last = Self.none
            return nil
        }
        if trail.last != Self.none { entries[Int(trail.last)].successor = found }
        trail.last = found
        return entries[Int(found)].ordinal
    }

    private func entry(_ key: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32? {
        let mask = slotCount - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != .max {
            let number = UInt32(truncatingIfNeeded: slots[at])
            if slots[at] >> 32 == hash >> 32, isKey(number, key) { return number }
            at = (at + 1) & mask
        }
        return nil
    }

    @inline(__always)
    private func isKey(_ number: UInt32, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let entry = entries + Int(number)
        guard Int(entry.pointee.length) == key.count, let wanted = key.baseAddress else { return false }
        if _fastPath(entry.pointee.offset == Self.none) { return entry.pointee.labels.packed.withUnsafeBufferPointer { PlainKey.isPlain(key, of: $0) } }
        // SAFETY: an entry's offset and length lie within `keys`, which only grows between rebuilds.
        return ByteComparison.isEqual(UnsafePointer(keys.base + Int(entry.pointee.offset)), wanted, key.count)
    }

    /// Remembers a key, or gives one that is known another series. Does nothing when there is no room for its bytes, or it has none.
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ ordinal: SeriesOrdinal, _ labels: Labels) {
        let hash = ByteHash.hash(key)
        if let known = entry(key, hash: hash) {
            entries[Int(known)].ordinal = ordinal
            return
        }
        guard !key.isEmpty, key.count <= Int(UInt32.max), count < Int(Self.none) else { return }
        var offset = Self.none
        if !labels.packed.withUnsafeBufferPointer({ PlainKey.isPlain(key, of: $0) }) {
            guard keys.count + key.count < Int(Self.none) else { return }
            offset = UInt32(keys.count)
            keys.append(key)
        }
        add(Entry(hash: hash, labels: labels, offset: offset, length: UInt32(key.count), ordinal: ordinal, successor: Self.none))
    }

    private mutating func add(_ entry: Entry) {
        if count == entryCapacity { growEntries() }
        (entries + count).initialize(to: entry)
        place(UInt32(count), hash: entry.hash)
        count += 1
        if count * 4 > slotCount * 3 { growSlots() }
    }

    private mutating func place(_ number: UInt32, hash: UInt64) {
        let mask = slotCount - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != .max { at = (at + 1) & mask }
        slots[at] = (hash >> 32) << 32 | UInt64(number)
    }

    private mutating func growEntries() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: entryCapacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        entryCapacity *= 2
    }

    private mutating func growSlots() {
        slots.deallocate()
        slotCount *= 2
        slots = Self.makeSlots(slotCount)
        for number in 0..<count { place(UInt32(number), hash: entries[number].hash) }
    }

    /// Forgets the keys of series that `isLive` does not know.
    mutating func rebuild(keeping isLive: (SeriesOrdinal) -> Bool) {
        var fresh = KeyTable()
        for number in 0..<count where isLive(entries[number].ordinal) {
            var entry = entries[number]
            entry.successor = Self.none
            if entry.offset != Self.none {
                // SAFETY: as in `isKey`; `fresh` has memory of its own.
                let key = UnsafeBufferPointer(start: UnsafePointer(keys.base + Int(entry.offset)), count: Int(entry.length))
                entry.offset = UInt32(fresh.keys.count)
                fresh.keys.append(key)
            }
            fresh.add(entry)
        }
        swap(&self, &fresh)
    }
}
