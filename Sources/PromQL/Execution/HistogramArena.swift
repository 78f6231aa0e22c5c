import Synchronization

/// The histograms of one query. Columns are of doubles; where a series has a histogram its column holds a mark that says which.
///
/// Only operators that calculate look at marks. All others pass them on as they do every present value, and where a query has met no
/// histogram nobody looks at all.
final class HistogramArena: Sendable {
    private struct State {
        var histograms: [FloatHistogram] = []
        var weight = 0
    }

    private let state = Mutex(State())
    private let isInUse = Atomic<Bool>(false)

    /// Whether the query has met any histogram: until then no column can hold a mark.
    @inline(__always) var isUsed: Bool { isInUse.load(ordering: .relaxed) }

    /// Keeps a histogram and returns its mark.
    func mark(_ histogram: FloatHistogram) -> Double {
        isInUse.store(true, ordering: .relaxed)
        return state.withLock { state in
            state.histograms.append(histogram)
            state.weight += histogram.weight
            return HistogramMark.of(state.histograms.count - 1)
        }
    }

    /// The histogram that a mark stands for.
    subscript(_ mark: Double) -> FloatHistogram {
        state.withLock { state in
            let index = HistogramMark.index(mark)
            return index < state.histograms.count ? state.histograms[index] : FloatHistogram()
        }
    }

    /// How many histograms there are, to come back to with `truncate`.
    var count: Int { isUsed ? state.withLock { $0.histograms.count } : 0 }

    /// The weight of all of them in samples.
    var weight: Int { state.withLock { $0.weight } }

    /// Forgets the histograms from the `count`th on. Nobody may hold their marks any more.
    func truncate(to count: Int) {
        state.withLock { state in
            while state.histograms.count > count {
                state.weight -= state.histograms.removeLast().weight
            }
        }
    }
}

/// Doubles that stand for histograms: signalling NaN that no computation yields, with the histogram's number in the low half.
enum HistogramMark {
    private static let tag: UInt64 = 0xFFF5_A3C7

    @inline(__always) static func isMark(_ value: Double) -> Bool { value.bitPattern &>> 32 == 0xFFF5_A3C7 }
    /// Whether a value is a mark, or would be with the other sign: a stored float must be neither.
    @inline(__always) static func couldBeMark(_ value: Double) -> Bool { value.bitPattern &>> 32 | 0x8000_0000 == 0xFFF5_A3C7 }
    static func of(_ index: Int) -> Double { Double(bitPattern: tag << 32 | UInt64(UInt32(truncatingIfNeeded: index))) }
    static func index(_ mark: Double) -> Int { Int(UInt32(truncatingIfNeeded: mark.bitPattern)) }

    /// Whether any of the values is one.
    static func occurs(in values: UnsafePointer<Double>, _ steps: Range<Int>) -> Bool {
        for step in steps where isMark(values[step]) { return true }
        return false
    }
}
