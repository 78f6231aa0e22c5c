import MetricModel

extension StoreInspection {
    /// What of a block's series and labels makes it large, as `promtool tsdb analyze` prints it; nil when there is no such block.
    ///
    /// - Parameters:
    ///   - id: the block's name; nil for the newest.
    ///   - limit: how many lines a list may have.
    ///   - matchers: of the series to look at, and how they were written; nil for all series.
    package func analysis(_ id: String?, limit: Int, matchers: (list: [Matcher], text: String)?) throws(MetricStoreError) -> String? {
        guard let block = id == nil ? blocks.last : blocks.first(where: { $0.meta.id.description == id }) else { return nil }
        let (meta, index) = (block.meta, block.index)
        let span = Double(meta.maxTime - meta.minTime)
        var text = "Block ID: \(meta.id)\nDuration: \(GoText.duration(millis: meta.maxTime - meta.minTime))\nTotal Series: \(meta.seriesCount)\n"
        let matched = try index.match(matchers?.list ?? [])
        var pairs: [String: (uncovered: Double, count: Int)] = [:]
        var names: [String: (uncovered: Double, values: Set<String>)] = [:]
        var metrics: [String: Int] = [:]
        var entries = 0
        for series in matched {
            let chunks = try block.chunks(series)
            let covered = (chunks.last?.maxTime ?? 0) - (chunks.first?.minTime ?? 0)
            let uncovered = span - Double(covered)
            try index.labels(series).forEach { name, value in
                let pair = pairs["\(name)=\(value)"] ?? (0, 0)
                pairs["\(name)=\(value)"] = (pair.uncovered + uncovered, pair.count + 1)
                names[name, default: (0, [])].uncovered += uncovered
                names[name, default: (0, [])].values.insert(value)
                if name == LabelName.metric { metrics[value, default: 0] += 1 }
                entries += 1
            }
        }
        if let matchers { text += "Matcher: \(matchers.text)\n" }
        text += "Label names: \(names.count)\n"
        if matchers != nil { text += "Matched series: \(matched.count)\n" }
        text += "Postings (unique label pairs): \(pairs.count)\nPostings entries (total label pairs): \(entries)\n"
        func list(_ title: String, _ counts: [(String, Int)]) {
            text += "\n\(title):\n"
            for (name, count) in counts.sorted(by: { ($1.1, $0.0) < ($0.1, $1.0) }).prefix(limit) { text += "\(count) \(name)\n" }
        }
        func share(_ uncovered: Double) -> Int { span > 0 ? Int(uncovered / span) : 0 }
        list("Label pairs most involved in churning", pairs.map { ($0, share($1.uncovered)) })
        list("Label names most involved in churning", names.map { ($0, share($1.uncovered)) })
        list("Most common label pairs", pairs.map { ($0, $1.count) })
        list("Label names with highest cumulative label value length", names.map { ($0, $1.values.reduce(0) { $0 + $1.utf8.count }) })
        list("Highest cardinality labels", names.map { ($0, $1.values.count) })
        list("Highest cardinality metric names", metrics.map { ($0, $1) })
        return text
    }
}
