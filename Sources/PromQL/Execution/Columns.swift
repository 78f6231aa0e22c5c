import Platform

/// The bits of `Staleness.marker`, spelled out: constants of other modules are calls in hot loops.
private let absentBits: UInt64 = 0x7FF0_0000_0000_0002

/// Stands in a column where a series has no sample. No computation yields these bits, and stale markers never get into columns.
@inline(__always) var absent: Double { Double(bitPattern: absentBits) }

@inline(__always) func isAbsent(_ value: Double) -> Bool { value.bitPattern == absentBits }
@inline(__always) func isPresent(_ value: Double) -> Bool { value.bitPattern != absentBits }

/// A run of doubles with one owner: a series' values at every step of a grid, or several columns one after another.
final class ColumnBuffer: @unchecked Sendable {
    // SAFETY: allocated with `count` elements in init, freed in deinit, never reallocated.
    let values: UnsafeMutablePointer<Double>
    let count: Int

    init(count: Int, filledWith value: Double? = nil) {
        self.count = count
        values = ScratchMemory.shared.allocate(Double.self, count: max(count, 1))
        if let value { values.initialize(repeating: value, count: count) }
    }

    deinit { ScratchMemory.shared.deallocate(values, count: max(count, 1)) }
}

/// The columns of many series in one block of memory, counted against the query's bound while it lives.
final class StoredColumns: @unchecked Sendable {
    private let buffer: ColumnBuffer
    private let context: QueryContext
    let steps: Int

    init(count: Int, steps: Int, context: QueryContext, source: SourceRange, filledWith value: Double? = nil) throws(QueryError) {
        let (samples, overflow) = count.multipliedReportingOverflow(by: steps)
        if overflow { throw .tooManySamples(limit: .max, part: context.part(source)) }
        try context.hold(samples: samples, for: source)
        buffer = ColumnBuffer(count: samples, filledWith: value)
        self.context = context
        self.steps = steps
    }

    deinit { context.release(samples: buffer.count) }

    @inline(__always) func column(_ index: Int) -> UnsafeMutablePointer<Double> { buffer.values + index * steps }
}
