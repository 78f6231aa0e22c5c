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
        /// What is counted for it against the query's bound.
        var weight = 0
    }

    private struct Storage: @unchecked Sendable {
        var cells: UnsafeMutablePointer<Cell?>?
    }

    private let steps: Int
    private let count: Int
    private let isMean: Bool
    private let context: QueryContext
    private let source: SourceRange
    private let storage = Mutex(Storage())

    init(groups: Int, steps: Int, isMean: Bool, context: QueryContext, source: SourceRange) {
        self.steps = steps
        count = groups * steps
        self.isMean = isMean
        self.context = context
        self.source = source
    }

    deinit {
        storage.withLock { storage in
            guard let cells = storage.cells else { return }
            for index in 0..<count { context.release(samples: cells[index]?.weight ?? 0) }
            cells.deinitialize(count: count)
            cells.deallocate()
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
            let weight = isFirst ? context.holdOrFailLater(samples: histogram.weight, for: source) : 0
            cell.pointee = Cell(total: isFirst ? HistogramTotal(histogram, isMean: isMean) : nil, weight: weight)
            return true
        }
        if cell.pointee?.isIncompatible == true { return true }
        if cell.pointee?.total?.add(histogram) != false { return true }
        cell.pointee?.isIncompatible = true
        return false
    }

    /// Takes out every cell that has met a histogram.
    func drain(_ body: (_ group: Int, _ step: Int, Cell) throws(QueryError) -> Void) throws(QueryError) {
        guard let base = storage.withLock({ $0 }).cells else { return }
        for index in 0..<count {
            guard let cell = base[index] else { continue }
            base[index] = nil
            context.release(samples: cell.weight)
            try body(index / steps, index % steps, cell)
        }
    }
}
