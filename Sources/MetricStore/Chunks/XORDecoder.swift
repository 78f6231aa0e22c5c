import Bytes
import MetricModel

/// Decodes XOR chunks (`tsdb/chunkenc/xor.go`) into sample columns.
enum XORDecoder {
    /// Appends the samples within `time` to `buffer`.
    ///
    /// Never reads outside `chunk`. Throws when the bits run out before the samples do, or when time does not rise. Of a chunk that is said to end
    /// within `time` the time is looked at in the end only.
    static func decode(
        _ chunk: UnsafeBufferPointer<UInt8>, _ time: ClosedRange<Int64>, endsWithin: Bool = false, into buffer: inout SampleBuffer
    ) throws(ChunkDecoder.Malformed) {
        guard chunk.count >= OpenChunk.headerBytes, let base = chunk.baseAddress else { throw ChunkDecoder.Malformed(reason: "a chunk is shorter than its header") }
        let total = Int(base[0]) << 8 | Int(base[1])
        if total == 0 { return }
        // Every sample but the first takes at least two bits, so a short chunk cannot make us reserve much.
        guard total <= chunk.count * 4 else { throw ChunkDecoder.Malformed(reason: "a chunk of \(chunk.count) bytes says it holds \(total) samples") }
        buffer.reserve(total)
        let times = buffer.timestamps + buffer.count
        let values = buffer.values + buffer.count

        var reader = BitReader(base: base, count: chunk.count, position: OpenChunk.headerBytes * 8)
        var walk = Walk(reading: &reader, into: times, values)
        let last = endsWithin ? Int64.max : time.upperBound
        if total > 1, walk.now <= last {
            try walk.second(&reader, into: times, values)
            // As long as a whole sample, however wide, lies before the end, there is nothing to be careful about. The rest is copied to where
            // the same is true.
            try walk.run(base, until: (chunk.count - Walk.sampleBytesMax) * 8, total, last, times, values)
            if walk.count < total, walk.now <= last {
                let tail = min(walk.position >> 3, chunk.count)
                let left = chunk.count - tail
                walk.position -= tail * 8
                try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: left + Walk.sampleBytesMax) { copy throws(ChunkDecoder.Malformed) in
                    // SAFETY: there is room for what is left, and for a sample behind it, which is zeros.
                    guard let start = copy.baseAddress else { return }
                    start.update(from: base + tail, count: left)
                    (start + left).update(repeating: 0, count: Walk.sampleBytesMax)
                    try walk.run(start, until: left * 8 - 1, total, last, times, values)
                }
                walk.position += tail * 8
                guard walk.count == total || walk.now > last else { throw Self.endsEarly }
            }
        }
        guard walk.position <= chunk.count * 8 else { throw Self.endsEarly }

