import MetricModel

/// A binary operation between two samples of which at least one may be a histogram (upstream `vectorElemBinop`).
struct MixedArithmetic {
    let op: BinaryOperator
    let returnsBool: Bool
    let context: QueryContext
    let source: SourceRange

    /// The result, absent when there is none. A comparison that holds keeps `kept`, or the left sample.
    func combined(_ a: Double, _ b: Double, keeping kept: Double? = nil) throws(QueryError) -> Double {
        switch (HistogramMark.isMark(a), HistogramMark.isMark(b)) {
        case (false, false):
            if op.isTrim { return incompatible("float", "float") }
            return op.isComparison ? compared(op.holds(a, b), kept ?? a) : op.applied(a, b)
        case (false, true):
            if op == .multiply { return try mark(context.histograms[b].multiplied(by: a).compacted()) }
            return incompatible("float", "histogram")
        case (true, false):
            let histogram = context.histograms[a]
            switch op {
            case .multiply: return try mark(histogram.multiplied(by: b).compacted())
            case .divide: return try mark(histogram.divided(by: b).compacted())
            case .trimUpper: return try mark(histogram.trimmed(at: b, keepsBelow: true))
            case .trimLower: return try mark(histogram.trimmed(at: b, keepsBelow: false))
            default: return incompatible("histogram", "float")
            }
        case (true, true):
            switch op {
            case .add, .subtract: return try sum(context.histograms[a], context.histograms[b])
            case .equal: return compared(context.histograms[a].holdsSameData(as: context.histograms[b]), kept ?? a)
            case .notEqual: return compared(!context.histograms[a].holdsSameData(as: context.histograms[b]), kept ?? a)
            default: return incompatible("histogram", "histogram")
            }
        }
    }

    private func mark(_ histogram: FloatHistogram) throws(QueryError) -> Double { try context.mark(histogram, for: source) }

    private func compared(_ holds: Bool, _ kept: Double) -> Double { returnsBool ? (holds ? 1 : 0) : holds ? kept : absent }

    private func incompatible(_ left: String, _ right: String) -> Double {
        context.annotate(.incompatibleTypes(left, op, right, source))
        return absent
    }

    private func sum(_ a: FloatHistogram, _ b: FloatHistogram) throws(QueryError) -> Double {
        let operation: Annotation.Operation = op == .add ? .addition : .subtraction
        var result = a
        guard let remarks = op == .add ? try? result.add(b) : try? result.subtract(b) else {
            context.annotate(.incompatibleLayouts(op, source))
            return absent
        }
        // Upstream gives no result either when counter resets contradict each other.
        if remarks.countersCollide {
            context.annotate(.countersCollide(in: operation, source))
            return absent
        }
        if remarks.boundsWereReconciled { context.annotate(.boundsReconciled(in: operation, source)) }
        if op == .subtract { result.counterReset = .gauge }
        return try mark(result.compacted())
    }
}
