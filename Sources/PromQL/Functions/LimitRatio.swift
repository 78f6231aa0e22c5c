import Bytes
import MetricModel

/// The share of series that `limit_ratio` takes: by a hash of their labels, the one upstream uses, so that both take the same.
enum LimitRatio {
    /// Where a series lies between 0 and 1.
    static func offset(of labels: Labels) -> Double {
        var encoded = ByteWriter(capacity: labels.packed.count + 16)
        labels.forEachBytes { name, value in
            append(name, to: &encoded)
            append(value, to: &encoded)
        }
        return Double(encoded.withBytes { XXHash64.hash($0) }) / Double(UInt64.max)
    }

    /// Whether a series at `offset` belongs to the share; a negative ratio takes the complement.
    static func takes(_ offset: Double, _ ratio: Double) -> Bool { ratio >= 0 ? offset < ratio : offset >= 1 + ratio }

    /// Upstream's string labels: one byte of length, or 255 and three.
    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to writer: inout ByteWriter) {
        if bytes.count < 255 {
            writer.append(UInt8(bytes.count))
        } else {
            writer.append(255)
            for shift in [0, 8, 16] { writer.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
        }
        writer.append(bytes)
    }
}

/// The XXH64 hash with seed 0 (github.com/Cyan4973/xxHash, specification).
enum XXHash64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return finish(prime5) }
        var offset = 0
        var hash: UInt64
        // SAFETY: every load below is guarded by the count that remains.
        if bytes.count >= 32 {
            var lanes: (UInt64, UInt64, UInt64, UInt64) = (prime1 &+ prime2, prime2, 0, 0 &- prime1)
            while bytes.count - offset >= 32 {
                lanes.0 = round(lanes.0, base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                lanes.1 = round(lanes.1, base.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
                lanes.2 = round(lanes.2, base.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
                lanes.3 = round(lanes.3, base.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
                offset += 32
            }
            hash = rotate(lanes.0, 1) &+ rotate(lanes.1, 7) &+ rotate(lanes.2, 12) &+ rotate(lanes.3, 18)
            for lane in [lanes.0, lanes.1, lanes.2, lanes.3] { hash = (hash ^ round(0, lane)) &* prime1 &+ prime4 }
        } else {
            hash = prime5
        }
        hash &+= UInt64(bytes.count)
        while bytes.count - offset >= 8 {
            hash = rotate(hash ^ round(0, base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)), 27) &* prime1 &+ prime4
            offset += 8
        }
        if bytes.count - offset >= 4 {
            hash = rotate(hash ^ UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) &* prime1, 23) &* prime2 &+ prime3
            offset += 4
        }
        while offset < bytes.count {
            hash = rotate(hash ^ UInt64(bytes[offset]) &* prime5, 11) &* prime1
            offset += 1
        }
        return finish(hash)
    }

    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { value &<< bits | value &>> (64 - bits) }
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 { rotate(lane &+ input &* prime2, 31) &* prime1 }

    private static func finish(_ value: UInt64) -> UInt64 {
        var hash = value
        hash = (hash ^ hash &>> 33) &* prime2
        hash = (hash ^ hash &>> 29) &* prime3
        return hash ^ hash &>> 32
    }
}
