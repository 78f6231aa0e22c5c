import MetricModel
import Platform

/// Writes samples of the past as blocks into a data directory that no store runs on, as
/// `promtool tsdb create-blocks-from` does.
package final class HistoryWriter {
    private let disk: any FileSystem
    private let directory: String
    private let clock: any TimeSource
    private let lock: DirectoryLock
    /// The series at hand, by labels, and in the order in which they came.
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

    /// The number of a series, good until blocks are written.
    package func number(_ labels: Labels) -> UInt32 {
        if let known = numbers[labels] { return known }
        let number = UInt32(names.count)
        numbers[labels] = number
        names.append(labels)
        return number
    }

    /// Adds a sample. Series and times may come in any order.
    package func add(_ series: UInt32, _ time: Int64, _ value: Double) { columns.append((series, time, value)) }

    /// As `add(_:_:_:)`, for a series that is named by its labels.
    package func add(_ labels: Labels, _ time: Int64, _ value: Double) { add(number(labels), time, value) }

    /// How many samples wait to be written.
    package var count: Int { columns.count }

    /// The start of the range of so many milliseconds that a time lies in. Throws for a time that no sample can have.
    package static func range(_ time: Int64, _ rangeMillis: Int64) throws(MetricStoreError) -> Int64 {
        guard SampleTime.range.contains(time) else {
            throw .refused(reason: "a sample at \(time) is too far from the epoch: times are milliseconds here, seconds in OpenMetrics")
        }
        return (time >= 0 ? time / rangeMillis : (time - rangeMillis + 1) / rangeMillis) * rangeMillis
    }

    /// Writes what was added, a block for every range of time that has any of it, and forgets it. Throws when a series has two values at one
    /// time; its range and those behind are not written then.
    package func writeBlocks(every rangeMillis: Int64) throws(MetricStoreError) -> [BlockSummary] {
        defer {
            numbers = [:]
            names = []
            columns = []
        }
        columns.sort { ($0.time, $0.series) < ($1.time, $1.series) }
        for sample in [columns.first, columns.last] { if let sample { _ = try Self.range(sample.time, rangeMillis) } }
        let order = names.indices.sorted { names[$0] < names[$1] }
        var written: [BlockSummary] = []
        var start = columns.startIndex
        while start < columns.endIndex {
            let limit = try Self.range(columns[start].time, rangeMillis) + rangeMillis
            let end = columns[start...].firstIndex { $0.time >= limit } ?? columns.endIndex
            if let block = try writeBlock(columns[start..<end], order) { written.append(block) }
            start = end
        }
        return written
    }

    /// One block of samples in the order of time; `order` is that of the series by their labels.
    private func writeBlock(_ samples: ArraySlice<(series: UInt32, time: Int64, value: Double)>, _ order: [Int]) throws(MetricStoreError) -> BlockSummary? {
        guard let low = samples.first?.time, let high = samples.last?.time else { return nil }
        var meta = BlockMeta(id: BlockID.new(clock), minTime: low, maxTime: high + 1)
        // It must not pass for what was made of the head: the log's samples before its end would be taken for its own.
        meta.hints = [BlockMeta.outOfOrderHint]
        // The samples of each series, in the order of time, one series behind the other.
        var ends = [Int](repeating: 0, count: names.count)
        for sample in samples { ends[Int(sample.series)] += 1 }
        for index in ends.indices.dropFirst() { ends[index] += ends[index - 1] }
        var bySeries = [(time: Int64, value: Double)](repeating: (0, 0), count: samples.count)
        var starts = ends
        for sample in samples.reversed() {
            starts[Int(sample.series)] -= 1
            bySeries[starts[Int(sample.series)]] = (sample.time, sample.value)
        }
        do throws(MetricStoreError) {
            let used = order.filter { starts[$0] < ends[$0] }
            var writer = try BlockWriter(disk, directory: directory, meta: meta, symbols: StringTable(ofLabels: used.map { names[$0] }))
            let encoder = ChunkEncoder()
            for number in used {
                var buffer = SampleBuffer()
                for sample in bySeries[starts[number]..<ends[number]] {
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
