import Bytes

/// Puts the checksums of a changed file right, as far as its other bytes still say where they are.
enum Checksums {
    private static let indexContentsBytes = 52
    private static let pageBytes = 32 << 10

    /// The input with right checksums; nil for what has none.
    static func repaired(_ input: [UInt8], _ decoder: Decoder) -> [UInt8]? {
        var bytes = input
        switch decoder {
        case .chunk, .record, .meta, .query: return nil
        case .tombstones: if bytes.count >= 9 { put(&bytes, over: 5..<bytes.count - 4) }
        case .log: repairLog(&bytes)
        case .index: repairIndex(&bytes)
        case .mapped: repairMapped(&bytes)
        }
        return bytes
    }

    /// Writes the checksum of a range behind it, if there is room.
    private static func put(_ bytes: inout [UInt8], over range: Range<Int>, at place: Int? = nil) {
        let at = place ?? range.upperBound
        guard range.lowerBound >= 0, range.upperBound <= bytes.count, at >= 0, at + 4 <= bytes.count else { return }
        let checksum = bytes.withUnsafeBufferPointer { CRC32C.checksum(UnsafeBufferPointer(rebasing: $0[range])) }
        for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
    }

    private static func bigEndian(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
        guard at >= 0, at + count <= bytes.count else { return 0 }
        return Int(truncatingIfNeeded: bytes[at..<at + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private static func repairLog(_ bytes: inout [UInt8]) {
        var at = 0
        while at + 7 <= bytes.count {
            let pageEnd = min((at / pageBytes + 1) * pageBytes, bytes.count)
            let (kind, length) = (bytes[at] & 7, bigEndian(bytes, at + 1, 2))
            guard (1...4).contains(kind), at + 7 + length <= pageEnd else {
                at = (at / pageBytes + 1) * pageBytes
                continue
            }
            put(&bytes, over: at + 7..<at + 7 + length, at: at + 3)
            at += 7 + length
        }
    }

    private static func repairIndex(_ bytes: inout [UInt8]) {
        let contents = bytes.count - indexContentsBytes
        guard contents >= 5 else { return }
        put(&bytes, over: contents..<contents + 48)
        let sections = (0..<6).map { bigEndian(bytes, contents + 8 * $0, 8) }
        // A length in four bytes before what the checksum covers: symbols, tables, lists.
        for section in [sections[0], sections[3], sections[5]] { putSection(&bytes, section) }
        var at = sections[4]
        while at > 0, at < contents, at + 4 <= bytes.count {
            putSection(&bytes, at)
            at += 8 + bigEndian(bytes, at, 4)
            if bytes[4] > 1 { at = (at + 3) / 4 * 4 }
        }
        at = sections[1]
        let end = sections[2] > 0 ? sections[2] : sections[4]
        while at > 0, at < min(end, contents) {
            guard let (length, start) = uvarint(bytes, at), length <= bytes.count - start else { break }
            put(&bytes, over: start..<start + length)
            at = start + length + 4
            if bytes[4] > 1 { at = (at + 15) / 16 * 16 }
        }
    }

    private static func repairMapped(_ bytes: inout [UInt8]) {
        var at = 8
        while at + 25 < bytes.count, let (length, start) = uvarint(bytes, at + 25), length <= bytes.count - start {
            put(&bytes, over: at..<start + length)
            at = start + length + 4
        }
    }

    private static func putSection(_ bytes: inout [UInt8], _ at: Int) {
        guard at > 0, at <= bytes.count - 8 else { return }
        let length = bigEndian(bytes, at, 4)
        if length <= bytes.count - at - 8 { put(&bytes, over: at + 4..<at + 4 + length) }
    }

    private static func uvarint(_ bytes: [UInt8], _ at: Int) -> (value: Int, end: Int)? {
        var (value, place) = (0, at)
        while place < bytes.count, place - at < 5 {
            value |= Int(bytes[place] & 0x7F) << (7 * (place - at))
            place += 1
            if bytes[place - 1] < 0x80 { return (value, place) }
        }
        return nil
    }
}
