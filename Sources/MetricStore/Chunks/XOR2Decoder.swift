import MetricModel

/// Decodes XOR2 chunks (`tsdb/chunkenc/xor2.go`, Prometheus 3.10 and later) into sample columns; when a series began is read over.
enum XOR2Decoder {
    /// The number of samples, and which of them tell a start.
    private static let headerBytes = 3

    /// Appends the samples within `time` to `buffer`.
    ///
    /// Never reads outside `chunk`. Throws when the bits run out before the samples do, or when time does not rise.
    static func decode(_ chunk: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, into buffer: inout SampleBuffer) throws(ChunkDecoder.Malformed) {
        guard chunk.count >= headerBytes, let base = chunk.baseAddress else { throw ChunkDecoder.Malformed(reason: "a chunk is shorter than its header") }
        let total = Int(base[0]) << 8 | Int(base[1])
        if total == 0 { return }
        // Every sample takes at least a bit, so a short chunk cannot make us reserve much.
        guard total <= chunk.count * 8 else { throw ChunkDecoder.Malformed(reason: "a chunk of \(chunk.count) bytes says it holds \(total) samples") }
        let starts = StartHeader(base[2])
        buffer.reserve(total)
        let times = buffer.timestamps + buffer.count
        let values = buffer.values + buffer.count
        var kept = 0
        var reader = BitReader(base: base, count: chunk.count, position: headerBytes * 8)
        var value = XOR2Value()
        var now: Int64 = 0
        var delta: UInt64 = 0
        for index in 0..<total {
            let before = now
            var isSound = true
            switch index {
            case 0:
                now = zigzag(reader.readUvarint())
                value.begin(reader.read(64))
            case 1:
                delta = reader.readUvarint()
                now = before &+ Int64(bitPattern: delta)
                isSound = value.next(&reader)
            default:
                isSound = advance(&reader, &delta, &value)
                now = before &+ Int64(bitPattern: delta)
            }
            guard isSound else { throw ChunkDecoder.Malformed(reason: "a value's width is impossible") }
            guard index == 0 || now > before else { throw ChunkDecoder.Malformed(reason: "time does not rise within a chunk") }
            starts.skip(&reader, index)
            guard reader.isWithin else { throw ChunkDecoder.Malformed(reason: "a chunk ends before its samples do") }
            if now > time.upperBound { break }
            if now >= time.lowerBound {
                times[kept] = now
                values[kept] = value.value
                kept += 1
            }
        }
        buffer.advance(by: kept)
    }

    private static func zigzag(_ raw: UInt64) -> Int64 { Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1) }

    /// Reads a sample behind the second: how its delta differs and its value, told together by up to five bits. False when a width is impossible.
    @inline(__always)
    private static func advance(_ reader: inout BitReader, _ delta: inout UInt64, _ value: inout XOR2Value) -> Bool {
        let ones = (~reader.peek()).leadingZeroBitCount
        switch ones {
        case 0:
            reader.position += 1
            value.keep()
            return true
        case 1:
            reader.position += 2
            return value.change(&reader)
        case 2:
            reader.position += 3
            delta = delta &+ signed(&reader, 13)
        case 3:
            reader.position += 4
            delta = delta &+ signed(&reader, 20)
        case 4:
            reader.position += 5
            delta = delta &+ reader.read(64)
        default:
            reader.position += 5
            value.markStale()
            return true
        }
        return value.next(&reader)
    }

    /// A number in two's complement, unlike those of XOR chunks.
    @inline(__always)
    private static func signed(_ reader: inout BitReader, _ width: Int) -> UInt64 {
        let unused = UInt64(64 - width)
        return UInt64(bitPattern: Int64(bitPattern: reader.read(width) &<< unused) &>> Int64(unused))
    }
}

/// Which samples of a chunk tell when their series began (`tsdb/chunkenc/st.go`).
private struct StartHeader {
    private let isFirstKnown: Bool
    /// From this sample on all do; 0 for none.
    private let changeIndex: Int

    init(_ byte: UInt8) {
        isFirstKnown = byte & 0x80 != 0
        changeIndex = Int(byte & 0x7F)
    }

    @inline(__always)
    func skip(_ reader: inout BitReader, _ index: Int) {
        if index == 0 {
            if isFirstKnown { _ = reader.readUvarint() }
        } else if changeIndex > 0, index >= changeIndex {
            _ = reader.readVarbit()
        }
    }
}

/// The value of the current sample, and what the next one is told by: the last that was no stale marker, and where its bits stood.
private struct XOR2Value {
    private var bits: UInt64 = 0
    private var baseline: UInt64 = 0
    private var leading = 0
    private var width = 64

    var value: Double { Double(bitPattern: bits) }

    mutating func begin(_ first: UInt64) {
        bits = first
        if !Staleness.isMarker(Double(bitPattern: first)) { baseline = first }
    }

    @inline(__always) mutating func keep() { bits = baseline }

    mutating func markStale() { bits = Staleness.marker.bitPattern }

    /// Reads a value that may be the same, changed or a marker. False when its width is impossible.
    @inline(__always)
    mutating func next(_ reader: inout BitReader) -> Bool {
        let ones = (~reader.peek()).leadingZeroBitCount
        switch ones {
        case 0:
            reader.position += 1
            keep()
        case 1:
            reader.position += 2
            apply(&reader)
        case 2:
            reader.position += 3
            return readWindow(&reader)
        default:
            reader.position += 3
            markStale()
        }
        return true
    }

    /// Reads a value that changed. False when its width is impossible.
    @inline(__always)
    mutating func change(_ reader: inout BitReader) -> Bool {
        let isNewWindow = reader.read(1) == 1
        if isNewWindow { return readWindow(&reader) }
        apply(&reader)
        return true
    }

    @inline(__always)
    private mutating func readWindow(_ reader: inout BitReader) -> Bool {
        leading = Int(reader.read(5))
        width = Int(reader.read(6))
        if width == 0 { width = 64 }
        guard leading + width <= 64 else { return false }
        apply(&reader)
        return true
    }

    @inline(__always)
    private mutating func apply(_ reader: inout BitReader) {
        baseline ^= reader.read(width) &<< UInt64(64 - leading - width)
        bits = baseline
    }
}
