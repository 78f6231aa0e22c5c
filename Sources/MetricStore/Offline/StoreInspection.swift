import MetricModel
import Platform
import SegmentLog

/// A data directory opened to be looked at: blocks and log as they are, nothing in it changed, nothing locked.
///
/// The log is read into memory; a store that runs on the directory meanwhile may go on.
package final class StoreInspection: Sendable {
    package let directory: String
    /// What is wrong with blocks and log; it is left out of what is read.
    package let damage: [String]
    let disk: any FileSystem
    /// By time.
    let blocks: [Block]
    /// What only the log has.
    let head: Head

    /// - Parameter readsLog: whether samples that are in no block yet are wanted.
    package init(directory: String, disk: any FileSystem = Disk(), readsLog: Bool = true) throws(MetricStoreError) {
        self.directory = directory
        self.disk = disk
        do throws(PlatformError) {
            let contents = try BlockSet.scan(disk, directory)
            blocks = contents.blocks.sorted { ($0.meta.minTime, $0.meta.maxTime, $0.meta.id.description) < ($1.meta.minTime, $1.meta.maxTime, $1.meta.id.description) }
            head = Head(blockRangeMillis: MetricStore.Options().blockRangeMillis, seriesMax: 0)
            head.minValidTime.store(blocks.filter { !$0.meta.isPartial }.map(\.meta.maxTime).max() ?? .min, ordering: .relaxed)
            var damage = contents.damage
            if readsLog { damage += try LogInspection(disk: disk, directory: directory).read(into: head).damage.map(\.description) }
            self.damage = damage
        } catch { throw MetricStoreError(error) }
    }

    /// The blocks, by time.
    package var summaries: [BlockSummary] { blocks.map { BlockSummary(meta: $0.meta, byteCount: $0.byteCount) } }

    /// Prints every sample in `time` of the series that match any of the sets, one a line, as `promtool tsdb dump` does and in its
    /// order. No set selects all series.
    package func dump(_ selectors: [[Matcher]], _ time: ClosedRange<Int64>, _ print: (String) throws -> Void) throws {
        let overlapping = blocks.filter { $0.time.overlaps(time) }
        var found: [Labels: any SelectedSeries] = [:]
        var order: [Labels] = []
        for matchers in selectors.isEmpty ? [[]] : selectors {
            let selection = SeriesSelection(matchers, time: time)
            for series in try MetricStore.combine(head.select(matchers, time, limit: 0), overlapping, selection) where found.updateValue(series, forKey: series.labels) == nil {
                order.append(series.labels)
            }
        }
        if overlapping.isEmpty, selectors.count <= 1 {
            // Upstream sorts only where it merges; one head alone comes in the order in which its series were made.
            let made = head.index.withLock { index in index.all.compactMap { index.labels(of: $0) } }
            order = made.filter { found[$0] != nil }
        } else {
            order.sort()
        }
        var buffer = SampleBuffer()
        for labels in order {
            buffer.removeAll()
            try found[labels]?.read(time, into: &buffer)
            if buffer.count == 0, buffer.histograms.isEmpty { continue }
            let name = Self.text(labels)
            var rows = buffer.histograms[...]
            for index in 0..<buffer.count {
                while let row = rows.first, row.timestamp < buffer.timestamps[index] {
                    rows.removeFirst()
                    try print("\(name) \(row.histogram) \(row.timestamp)\n")
                }
                try print("\(name) \(GoNumber.general(buffer.values[index])) \(buffer.timestamps[index])\n")
            }
            for row in rows { try print("\(name) \(row.histogram) \(row.timestamp)\n") }
        }
    }

    /// `{__name__="m", a="b"}` (`labels.Labels.String`).
    static func text(_ labels: Labels) -> String {
        "{" + labels.pairs.map { "\(LabelName.isLegacy($0.name) ? $0.name : GoText.quoted($0.name))=\(GoText.quoted($0.value))" }.joined(separator: ", ") + "}"
    }

    /// Writes a snapshot into `snapshots` of the directory and returns its name. Takes the directory meanwhile; throws `.locked` when a
    /// store runs on it.
    package func snapshot(clock: any TimeSource = SystemClock()) throws(MetricStoreError) -> String {
        let lock: DirectoryLock
        do throws(PlatformError) { lock = try disk.lock(directory) } catch { throw MetricStoreError(error) }
        defer { lock.release() }
        let name = Snapshot.name(unixMillis: clock.unixMillis)
        try Snapshot(disk: disk, directory: directory, blocks: blocks, head: head).write(name, clock: clock)
        return name
    }
}

/// What is told of a block in a list.
package struct BlockSummary: Sendable {
    package let meta: BlockMeta
    package let byteCount: Int

    /// A table of blocks, as `promtool tsdb list` prints it.
    package static func table(_ blocks: [BlockSummary], humanReadable: Bool) -> String {
        func time(_ millis: Int64) -> String {
            guard humanReadable else { return String(millis) }
            let text = RFC3339.text(millis: millis / 1000 * 1000)
            return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) +0000 UTC"
        }
        let header = ["BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION", "NUM SAMPLES", "NUM CHUNKS", "NUM SERIES", "SIZE"]
        return GoText.table([header] + blocks.map { block in
            let meta = block.meta
            return [
                meta.id.description, time(meta.minTime), time(meta.maxTime), GoText.duration(millis: meta.maxTime - meta.minTime), "\(meta.sampleCount)", "\(meta.chunkCount)",
                "\(meta.seriesCount)", humanReadable ? ByteSize(bytes: block.byteCount).description : "\(block.byteCount)",
            ]
        })
    }
}
