import MetricModel

/// `sort` and its kin: orders the result of an instant query. A range query's result is ordered by labels whatever is asked.
final class SortOperator: SeriesOperator {
    private let plan: SortPlan
    private let operand: SeriesOperator
    private var order: [Int] = []

    init(_ operand: SeriesOperator, _ plan: SortPlan) {
        self.plan = plan
        self.operand = operand
        super.init(operand.context, operand.grid, plan.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { operand.isStored }

    override func prepare() throws(QueryError) {
        try operand.open()
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
        order = Array(operand.series.indices)
        if grid.count != 1 {
            context.annotate(.sortInRangeQuery(source))
        } else {
            switch plan.key {
            case .value: try sortByValue()
            case .labels(let names): sortByLabels(names)
            }
        }
        series = order.map { operand.series[$0] }
    }

    private func sortByValue() throws(QueryError) {
        var values = [Double](repeating: 0, count: order.count)
        try operand.stream { index, column, _ in values[index] = column[0] }
        // NaN comes last in either direction.
        let sign = plan.isDescending ? -1.0 : 1.0
        order.sort { a, b in
            let x = values[a]
            let y = values[b]
            if x.isNaN || y.isNaN { return !x.isNaN || (y.isNaN && a < b) }
            return x == y ? a < b : x * sign < y * sign
        }
    }

    private func sortByLabels(_ names: [String]) {
        let keys = operand.series.map { identity in names.map { NaturalOrder.chunks(identity.visible[$0] ?? "") } }
        order.sort { a, b in
            for (x, y) in zip(keys[a], keys[b]) where x.text != y.text { return NaturalOrder.precedes(x, y) != plan.isDescending }
            let x = operand.series[a].visible
            let y = operand.series[b].visible
            return plan.isDescending ? y < x : x < y
        }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { try operand.column(order[index], worker) }
}

/// What a vector has of floats; its histograms are left out.
final class FloatsOperator: SeriesOperator {
    private let operand: SeriesOperator

    init(_ operand: SeriesOperator) {
        self.operand = operand
        super.init(operand.context, operand.grid, operand.source)
    }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        staysDistinctWithoutNames = operand.staysDistinctWithoutNames
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> {
        let values = try operand.column(index, worker)
        guard context.hasHistograms(values, 0..<grid.count) else { return values }
        let out = output(worker)
        for step in 0..<grid.count { out[step] = HistogramMark.isMark(values[step]) ? absent : values[step] }
        return UnsafePointer(out)
    }
}

/// Text in which runs of digits compare as numbers (facette/natsort, which upstream uses).
enum NaturalOrder {
    struct Key {
        let text: String
        let chunks: [Substring]
    }

    static func chunks(_ text: String) -> Key {
        var chunks: [Substring] = []
        var from = text.startIndex
        while from < text.endIndex {
            let isDigit = text[from].isASCIIDigit
            let to = text[from...].firstIndex { $0.isASCIIDigit != isDigit } ?? text.endIndex
            chunks.append(text[from..<to])
            from = to
        }
        return Key(text: text, chunks: chunks)
    }

    static func precedes(_ a: Key, _ b: Key) -> Bool {
        for (x, y) in zip(a.chunks, b.chunks) where x != y {
            if let left = UInt64(x), let right = UInt64(y), x.first?.isASCIIDigit == true, y.first?.isASCIIDigit == true {
                if left == right { return x.count > y.count }
                return left < right
            }
            return x.utf8.lexicographicallyPrecedes(y.utf8)
        }
        return a.chunks.count < b.chunks.count
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
