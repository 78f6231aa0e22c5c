/// The bytes around records in a segment, those of Prometheus's write-ahead log (`tsdb/wlog/wlog.go`).
///
/// A segment is a run of 32 KiB pages. A record is one fragment, or several when it crosses pages; it never crosses segments.
/// A fragment is seven bytes — kind and compression, length (2, big endian), CRC-32C of the content (4, big endian) — and its
/// content. What is left of a page is zeros.
enum RecordFraming {
    static let pageBytes = 32 << 10
    static let headerBytes = 7
    /// The largest record that is read back, decompressed.
    static let recordBytesMax = 256 << 20

    enum Fragment: UInt8 {
        case pageEnd = 0, full, first, middle, last
    }

    static let fragmentMask: UInt8 = 0x07
    static let snappyBit: UInt8 = 0x08
    static let zstdBit: UInt8 = 0x10
    static let unknownBits: UInt8 = 0xE0
    /// How what zstd compressed begins.
    static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
}
