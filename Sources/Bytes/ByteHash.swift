/// A fast 64-bit hash of bytes for tables in memory. Not for disk, not against adversaries who can read memory.
package enum ByteHash {
    /// A seed drawn once a process, so that collisions cannot be prepared from outside.
    package static let seed = UInt64.random(in: .min ... .max)

    /// Multiplies and folds eight bytes a round. O(count), no allocation.
    @inlinable package static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return finish(state) }
        var p = base
        var left = bytes.count
        while left >= 8 {
            state = fold(state ^ p.loadUnaligned(as: UInt64.self), 0xA076_1D64_78BD_642F)
            p += 8
            left -= 8
        }
        if left > 0 {
            var tail: UInt64 = 0
            for i in 0..<left { tail |= UInt64(p.load(fromByteOffset: i, as: UInt8.self)) &<< UInt64(i * 8) }
            state = fold(state ^ tail, 0xE703_7ED1_A0B4_28DB)
        }
        return finish(state)
    }

    @inlinable package static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 { hash(bytes, seed: seed) }

    @inlinable static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inlinable static func finish(_ state: UInt64) -> UInt64 { fold(state, 0x8EBC_6AF0_9C88_C6E3) }
}
