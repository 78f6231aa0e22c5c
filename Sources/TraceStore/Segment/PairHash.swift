/// The hash by which page filters know a key and its value. Part of the file format: it never changes within a version.
///
/// Eight bytes a round, little endian, multiplied and folded; the two hashes are folded into one.
enum PairHash {
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = 0x2545_F491_4F6C_DD1D ^ UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index < bytes.count {
            var word: UInt64 = 0
            let end = min(index + 8, bytes.count)
            for at in index..<end { word |= UInt64(bytes[at]) << UInt64(8 * (at - index)) }
            state = fold(state ^ word, 0xA076_1D64_78BD_642F)
            index = end
        }
        return fold(state, 0x8EBC_6AF0_9C88_C6E3)
    }

    static func hash(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { hash($0) }
    }

    static func pair(key: UInt64, value: UInt64) -> UInt64 { fold(key ^ 0xE703_7ED1_A0B4_28DB, value | 1) ^ value }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}

/// A Bloom filter over pairs: 12 bits a pair, 8 probes, about 3 wrong answers in 1,000.
enum PairFilter {
    private static let bitsPerPair = 12
    private static let probes: UInt32 = 8

    /// The bits for distinct `hashes`, a whole number of 8-byte words; none for none.
    static func bits(_ hashes: some Collection<UInt64>) -> [UInt64] {
        guard !hashes.isEmpty else { return [] }
        var words = [UInt64](repeating: 0, count: (hashes.count * bitsPerPair + 63) / 64)
        let count = UInt64(words.count * 64)
        for hash in hashes {
            for probe in 0..<probes {
                let bit = Self.bit(hash, probe, count)
                words[Int(bit >> 6)] |= 1 << (bit & 63)
            }
        }
        return words
    }

    /// Whether the pair may be among those that `filter`, the little-endian bytes of the words, was made of.
    static func mayContain(_ filter: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Bool {
        guard !filter.isEmpty else { return false }
        let count = UInt64(filter.count) * 8
        for probe in 0..<probes {
            let bit = Self.bit(hash, probe, count)
            if filter[Int(bit >> 3)] & 1 << UInt8(bit & 7) == 0 { return false }
        }
        return true
    }

    private static func bit(_ hash: UInt64, _ probe: UInt32, _ count: UInt64) -> UInt64 {
        let position = UInt32(truncatingIfNeeded: hash) &+ probe &* (UInt32(truncatingIfNeeded: hash >> 32) | 1)
        return (UInt64(position) &* count) >> 32
    }
}
