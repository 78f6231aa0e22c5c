import Bytes
import MetricModel
import MetricStore
import Platform

/// A store on a simulated disk, and ways to fill and read it.
enum StoreFixture {
    /// 2026-01-01T00:00:00Z, a multiple of two hours.
    static let start: Int64 = 1_767_225_600_000

    static func open(_ disk: any FileSystem = SimulatedDisk(), _ directory: String = "/data", clock: any TimeSource = ManualClock(unixMillis: start),
                     _ change: (inout MetricStore.Options) -> Void = { _ in }) throws -> MetricStore {
        var options = MetricStore.Options()
        options.futureMillisMax = nil
        change(&options)
        return try MetricStore.open(directory: directory, options: options, clock: clock, disk: disk)
    }

    static func batch(_ samples: [(Labels, Int64, Double)]) -> SampleBatch {
        var batch = SampleBatch()
        for (labels, time, value) in samples { batch.append(labels, timestamp: time, value: value) }
        return batch
    }

    /// The label fields of a remote-write series, in the order given.
    static func protobufKey(_ pairs: [(String, String)]) -> [UInt8] {
        var out = ByteWriter()
        for (name, value) in pairs {
            out.appendMessage(1) { message in
                message.appendField(1, string: name)
                message.appendField(2, string: value)
            }
        }
        return out.array()
    }

    /// A batch with one sample of a series that is named by a protobuf key.
    static func batch(key: [UInt8], _ time: Int64, _ value: Double) -> SampleBatch {
        var batch = SampleBatch(arena: key)
        batch.series = [.init(keyOffset: 0, keyLength: key.count, keyEncoding: .protobuf, samples: 0..<1)]
        batch.timestamps = [time]
        batch.values = [value]
        return batch
    }

    /// A sample whose value compares by bits, so that NaN equals itself.
    struct Sample: Equatable, CustomStringConvertible {
        let time: Int64
        let bits: UInt64
        init(_ time: Int64, _ value: Double) {
            self.time = time
            bits = value.bitPattern
        }
        var description: String { "\(Double(bitPattern: bits))@\(time)" }
    }

    /// Everything that a selection yields.
    static func read(_ reader: some MetricReader, _ matchers: [Matcher] = [], _ time: ClosedRange<Int64> = .min ... .max) throws -> [Labels: [Sample]] {
        var result: [Labels: [Sample]] = [:]
        var buffer = SampleBuffer()
        for series in try reader.select(SeriesSelection(matchers, time: time)) {
            buffer.removeAll()
            try series.read(time, into: &buffer)
            result[series.labels] = (0..<buffer.count).map { Sample(buffer.timestamps[$0], buffer.values[$0]) }
        }
        return result
    }
}
