/// The constants of a block's files (`tsdb/docs/format`, `tsdb/index/index.go`, `tsdb/chunks/chunks.go`, `tsdb/tombstones`).
enum BlockFormat {
    static let indexMagic: UInt32 = 0xBAAA_D700
    static let indexVersion: UInt8 = 2
    static let indexHeaderBytes = 5
    /// Where six sections begin, eight bytes each, and a checksum; the end of an index.
    static let contentsBytes = 52
    /// Series begin at multiples of it, and are referred to by their offset divided by it.
    static let seriesAlignment = 16

    static let chunksMagic: UInt32 = 0x85BD_40DD
    static let chunksVersion: UInt8 = 1
    static let chunksHeaderBytes = 8
    static let chunkSegmentBytesMax = 512 << 20

    static let tombstonesMagic: UInt32 = 0x0130_BA30
    static let tombstonesVersion: UInt8 = 1

    static let creationSuffix = ".tmp-for-creation"
    static let deletionSuffix = ".tmp-for-deletion"

    /// How a chunk's bytes are encoded (`chunkenc.Encoding`).
    enum ChunkEncoding: UInt8 {
        case xor = 1
    }
}

/// A chunk of a block's series: its time, both ends included, and where it is — segment in the upper half, offset in the lower.
struct ChunkReference: Equatable, Sendable {
    var minTime: Int64
    var maxTime: Int64
    var reference: UInt64
}
