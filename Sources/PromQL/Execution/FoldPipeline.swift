import Dispatch
import Synchronization

/// Hands the columns of an operator to a fold, in the order of its series at every step, on all workers at once.
///
/// Columns are computed a block at a time, in pieces that any worker takes; a block whose columns are all there is folded, its steps shared
/// out in parts. Each part is folded block after block, so that every step sees the series in order whatever the number of threads, and
/// sums come out the same. While one block is folded, the next ones are computed: nobody waits as long as there is a free block.
///
/// SAFETY: `state` is behind a mutex. A block's memory is written by the pieces of one block, each its own columns, before the block counts
/// as computed, and is read by its parts after that; it is written again only when all parts have been folded.
final class FoldPipeline: @unchecked Sendable {
    typealias Compute = (_ out: UnsafeMutablePointer<Double>, _ index: Int, _ worker: Int) throws(QueryError) -> Void
    typealias Fold = (_ index: Int, _ column: UnsafePointer<Double>, _ steps: Range<Int>) -> Void

    private static let ringCount = 4
    /// Values that a block has, as far as that leaves every worker some series: what is computed is to be in the cache still when it is folded.
    private static let blockValues = 32_768
    private static let largestPiece = 8

    private let context: QueryContext
    private let seriesCount: Int
    private let steps: Int
    private let blockSize: Int
    private let blockCount: Int
    /// How many series a worker takes at once.
    private let pieceCount: Int
    private let parts: Int
    private let histogramCount: Int
    private let ring: ColumnBuffer
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)

    private struct State {
        /// The block of which pieces are handed out, and the first series of it that nobody has taken.
        var block = 0
        var nextInBlock = 0
        /// Series computed and parts folded, by block of the ring.
        var computed: [Int]
        var folded: [Int]
        /// The block that each part folds next, and whether a worker is at it.
        var nextFold: [Int]
        var isFolding: [Bool]
        /// Blocks folded wholly; they are in order.
        var foldedBlocks = 0
        var waiting = 0
        var failure: QueryError?
    }

    private enum Task {
        case compute(block: Int, series: Range<Int>)
        case fold(block: Int, part: Int)
        case wait
        case none
    }

    /// `histogramCount`: how many histograms the query knew before; those that the columns bring are forgotten once they are folded.
    init(_ context: QueryContext, seriesCount: Int, steps: Int, histogramCount: Int) {
        self.context = context
        self.seriesCount = seriesCount
        self.steps = steps
        self.histogramCount = histogramCount
        blockSize = min(seriesCount, max(2 * context.workers.count, Self.blockValues / max(steps, 1)))
        pieceCount = max(1, min(Self.largestPiece, blockSize / (2 * context.workers.count)))
        blockCount = (seriesCount + blockSize - 1) / blockSize
        parts = steps >= 32 ? context.workers.count : 1
        ring = ColumnBuffer(count: min(Self.ringCount, blockCount) * blockSize * steps)
        state = Mutex(State(
            computed: Array(repeating: 0, count: Self.ringCount), folded: Array(repeating: 0, count: Self.ringCount), nextFold: Array(repeating: 0, count: parts),
            isFolding: Array(repeating: false, count: parts)))
    }

    func run(compute: Compute, fold: Fold) throws(QueryError) {
        withoutActuallyEscaping(compute) { compute in
            withoutActuallyEscaping(fold) { fold in
                let work = SharedWork(compute: compute, fold: fold)
                DispatchQueue.concurrentPerform(iterations: context.workers.count) { worker in self.work(work, worker) }
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Work that knows that several threads do it at once, each under a worker number of its own.
    private struct SharedWork: @unchecked Sendable {
        let compute: Compute
        let fold: Fold
    }

    private func work(_ work: SharedWork, _ worker: Int) {
        while true {
            switch state.withLock({ take(&$0) }) {
            case .none: return
            case .wait: wake.wait()
            case .compute(let block, let series):
                do throws(QueryError) {
                    try context.check()
                    for index in series { try work.compute(column(index, of: block), index, worker) }
                    finish { $0.computed[block % Self.ringCount] += series.count }
                } catch {
                    finish { if $0.failure == nil { $0.failure = error } }
                }
            case .fold(let block, let part):
                let size = (steps + parts - 1) / parts
                let range = min(part * size, steps)..<min((part + 1) * size, steps)
                for index in self.series(of: block) { work.fold(index, UnsafePointer(column(index, of: block)), range) }
                finish { self.isFolded(block, part, &$0) }
            }
        }
    }

    private func series(of block: Int) -> Range<Int> { block * blockSize..<min((block + 1) * blockSize, seriesCount) }

    private func column(_ index: Int, of block: Int) -> UnsafeMutablePointer<Double> {
        ring.values + ((block % Self.ringCount) * blockSize + index - block * blockSize) * steps
    }

    // MARK: Who does what; all with the lock held

    private func take(_ state: inout State) -> Task {
        if state.failure != nil || state.foldedBlocks == blockCount { return .none }
        for part in 0..<parts where !state.isFolding[part] {
            let block = state.nextFold[part]
            // What has not been handed out whole is not computed: its place in the ring may still be that of a block which another part folds.
            guard block < state.block, state.computed[block % Self.ringCount] == series(of: block).count else { continue }
            state.isFolding[part] = true
            return .fold(block: block, part: part)
        }
        if state.block < blockCount, mayCompute(&state) {
            let all = series(of: state.block)
            let from = all.lowerBound + state.nextInBlock
            let series = from..<min(from + pieceCount, all.upperBound)
            let block = state.block
            state.nextInBlock += series.count
            if series.upperBound == all.upperBound {
                state.block += 1
                state.nextInBlock = 0
            }
            return .compute(block: block, series: series)
        }
        state.waiting += 1
        return .wait
    }

    /// Whether there is memory for the block that is next. With histograms about, a block must be folded before the next is begun, for only
    /// then can they be forgotten.
    private func mayCompute(_ state: inout State) -> Bool {
        if state.nextInBlock > 0 { return true }
        if state.block >= state.foldedBlocks + Self.ringCount { return false }
        if context.histograms.isUsed {
            if state.block > state.foldedBlocks { return false }
            context.forgetHistograms(from: histogramCount)
        }
        return true
    }

    private func isFolded(_ block: Int, _ part: Int, _ state: inout State) {
        state.isFolding[part] = false
        state.nextFold[part] += 1
        state.folded[block % Self.ringCount] += 1
        if state.folded[block % Self.ringCount] == parts {
            state.folded[block % Self.ringCount] = 0
            state.computed[block % Self.ringCount] = 0
            state.foldedBlocks += 1
            if state.foldedBlocks == blockCount { context.forgetHistograms(from: histogramCount) }
        }
    }

    private func finish(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            defer { state.waiting = 0 }
            return state.waiting
        }
        for _ in 0..<waiting { wake.signal() }
    }
}
