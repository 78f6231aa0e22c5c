/// The constants of a block's files (`tsdb/docs/format`, `tsdb/index/index.go`, `tsdb/chunks/chunks.go`, `tsdb/tombstones`).
enum BlockFormat {
    static let indexMagic: UInt32 = 0xBAAA_D700
    /// What is written; version 1 is read too, and 3, which differs in nothing that is read here.
    static let indexVersion: UInt8 = 2
    static let indexVersions: ClosedRange<UInt8> = 1...3
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
        case xor = 1, histogram, floatHistogram
        /// Prometheus 3.10 and later, not written here; when the series began is read over.
        case xor2, histogramWithStart, floatHistogramWithStart
    }

    /// Whether a chunk of this encoding, known here or not, holds native histograms.
    static func isHistogram(_ encoding: UInt8) -> Bool { [2, 3, 5, 6].contains(encoding) }

    /// How many samples a chunk says it has; every encoding begins with it, those of histograms with starts behind two bits.
    static func sampleCount(_ chunk: UnsafeBufferPointer<UInt8>, _ encoding: UInt8) -> Int {
        let count = chunk.count >= 2 ? Int(chunk[0]) << 8 | Int(chunk[1]) : 0
        return encoding == 5 || encoding == 6 ? count & 0x3FFF : count
    }

    /// A segment's name, by its place from 1 on.
    static func segmentName(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}

/// A chunk of a block's series: its time, both ends included, and where it is — segment in the upper half, offset in the lower.
struct ChunkReference: Equatable, Sendable {
    var minTime: Int64
    var maxTime: Int64
    var reference: UInt64
}
