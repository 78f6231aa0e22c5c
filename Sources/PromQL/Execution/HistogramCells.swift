import Synchronization

/// The running sums or means of the histograms of an aggregation, a cell for each group and step; no memory while there are none.
///
/// SAFETY: the cells are allocated once, under the lock, and freed in deinit. A cell is touched by one worker at a time: workers share the
/// steps out among themselves.
final class HistogramCells: @unchecked Sendable {
    struct Cell {
        /// nil when a float came first: then the group's histograms are of no use.
        var total: HistogramTotal?
        var isIncompatible = false
    }

    private struct Storage: @unchecked Sendable {
        var cells: UnsafeMutablePointer<Cell?>?
    }

    private let steps: Int
    private let count: Int
    private let isMean: Bool
    private let storage = Mutex(Storage())

    init(groups: Int, steps: Int, isMean: Bool) {
        self.steps = steps
        count = groups * steps
        self.isMean = isMean
    }

    deinit {
        storage.withLock { storage in
            storage.cells?.deinitialize(count: count)
            storage.cells?.deallocate()
        }
    }

    private func cell(_ group: Int, _ step: Int) -> UnsafeMutablePointer<Cell?> {
        let cells = storage.withLock { storage in
            if let cells = storage.cells { return Storage(cells: cells) }
            let cells = UnsafeMutablePointer<Cell?>.allocate(capacity: max(count, 1))
            cells.initialize(repeating: nil, count: count)
            storage.cells = cells
            return Storage(cells: cells)
        }
        guard let base = cells.cells else { preconditionFailure("cells were allocated above") }
        return base + (group * steps + step)
    }

    /// Adds a histogram. `isFirst`: whether no float was before it. False when its buckets are of another kind than those before.
    func add(_ histogram: FloatHistogram, _ group: Int, _ step: Int, isFirst: Bool) -> Bool {
        let cell = cell(group, step)
        if cell.pointee == nil {
            cell.pointee = Cell(total: isFirst ? HistogramTotal(histogram, isMean: isMean) : nil)
            return true
        }
        if cell.pointee?.isIncompatible == true { return true }
        if cell.pointee?.total?.add(histogram) != false { return true }
        cell.pointee?.isIncompatible = true
        return false
    }

    /// Every cell that has met a histogram.
    func forEach(_ body: (_ group: Int, _ step: Int, Cell) throws(QueryError) -> Void) throws(QueryError) {
        guard let base = storage.withLock({ $0 }).cells else { return }
        for index in 0..<count { if let cell = base[index] { try body(index / steps, index % steps, cell) } }
    }
}
