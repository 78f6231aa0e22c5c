import CCRC32C

/// The Castagnoli checksum of WAL pages, chunks and indexes (Go's `crc32.MakeTable(crc32.Castagnoli)`).
package enum CRC32C {
    // SAFETY: written once, before first use, by the lazy initialiser of a global; read-only afterwards; never freed.
    nonisolated(unsafe) private static let table: UnsafePointer<UInt32> = {
        let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for i in 0..<256 {
            var crc = UInt32(i)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
            table[i] = crc
        }
        for i in 0..<256 {
            for slice in 1..<8 {
                let before = table[(slice - 1) * 256 + i]
                table[slice * 256 + i] = (before >> 8) ^ table[Int(before & 0xFF)]
            }
        }
        return UnsafePointer(table)
    }()

    private static let isBuiltIn = crc32c_is_built_in()

    /// The checksum of `bytes`, continuing from `crc` (0 to begin).
    package static func checksum(_ bytes: UnsafeBufferPointer<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
        guard isBuiltIn else { return tabulated(bytes, continuing: crc) }
        return bytes.isEmpty ? crc : ~crc32c_update(~crc, bytes.baseAddress, bytes.count)
    }

    /// The same where the processor has no instruction for it: eight bytes a round, from tables.
    package static func tabulated(_ bytes: UnsafeBufferPointer<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
        let table = table
        var state = ~crc
        guard var p = UnsafeRawPointer(bytes.baseAddress) else { return crc }
        var left = bytes.count
        while left >= 8 {
            let word = UInt64(littleEndian: p.loadUnaligned(as: UInt64.self)) ^ UInt64(state)
            state = table[7 * 256 + Int(word & 0xFF)] ^ table[6 * 256 + Int(word >> 8 & 0xFF)]
                ^ table[5 * 256 + Int(word >> 16 & 0xFF)] ^ table[4 * 256 + Int(word >> 24 & 0xFF)]
                ^ table[3 * 256 + Int(word >> 32 & 0xFF)] ^ table[2 * 256 + Int(word >> 40 & 0xFF)]
                ^ table[256 + Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
            p += 8
            left -= 8
        }
        while left > 0 {
            state = (state >> 8) ^ table[Int((state ^ UInt32(p.load(as: UInt8.self))) & 0xFF)]
            p += 1
            left -= 1
        }
        return ~state
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBufferPointer { checksum($0) } }
}
