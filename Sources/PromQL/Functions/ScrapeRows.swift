import Synchronization

/// The windows over the rows of sample times that a query has met, for all threads and for all of its functions over windows of one range.
final class ScrapeRows: Sendable {
    struct Key: Hashable, Sendable {
        var grid: TimeGrid
        var window: WindowTimes
        var isRate: Bool
    }

    /// How many rows are remembered for one key, and what those of all keys may take, in bytes.
    private static let rowsMax = 16
    private static let bytesMax = 16 << 20

    private struct Rows {
        var known: [Key: [ScrapeWindows]] = [:]
        var bytes = 0
    }

    private let rows = Mutex(Rows())

    func known(_ key: Key) -> [ScrapeWindows] { rows.withLock { $0.known[key] ?? [] } }

    /// The windows over samples at these times, at least one, which are found unless another thread has found them meanwhile; nil where no more rows
    /// are remembered.
    func find(_ key: Key, _ timestamps: UnsafePointer<Int64>, _ count: Int) -> ScrapeWindows? {
        let bytes = ScrapeWindows.byteCount(steps: key.grid.count, samples: count)
        let before = rows.withLock { rows -> Int? in
            let before = rows.known[key, default: []].count
            guard before < Self.rowsMax, rows.bytes + bytes <= Self.bytesMax else { return nil }
            rows.bytes += bytes
            return before
        }
        guard let before else { return nil }
        let found = ScrapeWindows(key.grid, key.window, isRate: key.isRate)
        found.find(timestamps, count)
        // SAFETY: the times are the caller's, who waits.
        nonisolated(unsafe) let timestamps = timestamps
        return rows.withLock { rows in
            if let other = rows.known[key, default: []].dropFirst(before).first(where: { $0.isOf(timestamps, count) }) {
                rows.bytes -= bytes
                return other
            }
            rows.known[key, default: []].append(found)
            return found
        }
    }
}
