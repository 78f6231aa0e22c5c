import MetricModel

/// Writes XOR2 chunks bit by bit, after the description at the head of upstream's `tsdb/chunkenc/xor2.go`. Slow and plain on purpose.
struct XOR2Encoder {
    struct Sample {
        var time: Int64
        var value: Double
        /// When the series began; 0 for not known.
        var start: Int64
    }

    private var bits: [Bool] = []
    private var window: (leading: Int, trailing: Int)?
    private var baseline: UInt64 = 0

    static func encode(_ samples: [Sample]) -> [UInt8] {
        var encoder = XOR2Encoder()
        let header = encoder.put(samples)
        var bytes = [UInt8(samples.count >> 8), UInt8(samples.count & 0xFF), header]
        for at in stride(from: 0, to: encoder.bits.count, by: 8) {
            bytes.append((0..<8).reduce(0) { $0 << 1 | (at + $1 < encoder.bits.count && encoder.bits[at + $1] ? 1 : 0) })
        }
        return bytes
    }

    /// Writes everything behind the header and returns the header's byte of starts.
    private mutating func put(_ samples: [Sample]) -> UInt8 {
        var header: UInt8 = 0
        var deltaBefore: Int64 = 0
        var startDifference: Int64?
        for (index, sample) in samples.enumerated() {
            guard index > 0 else {
                varint(sample.time)
                put(sample.value.bitPattern, 64)
                if !Staleness.isMarker(sample.value) { baseline = sample.value.bitPattern }
                if sample.start != 0 {
                    header = 0x80
                    varint(sample.time - sample.start)
                }
                continue
            }
            let before = samples[index - 1]
            let delta = sample.time - before.time
            if index == 1 {
                uvarint(UInt64(delta))
                value(sample.value)
            } else {
                joint(delta - deltaBefore, sample.value)
            }
            deltaBefore = delta
            if let difference = startDifference {
                varbit(before.time - sample.start - difference)
                startDifference = before.time - sample.start
            } else if sample.start != before.start || index == 127 {
                header |= UInt8(index)
                varbit(before.time - sample.start)
                startDifference = before.time - sample.start
            }
        }
        return header
    }

    private mutating func joint(_ change: Int64, _ sample: Double) {
        if change == 0 {
            if Staleness.isMarker(sample) { return put(0b11111, 5) }
            if sample.bitPattern == baseline { return put(0, 1) }
            put(0b10, 2)
            return changed(sample, reuse: (0, 1), fresh: (1, 1))
        }
        switch change {
        case -4096...4095:
            put(0b110, 3)
            put(UInt64(bitPattern: change), 13)
        case -524_288...524_287:
            put(0b1110, 4)
            put(UInt64(bitPattern: change), 20)
        default:
            put(0b11110, 5)
            put(UInt64(bitPattern: change), 64)
        }
        value(sample)
    }

    private mutating func value(_ sample: Double) {
        if Staleness.isMarker(sample) { return put(0b111, 3) }
        if sample.bitPattern == baseline { return put(0, 1) }
        changed(sample, reuse: (0b10, 2), fresh: (0b110, 3))
    }

    private mutating func changed(_ sample: Double, reuse: (UInt64, Int), fresh: (UInt64, Int)) {
        let change = sample.bitPattern ^ baseline
        baseline = sample.bitPattern
        let (leading, trailing) = (min(change.leadingZeroBitCount, 31), change.trailingZeroBitCount)
        if let window, leading >= window.leading, trailing >= window.trailing {
            put(reuse.0, reuse.1)
            return put(change >> UInt64(window.trailing), 64 - window.leading - window.trailing)
        }
        window = (leading, trailing)
        put(fresh.0, fresh.1)
        put(UInt64(leading), 5)
        put(UInt64((64 - leading - trailing) & 63), 6)
        put(change >> UInt64(trailing), 64 - leading - trailing)
    }

    private mutating func varbit(_ number: Int64) {
        if number == 0 { return put(0, 1) }
        for (ones, width) in [3, 6, 9, 12, 18, 25, 56].enumerated() where -(1 << (width - 1)) < number && number <= 1 << (width - 1) {
            put(UInt64.max, ones + 1)
            put(0, 1)
            return put(UInt64(bitPattern: number), width)
        }
        put(0xFF, 8)
        put(UInt64(bitPattern: number), 64)
    }

    private mutating func varint(_ number: Int64) { uvarint(UInt64(bitPattern: number << 1 ^ number >> 63)) }

    private mutating func uvarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            put(rest | 0x80, 8)
            rest >>= 7
        }
        put(rest, 8)
    }

    /// The low `count` bits, high ones first.
    private mutating func put(_ number: UInt64, _ count: Int) {
        for bit in stride(from: count - 1, through: 0, by: -1) { bits.append(number >> UInt64(bit) & 1 == 1) }
    }
}