        // Times rise, so what is not wanted stands at the ends.
        while walk.count > 0, times[walk.count - 1] > time.upperBound { walk.count -= 1 }
        var early = 0
        while early < walk.count, times[early] < time.lowerBound { early += 1 }
        if early > 0 {
            // SAFETY: both columns have `count` samples; `update` may overlap.
            times.update(from: times + early, count: walk.count - early)
            values.update(from: values + early, count: walk.count - early)
        }
        buffer.advance(by: walk.count - early)
    }

    private static var endsEarly: ChunkDecoder.Malformed { ChunkDecoder.Malformed(reason: "a chunk ends before its samples do") }

    /// How far a chunk is decoded: the last sample's time and value, and what the next one is told by.
    private struct Walk {
        /// From a sample's first bit on, a look at its last bits may reach so far: 145 bits at most, and a look of nine bytes.
        static let sampleBytesMax = 28

        /// In bits.
        var position: Int
        /// Of samples written.
        var count = 1
        var now: Int64
        var delta: UInt64 = 0
        var bits: UInt64
        /// Of the last value that brought its own.
        var width = 64
        var trailing = 0

        /// Takes the first sample.
        init(reading reader: inout BitReader, into times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>) {
            let first = reader.readUvarint()
            now = Int64(bitPattern: first >> 1) ^ -Int64(bitPattern: first & 1)
            bits = reader.read(64)
            position = reader.position
            times[0] = now
            values[0] = Double(bitPattern: bits)
        }

        /// Takes the second sample, which has a delta of its own.
        mutating func second(_ reader: inout BitReader, into times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>) throws(ChunkDecoder.Malformed) {
            delta = reader.readUvarint()
            let then = now &+ Int64(bitPattern: delta)
            guard then > now else { throw Self.fallingTime }
            if reader.read(1) == 1 {
                if reader.read(1) == 1 {
                    let leading = Int(reader.read(5))
                    width = Self.width(reader.read(6))
                    trailing = 64 - leading - width
                    guard trailing >= 0 else { throw Self.impossibleWidth }
                }
                bits ^= reader.read(width) &<< UInt64(trailing)
            }
            (now, position, count) = (then, reader.position, 2)
            times[1] = now
            values[1] = Double(bitPattern: bits)
        }

        /// Takes samples that begin at bit `limit` of `base` or before it, until there are `total`, or one is later than `last`, which is the last taken.
        ///
        /// `sampleBytesMax` bytes behind the limit are there to be looked at.
        mutating func run(
            _ base: UnsafePointer<UInt8>, until limit: Int, _ total: Int, _ last: Int64, _ times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>
        ) throws(ChunkDecoder.Malformed) {
            // Most chunks are wanted to their end: they have a loop without a look at the time.
            if last == .max {
                try loop(base, until: limit, total, nil, times, values)
            } else {
                try loop(base, until: limit, total, last, times, values)
            }
        }

        @inline(__always)
        private mutating func loop(
            _ base: UnsafePointer<UInt8>, until limit: Int, _ total: Int, _ last: Int64?, _ times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>
        ) throws(ChunkDecoder.Malformed) {
            // Locals, to be kept in registers. Whether a value changed and whether its width is new are branches: what a wrong guess costs is less than
            // what doing without guesses did, for then each sample waits for the one before.
            var (position, now, delta, bits, width) = (position, now, delta, bits, width)
            var leading = UInt64(truncatingIfNeeded: 64 &- width &- trailing)
            var mask = UInt64.max &<< UInt64(truncatingIfNeeded: trailing)
            var (time, value) = (times + count, values + count)
            let end = times + total
            while time < end, position <= limit {
                if let last, now > last { break }
                var word = Self.look(base, position)
                if _fastPath(Int64(bitPattern: word) >= 0) {
                    position &+= 1
                    word &<<= 1
                } else {
                    if word >> 62 == 0b10 {
                        let raw = Int64(bitPattern: (word &<< 2) &>> 50)
                        // As in `BitReader.readChange`.
                        delta = delta &+ UInt64(bitPattern: raw > 1 << 13 ? raw - 1 << 14 : raw)
                        position &+= 16
                        word &<<= 16
                    } else {
                        // SAFETY: as everywhere here, a sample's bytes are there.
                        var reader = BitReader(base: base, count: (position >> 3) + Self.sampleBytesMax, position: position)
                        delta = delta &+ UInt64(bitPattern: reader.readChange(word))
                        position = reader.position
                        word = Self.look(base, position)
                    }
                }
                let then = now &+ Int64(bitPattern: delta)
                guard then > now else { throw Self.fallingTime }
                now = then

                if Int64(bitPattern: word) >= 0 {
                    position &+= 1
                } else if _fastPath(word >> 62 == 0b10) {
                    position &+= 2
                    // What is narrow is in sight already.
                    let written = _fastPath(width <= Self.lookBits - 18) ? word &<< 2 : Self.value(base, position, width)
                    bits ^= (written &>> leading) & mask
                    position &+= width
                } else {
                    width = Self.width(word &>> 51 & 63)
                    leading = word &>> 57 & 31
                    let trailing = 64 &- Int(truncatingIfNeeded: leading) &- width
                    guard trailing >= 0 else { throw Self.impossibleWidth }
                    mask = UInt64.max &<< UInt64(truncatingIfNeeded: trailing)
                    position &+= 13
                    bits ^= (Self.value(base, position, width) &>> leading) & mask
                    position &+= width
                }
                time.pointee = now
                value.pointee = Double(bitPattern: bits)
                time += 1
                value += 1
            }
            (self.position, self.count, self.now, self.delta, self.bits, self.width) = (position, time - times, now, delta, bits, width)
            self.trailing = 64 &- Int(truncatingIfNeeded: leading) &- width
        }

        /// The next bits, `width` of them at least, the first one highest.
        @inline(__always)
        private static func value(_ base: UnsafePointer<UInt8>, _ position: Int, _ width: Int) -> UInt64 {
            let value = look(base, position)
            if _fastPath(width <= lookBits) { return value }
            return value | UInt64(base[position >> 3 &+ 8]) &>> UInt64(8 &- position & 7)
        }

        /// How many bits a look shows at least.
        private static let lookBits = 57

        /// At least the next `lookBits` bits, zeros behind.
        @inline(__always)
        private static func look(_ base: UnsafePointer<UInt8>, _ position: Int) -> UInt64 {
            // SAFETY: `run` looks only where a sample may be.
            UInt64(bigEndian: UnsafeRawPointer(base + position >> 3).loadUnaligned(as: UInt64.self)) &<< UInt64(truncatingIfNeeded: position & 7)
        }

        /// 64 is written as 0.
        @inline(__always)
        private static func width(_ written: UInt64) -> Int { Int(truncatingIfNeeded: (written &- 1) & 63) &+ 1 }

        private static var fallingTime: ChunkDecoder.Malformed { ChunkDecoder.Malformed(reason: "time does not rise within a chunk") }
        private static var impossibleWidth: ChunkDecoder.Malformed { ChunkDecoder.Malformed(reason: "a value's width is impossible") }
    }
}
