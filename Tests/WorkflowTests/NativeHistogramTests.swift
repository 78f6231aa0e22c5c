#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif
import ObservabilityIntegration
import Testbed
import Testing

@Suite("Native histograms")
struct NativeHistogramTests {
    @Test("a bound belongs to the bucket that it ends", arguments: NativeHistogram.schemaMin...NativeHistogram.schemaFirst)
    func bounds(schema: Int) {
        for power in [-64, -16, 0, 16, 32] {
            let index = schema >= 0 ? power << schema : power >> -schema
            let bound = exp2(Double(power))
            #expect(NativeHistogram.index(of: bound, schema: schema) == index)
            #expect(NativeHistogram.index(of: bound.nextUp, schema: schema) == index + 1)
        }
    }

    @Test("every value is between the bounds of its bucket")
    func values() {
        var generator = SeededGenerator(1)
        for _ in 0..<20_000 {
            let value = exp(Double.random(in: -40...40, using: &generator))
            for schema in [-4, -1, 0, 1, 2, 3] {
                let (index, base) = (Double(NativeHistogram.index(of: value, schema: schema)), exp2(-Double(schema)))
                #expect(value <= exp2(index * base) * (1 + 1e-15) && value > exp2((index - 1) * base) * (1 - 1e-15), "\(value) in bucket \(index) of \(schema)")
            }
        }
    }

    @Test("too many buckets halve the resolution and lose nothing")
    func halving() {
        var generator = SeededGenerator(2)
        var histogram = NativeHistogram(bucketsMax: 20)
        let values = (0..<5_000).map { _ in exp(Double.random(in: -20...20, using: &generator)) }
        for value in values { histogram.observe(value) }
        #expect(histogram.schema < NativeHistogram.schemaFirst)
        #expect(histogram.positive.count <= 20)
        #expect(histogram.positive == values.reduce(into: [:]) { $0[NativeHistogram.index(of: $1, schema: histogram.schema), default: 0] += 1 })
    }

    @Test("what is almost nothing is zero, and signs are kept apart")
    func zeros() {
        var histogram = NativeHistogram()
        for value in [0, 0x1p-128, -0x1p-128, 0x1p-127, -1, -1, 1] { histogram.observe(value) }
        #expect(histogram.zeroCount == 3)
        #expect(histogram.positive == [-127 * 8: 1, 0: 1])
        #expect(histogram.negative == [0: 2])
    }

    @Test("spans and deltas say the buckets")
    func spansAndDeltas() {
        var generator = SeededGenerator(3)
        for _ in 0..<500 {
            var buckets: [Int: UInt64] = [:]
            for _ in 0..<Int.random(in: 0...30, using: &generator) { buckets[.random(in: -60...60, using: &generator)] = .random(in: 1...9, using: &generator) }
            let (spans, deltas) = NativeHistogram.spansAndDeltas(buckets)
            var (read, position, index, count): ([Int: UInt64], Int, Int, Int64) = ([:], 0, 0, 0)
            for span in spans {
                index += span.offset
                for _ in 0..<span.length {
                    count += deltas[position]
                    position += 1
                    if count > 0 { read[index] = UInt64(count) }
                    index += 1
                }
            }
            #expect(read == buckets)
            #expect(position == deltas.count)
            #expect(spans.dropFirst().allSatisfy { $0.offset > 2 })
        }
    }
}
