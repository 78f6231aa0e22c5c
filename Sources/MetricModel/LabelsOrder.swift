import Bytes
import Platform

/// The order of many label sets at once.
///
/// `Labels.<` goes along two sets label by label. Here each set is copied once, with zeros where the lengths stand: the order of these keys' bytes is that
/// of the labels, for a zero is less than any byte of a name or value. So comparing two is `memcmp`, and nobody counts references.
package enum LabelsOrder {
    private struct Key: BitwiseCopyable {
        /// The first bytes behind those that all keys begin with, high byte first.
        let prefix: UInt64
        let start: UnsafePointer<UInt8>
        let count: Int
        /// In what is sorted.
        let place: Int

        static func < (a: Key, b: Key) -> Bool {
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            let order = ByteComparison.compare(UnsafeBufferPointer(start: a.start, count: a.count), UnsafeBufferPointer(start: b.start, count: b.count))
            return order == 0 ? a.place < b.place : order < 0
        }
    }

    /// The places of the sets in the order of their labels; equal ones stay as they are.
    package static func places(_ sets: [Labels]) -> [Int] {
        guard sets.allSatisfy(hasKey) else { return sets.indices.sorted { sets[$0] < sets[$1] || sets[$0] == sets[$1] && $0 < $1 } }
        var bytes = ScratchBytes(capacity: sets.reduce(0) { $0 + $1.packed.count })
        for set in sets { writeKey(set, to: &bytes) }
        // Nothing is written any more, so that what is there stays where it is.
        var (starts, next) = ([UnsafePointer<UInt8>](), UnsafePointer(bytes.base))
        starts.reserveCapacity(sets.count)
        for set in sets {
            starts.append(next)
            next += set.packed.count
        }
        let common = commonCount(sets, starts)
        var keys = sets.indices.map { place in
            Key(prefix: prefix(starts[place], sets[place].packed.count, from: common), start: starts[place] + common, count: sets[place].packed.count - common, place: place)
        }
        keys.sort(by: <)
        // SAFETY: the keys' bytes are alive until here.
        return withExtendedLifetime(bytes) { keys.map(\.place) }
    }

    /// Whether each length is one byte, and no byte of a name or value is zero.
    private static func hasKey(_ set: Labels) -> Bool {
        set.packed.withUnsafeBufferPointer { packed in
            var at = 0
            while at < packed.count {
                if packed[at] >= 0x80 { return false }
                at += 1 + Int(packed[at])
            }
            return !packed.contains(0)
        }
    }

    private static func writeKey(_ set: Labels, to bytes: inout ScratchBytes) {
        set.packed.withUnsafeBufferPointer { packed in
            guard let source = packed.baseAddress else { return }
            bytes.reserve(packed.count)
            let key = bytes.base + bytes.count
            key.update(from: source, count: packed.count)
            var at = 0
            while at < packed.count {
                key[at] = 0
                at += 1 + Int(packed[at])
            }
            bytes.advance(by: packed.count)
        }
    }

    /// How many bytes all keys begin with.
    private static func commonCount(_ sets: [Labels], _ starts: [UnsafePointer<UInt8>]) -> Int {
        guard let first = starts.first else { return 0 }
        var common = sets[0].packed.count
        for (set, start) in zip(sets, starts).dropFirst() {
            common = min(common, set.packed.count)
            if ByteComparison.isEqual(first, start, common) { continue }
            common = (0..<common).first { first[$0] != start[$0] } ?? common
        }
        return common
    }

    private static func prefix(_ start: UnsafePointer<UInt8>, _ count: Int, from: Int) -> UInt64 {
        if count - from >= 8 { return UInt64(bigEndian: UnsafeRawPointer(start + from).loadUnaligned(as: UInt64.self)) }
        return (from..<from + 8).reduce(0) { $0 << 8 | ($1 < count ? UInt64(start[$1]) : 0) }
    }
}
