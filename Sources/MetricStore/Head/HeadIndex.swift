import Bytes
import MetricModel

/// Which series the head has: by their labels, by each label, by number.
///
/// A value behind a lock. Numbers rise and are never used twice, so every list of them is in order as it grows.
struct HeadIndex: ~Copyable {
    private var labels = SeriesPages<Labels?>(empty: nil)
    /// Open addressing over the hashes of packed labels.
    private var slots: [SeriesOrdinal] = [SeriesOrdinal](repeating: .max, count: 64)
    private var names = StringTable()
    private(set) var labelIndexes: [LabelIndex] = []
    /// Every live series, rising.
    private(set) var all: [SeriesOrdinal] = []
    private(set) var nextOrdinal: SeriesOrdinal = 0

    init() {}

    var seriesCount: Int { all.count }

    /// The labels of a series, or nil when it is gone.
    func labels(of ordinal: SeriesOrdinal) -> Labels? { labels.pointer(Int(ordinal))?.pointee }

    /// The labels of each of many series.
    func labels(of ordinals: [SeriesOrdinal]) -> [Labels?] {
        var found: [Labels?] = []
        found.reserveCapacity(ordinals.count)
        for from in stride(from: 0, to: ordinals.count, by: MemoryFetch.groupCount) {
            let group = ordinals[from..<min(from + MemoryFetch.groupCount, ordinals.count)]
            // Their references are counted where their bytes are.
            var sum: UInt8 = 0
            for ordinal in group { sum &+= UInt8(truncatingIfNeeded: labels.pointer(Int(ordinal))?.pointee?.packed.count ?? 0) }
            MemoryFetch.done(sum)
            for ordinal in group { found.append(labels(of: ordinal)) }
        }
        return found
    }

    /// The series with these packed labels.
    func find(_ packed: UnsafeBufferPointer<UInt8>, hash: UInt64) -> SeriesOrdinal? {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != .max {
            if let found = labels.pointer(Int(slots[at]))?.pointee {
                let isEqual = found.packed.withUnsafeBufferPointer { ByteComparison.isEqual($0, packed) }
                if isEqual { return slots[at] }
            }
            at = (at + 1) & mask
        }
        return nil
    }

    func find(_ labels: Labels) -> SeriesOrdinal? {
        labels.packed.withUnsafeBufferPointer { find($0, hash: labels.byteHash) }
    }

    /// Adds a series that is not there yet; nil when numbers or room for label bytes have run out.
    mutating func insert(_ new: Labels) -> SeriesOrdinal? {
        guard nextOrdinal < SeriesOrdinal.max - 1 else { return nil }
        let ordinal = nextOrdinal
        var hasRoom = true
        new.forEachBytes { name, value in
            guard hasRoom, let index = names.insert(name) else {
                hasRoom = false
                return
            }
            if index == labelIndexes.count { labelIndexes.append(LabelIndex()) }
            hasRoom = labelIndexes[index].add(value, ordinal)
        }
        nextOrdinal += 1
        guard hasRoom else {
            for index in labelIndexes { index.remove { $0 == ordinal } }
            return nil
        }
        labels.insert(Int(ordinal), new)
        all.append(ordinal)
        place(ordinal, hash: new.byteHash)
        if all.count * 4 > slots.count * 3 { rehash(slots.count * 2) }
        return ordinal
    }

    private mutating func place(_ ordinal: SeriesOrdinal, hash: UInt64) {
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while slots[at] != .max { at = (at + 1) & mask }
        slots[at] = ordinal
    }

    private mutating func rehash(_ count: Int) {
        slots = [SeriesOrdinal](repeating: .max, count: count)
        for ordinal in all { if let hash = labels(of: ordinal)?.byteHash { place(ordinal, hash: hash) } }
    }

    /// Removes series.
    mutating func remove(_ dead: Set<SeriesOrdinal>) {
        guard !dead.isEmpty else { return }
        for ordinal in dead { labels.remove(Int(ordinal)) }
        all.removeAll { dead.contains($0) }
        for index in labelIndexes { index.remove { dead.contains($0) } }
        var count = slots.count
        while count > 64, all.count * 4 < count { count /= 2 }
        rehash(count)
    }

    /// The index of one label, or nil when no series ever had it.
    func label(_ name: String) -> LabelIndex? { names.find(name).map { labelIndexes[$0] } }

    /// Calls `body` with the name and index of every label that some series has.
    func forEachLabel(_ body: (String, LabelIndex) -> Void) {
        for index in labelIndexes.indices where labelIndexes[index].liveValueCount > 0 { body(names.string(index), labelIndexes[index]) }
    }
}
