import MetricModel

/// `info(v, {…})`: joins the labels of info series, such as `target_info`, to those of the series with the same `instance` and `job`
/// (upstream `promql/info.go`).
final class InfoOperator: SeriesOperator {
    private let plan: InfoPlan
    private let operand: StoredOperator
    private var columns: [ColumnBuffer] = []

    /// Which info series can belong to a series: those of one name with its identifying labels.
    private struct Signature: Hashable {
        let name: String
        let instance: String
        let job: String

        init(name: String, _ labels: Labels) {
            self.name = name
            instance = labels["instance"] ?? ""
            job = labels["job"] ?? ""
        }
    }

    init(_ operand: SeriesOperator, _ plan: InfoPlan) {
        self.plan = plan
        self.operand = StoredOperator(operand)
        super.init(operand.context, operand.grid, plan.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { true }

    deinit { context.release(samples: columns.count * grid.count) }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { UnsafePointer(columns[index].values) }

    // MARK: Joining

    override func prepare() throws(QueryError) {
        try operand.open()
        isDistinct = false
        let base = operand.series.map { context.delaysNameRemoval ? $0.labels : $0.visible }
        // Info series themselves are not enriched.
        let isInfo = base.map { labels in plan.names.allSatisfy { $0.matches(labels.metricName ?? "") } }
        let (info, current) = try currentInfo(identifying: zip(base, isInfo).filter { !$0.1 }.map(\.0))
        let names = Set(info.map { $0.metricName ?? "" }).sorted()
        let isJoinOptional = plan.data.allSatisfy(\.matchesEmpty)
        var places: [Labels: Int] = [:]
        for (index, labels) in base.enumerated() {
            try context.check()
            let values = try operand.column(index, 0)
            let candidates = isInfo[index] ? [] : names.compactMap { current[Signature(name: $0, labels)] }
            var known: [[Int32]: Int?] = [:]
            for step in 0..<grid.count where isPresent(values[step]) {
                let joined = candidates.map { $0[step] }.filter { $0 >= 0 }
                let place: Int?
                if let seen = known[joined] {
                    place = seen
                } else if joined.isEmpty, !isInfo[index], !isJoinOptional {
                    place = nil
                } else {
                    place = try self.place(try enriched(labels, joined.map { info[Int($0)] }), operand.series[index].dropsName, &places)
                }
                known.updateValue(place, forKey: joined)
                guard let place else { continue }
                if isPresent(columns[place].values[step]) { throw MergeOperator.duplicate }
                columns[place].values[step] = values[step]
            }
        }
    }

    private func place(_ labels: Labels, _ dropsName: Bool, _ places: inout [Labels: Int]) throws(QueryError) -> Int {
        if let place = places[labels] { return place }
        try context.hold(samples: grid.count, for: source)
        columns.append(ColumnBuffer(count: grid.count, filledWith: absent))
        series.append(SeriesIdentity(labels: labels, dropsName: dropsName))
        places[labels] = columns.count - 1
        return columns.count - 1
    }

    private func enriched(_ labels: Labels, _ infos: [Labels]) throws(QueryError) -> Labels {
        let wanted = Set(plan.data.map(\.name))
        var added: [String: String] = [:]
        for info in infos {
            for (name, value) in info.pairs where name != LabelName.metric && (wanted.isEmpty || wanted.contains(name)) {
                if let other = added[name], other != value { throw .execution("conflicting label: \(name)") }
                if labels[name] == nil { added[name] = value }
            }
        }
        return added.isEmpty ? labels : Labels(labels.pairs.map { ($0.name, $0.value) } + added.map { ($0.key, $0.value) })
    }

    // MARK: Info series

    /// The info series of some series, and for each signature which of them is current at each step: the one with the newest sample, or -1.
    private func currentInfo(identifying base: [Labels]) throws(QueryError) -> ([Labels], [Signature: [Int32]]) {
        var matchers = plan.names + plan.data
        var wanted: [(name: String, values: Set<String>)] = []
        for name in ["instance", "job"] {
            let values = Set(base.compactMap { $0[name] })
            if values.isEmpty { continue }
            wanted.append((name, values))
            if values.count == 1, let value = values.first { matchers.append(.equal(name, value)) }
        }
        if wanted.isEmpty { return ([], [:]) }
        var selection = InstantSelection(matchers: matchers, offsetMillis: plan.offsetMillis, atMillis: plan.atMillis, source: source)
        let values = SelectOperator(context, grid, selection)
        selection.reading = .timestamp
        let times = SelectOperator(context, grid, selection)
        try times.open()
        try values.open()
        let hasBase = try presence()
        var current: [Signature: [Int32]] = [:]
        var newest: [Signature: [Double]] = [:]
        for (index, identity) in times.series.enumerated() {
            try context.check()
            guard wanted.allSatisfy({ $0.values.contains(identity.labels[$0.name] ?? "") }) else { continue }
            if context.hasHistograms(try values.column(index, 0), 0..<grid.count) {
                throw .execution("this should be an info metric, with float samples: \(PromQLText.metric(identity.labels))")
            }
            let signature = Signature(name: identity.labels.metricName ?? "", identity.labels)
            let column = try times.column(index, 0)
            if current[signature] == nil {
                current[signature] = [Int32](repeating: -1, count: grid.count)
                newest[signature] = [Double](repeating: -.infinity, count: grid.count)
            }
            for step in 0..<grid.count where isPresent(column[step]) && hasBase[step] {
                let other = newest[signature]?[step] ?? -.infinity
                if other == column[step] { throw conflict(times.series[Int(current[signature]?[step] ?? 0)].labels, identity.labels, column[step]) }
                if column[step] > other {
                    newest[signature]?[step] = column[step]
                    current[signature]?[step] = Int32(index)
                }
            }
        }
        return (times.series.map(\.labels), current)
    }

    /// At which steps there is anything to join to.
    private func presence() throws(QueryError) -> [Bool] {
        var presence = [Bool](repeating: false, count: grid.count)
        for index in operand.series.indices {
            let values = try operand.column(index, 0)
            for step in 0..<grid.count where isPresent(values[step]) { presence[step] = true }
        }
        return presence
    }

    private func conflict(_ a: Labels, _ b: Labels, _ seconds: Double) -> QueryError {
        let time = GoFormat.shortest((seconds * 1000).rounded())
        return .execution("found duplicate series for info metric: existing \(PromQLText.metric(a)) @ \(time), new \(PromQLText.metric(b)) @ \(time)")
    }
}
