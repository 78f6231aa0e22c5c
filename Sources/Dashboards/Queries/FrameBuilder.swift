import MetricModel

/// Makes frames of an answer, in the form that the panel asked for.
///
/// Series become one frame each, as Grafana's Prometheus plugin sends them. The forms "table" and "heatmap", which Grafana makes in the
/// browser (`result_transformer.ts`), are made here: our pages and every other client get them ready.
struct FrameBuilder {
    let query: PanelQuery
    /// After variables were put in.
    let expression: String
    let legendFormat: String
    let stepMillis: Int64

    func frames(of answer: PanelAnswer) -> [DataFrame] {
        var frames = switch query.format {
        case .timeSeries: series(answer)
        case .table: [table(answer)]
        case .heatmap: answer.kind == .matrix ? heatmaps(answer) : series(answer)
        }
        if frames.isEmpty { frames = [DataFrame(refID: query.refID)] }
        frames[0].executedQuery = "Expr: \(expression)\nStep: \(DurationText.exact(stepMillis))"
        if !answer.warnings.isEmpty { for index in frames.indices { frames[index].warnings = answer.warnings } }
        return frames
    }

    private func series(_ answer: PanelAnswer) -> [DataFrame] {
        let legend = LegendText(format: legendFormat, expression: expression, series: answer.series)
        return answer.series.map { series in
            DataFrame(
                refID: query.refID, kind: answer.kind == .matrix ? .timeSeries : .numeric, resultType: answer.kind.rawValue,
                fields: [
                    .init("Time", .times(series.times), intervalMillis: stepMillis),
                    .init(series.labels.metricName ?? "Value", .numbers(Self.unmarked(series.values)), labels: series.labels, displayName: legend.name(of: series.labels)),
                ])
        }
    }

    /// One row a sample: time, a column for every label that occurs, value. Rows are in time order.
    private func table(_ answer: PanelAnswer) -> DataFrame {
        var names: [String] = []
        for series in answer.series {
            for pair in series.labels.pairs where !names.contains(pair.name) { names.append(pair.name) }
        }
        var rows: [(time: Int64, value: Double, series: Int)] = []
        for (index, series) in answer.series.enumerated() {
            for (time, value) in zip(series.times, series.values) { rows.append((time, value, index)) }
        }
        rows.sort { ($0.time, $0.series) < ($1.time, $1.series) }
        let columns: [[String]] = names.map { name in
            let values = answer.series.map { $0.labels[name] ?? "" }
            return rows.map { values[$0.series] }
        }
        var fields = [DataFrame.Field("Time", .times(rows.map(\.time)), intervalMillis: stepMillis)]
        for (name, column) in zip(names, columns) { fields.append(.init(name, .strings(column))) }
        fields.append(.init("Value", .numbers(Self.unmarked(rows.map(\.value)))))
        return DataFrame(refID: query.refID, kind: .table, resultType: answer.kind.rawValue, fields: fields)
    }

    /// Cumulative buckets (`le`) made into counts of their own: one frame for every other label set, a time field and a field a bucket,
    /// lowest bucket first.
    private func heatmaps(_ answer: PanelAnswer) -> [DataFrame] {
        var order: [Labels] = []
        var groups: [Labels: [(bound: Double, text: String, series: PanelSeries)]] = [:]
        for series in answer.series {
            let rest = Labels(series.labels.pairs.filter { $0.name != "le" }.map { ($0.name, $0.value) })
            let text = series.labels["le"] ?? ""
            if groups[rest] == nil { order.append(rest) }
            groups[rest, default: []].append((Self.bound(text), text, series))
        }
        return order.map { rest in
            let buckets = (groups[rest] ?? []).sorted { $0.bound < $1.bound }
            let times = Array(Set(buckets.flatMap(\.series.times))).sorted()
            var fields = [DataFrame.Field("Time", .times(times), intervalMillis: stepMillis)]
            var below = [Double](repeating: 0, count: times.count)
            for bucket in buckets {
                var counts = [Double](repeating: Staleness.marker, count: times.count)
                var next = 0
                for (time, value) in zip(bucket.series.times, bucket.series.values) {
                    while times[next] < time { next += 1 }
                    let count = value - below[next]
                    counts[next] = count < 1e-9 ? 0 : Self.unmarked(count)
                    below[next] = value
                }
                fields.append(.init(bucket.text, .numbers(counts), labels: bucket.series.labels, displayName: bucket.text))
            }
            return DataFrame(refID: query.refID, kind: .heatmap, resultType: answer.kind.rawValue, fields: fields)
        }
    }

    private static func bound(_ text: String) -> Double {
        switch text {
        case "+Inf", "Inf", "inf", "+inf": .infinity
        default: Double(text) ?? -.infinity
        }
    }

    /// An answer holds no stale markers; should a computation make one, it is an ordinary NaN.
    private static func unmarked(_ value: Double) -> Double { Staleness.isMarker(value) ? Staleness.normalNaN : value }
    private static func unmarked(_ values: [Double]) -> [Double] { values.contains(where: Staleness.isMarker) ? values.map(unmarked) : values }
}
