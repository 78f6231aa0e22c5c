import MetricModel
import Platform

/// Writes samples of the past as blocks into a data directory that no store runs on: one range of time after the other, as
/// `promtool tsdb create-blocks-from` does.
package final class HistoryWriter {
    private let disk: any FileSystem
    private let directory: String
    private let clock: any TimeSource
    private let lock: DirectoryLock
    /// The series of the range at hand, by labels, and in the order in which they came.
    private var numbers: [Labels: UInt32] = [:]
    private var names: [Labels] = []
    /// Samples in the order in which they came: of which series, when, what.
    private var columns: [(series: UInt32, time: Int64, value: Double)] = []

    /// Makes the directory if need be and takes it; throws `.locked` when a store runs on it.
    package init(directory: String, disk: any FileSystem = Disk(), clock: any TimeSource = SystemClock()) throws(MetricStoreError) {
        self.disk = disk
        self.directory = directory
        self.clock = clock
        do throws(PlatformError) {
            try disk.makeDirectory(directory)
            lock = try disk.lock(directory)
        } catch { throw MetricStoreError(error) }
    }

    deinit { lock.release() }

    /// The number of a series, good until the block is written.
    package func number(_ labels: Labels) -> UInt32 {
        if let known = numbers[labels] { return known }
        let number = UInt32(names.count)
        numbers[labels] = number
        names.append(labels)
        return number
    }

    /// Adds a sample of the range at hand. Series and times may come in any order.
    package func add(_ series: UInt32, _ time: Int64, _ value: Double) { columns.append((series, time, value)) }

    /// As `add(_:_:_:)`, for a series that is named by its labels.
    package func add(_ labels: Labels, _ time: Int64, _ value: Double) { add(number(labels), time, value) }

    /// How many samples wait to be written.
    package var count: Int { columns.count }

    /// Writes what was added as one block and forgets it; nil when nothing was. Throws when a series has two values at one time, and
    /// nothing is written then.
    package func writeBlock() throws(MetricStoreError) -> BlockSummary? {
        defer {
            numbers = [:]
            names = []
            columns = []
        }
        guard let low = columns.map(\.time).min(), let high = columns.map(\.time).max() else { return nil }
        columns.sort { ($0.series, $0.time) < ($1.series, $1.time) }
        var meta = BlockMeta(id: BlockID.new(clock), minTime: low, maxTime: high + 1)
        // It must not pass for what was made of the head: the log's samples before its end would be taken for its own.
        meta.hints = [BlockMeta.outOfOrderHint]
        do throws(MetricStoreError) {
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: StringTable(ofLabels: names))
            let encoder = ChunkEncoder()
            var starts = [Int](repeating: 0, count: names.count + 1)
            for sample in columns { starts[Int(sample.series) + 1] += 1 }
            for index in names.indices { starts[index + 1] += starts[index] }
            for number in names.indices.sorted(by: { names[$0] < names[$1] }) {
                var buffer = SampleBuffer()
                for sample in columns[starts[number]..<starts[number + 1]] {
                    if buffer.count > 0, buffer.timestamps[buffer.count - 1] == sample.time {
                        if buffer.values[buffer.count - 1].bitPattern == sample.value.bitPattern { continue }
                        throw .refused(reason: "series \(names[number]) has two values at \(sample.time): \(buffer.values[buffer.count - 1]) and \(sample.value)")
                    }
                    buffer.append(sample.time, sample.value)
                }
                try encoder.encode(buffer) { chunk throws(MetricStoreError) in try writer.add(chunk) }
                try writer.endSeries(names[number])
            }
            guard let written = try writer.finish() else { return nil }
            do throws(PlatformError) { return BlockSummary(meta: written, byteCount: try disk.treeSize("\(directory)/\(written.id)")) } catch { throw MetricStoreError(error) }
        } catch {
            BlockWriter.discard(disk, directory: directory, meta.id)
            throw error
        }
    }
}
