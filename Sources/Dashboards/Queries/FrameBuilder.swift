import MetricModel
import PromQL

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

    func frames(of result: QueryResult) -> [DataFrame] {
        var frames: [DataFrame] = switch result.value {
        case .string(let time, let text):
            [DataFrame(refID: query.refID, kind: .timeSeries, resultType: "string", fields: [.init("Time", .times([time])), .init("Value", .strings([text]), labels: .empty)])]
        case .matrix(let matrix): formed(matrix.series, "matrix")
        case .vector(let samples):
            // A frame's values are numbers.
            formed(samples.filter { $0.histogram == nil }.map { MatrixSeries(labels: $0.labels, timestamps: [$0.timeMillis], values: [$0.value]) }, "vector")
        case .scalar(let time, let value): formed([MatrixSeries(labels: .empty, timestamps: [time], values: [value])], "scalar")
        }
        if frames.isEmpty { frames = [DataFrame(refID: query.refID)] }
        frames[0].executedQuery = "Expr: \(expression)\nStep: \(DurationText.exact(stepMillis))"
        let notices = result.warnings.map { DataFrame.Notice(severity: .warning, text: $0) } + result.infos.map { DataFrame.Notice(severity: .info, text: $0) }
        if !notices.isEmpty { for index in frames.indices { frames[index].notices = notices } }
        return frames
    }

    private func formed(_ series: [MatrixSeries], _ type: String) -> [DataFrame] {
        switch query.format {
        case .table: [table(series, type)]
        case .heatmap where type == "matrix": heatmaps(series, type)
        case .timeSeries, .heatmap: plain(series, type)
        }
    }

    private func plain(_ all: [MatrixSeries], _ type: String) -> [DataFrame] {
        let legend = LegendText(format: legendFormat, expression: expression, series: all.map(\.labels))
        return all.map { series in
            DataFrame(
                refID: query.refID, kind: type == "matrix" ? .timeSeries : .numeric, resultType: type,
                fields: [
                    .init("Time", .times(series.timestamps), intervalMillis: stepMillis),
                    .init(series.labels.metricName ?? "Value", .numbers(Self.unmarked(series.values)), labels: series.labels, displayName: legend.name(of: series.labels)),
                ])
        }
    }

    /// One row a sample: time, a column for every label that occurs, value. Rows are in time order.
    private func table(_ all: [MatrixSeries], _ type: String) -> DataFrame {
        var names: [String] = []
        for series in all {
            for pair in series.labels.pairs where !names.contains(pair.name) { names.append(pair.name) }
        }
        var rows: [(time: Int64, value: Double, series: Int)] = []
        for (index, series) in all.enumerated() {
            for (time, value) in zip(series.timestamps, series.values) { rows.append((time, value, index)) }
        }
        rows.sort { ($0.time, $0.series) < ($1.time, $1.series) }
        var fields = [DataFrame.Field("Time", .times(rows.map(\.time)), intervalMillis: stepMillis)]
        for name in names {
            let values = all.map { $0.labels[name] ?? "" }
            fields.append(.init(name, .strings(rows.map { values[$0.series] })))
        }
        fields.append(.init("Value", .numbers(Self.unmarked(rows.map(\.value)))))
        return DataFrame(refID: query.refID, kind: .table, resultType: type, fields: fields)
    }

    /// Cumulative buckets (`le`) made into counts of their own: one frame for every other label set, a time field and a field a bucket,
    /// lowest bucket first.
    private func heatmaps(_ all: [MatrixSeries], _ type: String) -> [DataFrame] {
        var order: [Labels] = []
        var groups: [Labels: [(bound: Double, text: String, series: MatrixSeries)]] = [:]
        for series in all {
            let rest = Labels(series.labels.pairs.filter { $0.name != "le" }.map { ($0.name, $0.value) })
            let text = series.labels["le"] ?? ""
            if groups[rest] == nil { order.append(rest) }
            groups[rest, default: []].append((Self.bound(text), text, series))
        }
        return order.map { rest in
            let buckets = (groups[rest] ?? []).sorted { $0.bound < $1.bound }
            let times = Array(Set(buckets.flatMap(\.series.timestamps))).sorted()
            var fields = [DataFrame.Field("Time", .times(times), intervalMillis: stepMillis)]
            var below = [Double](repeating: 0, count: times.count)
            for bucket in buckets {
                var counts = [Double](repeating: Staleness.marker, count: times.count)
                var next = 0
                for (time, value) in zip(bucket.series.timestamps, bucket.series.values) {
                    while times[next] < time { next += 1 }
                    let count = value - below[next]
                    counts[next] = count < 1e-9 ? 0 : Self.unmarked(count)
                    below[next] = value
                }
                fields.append(.init(bucket.text, .numbers(counts), labels: bucket.series.labels, displayName: bucket.text))
            }
            return DataFrame(refID: query.refID, kind: .heatmap, resultType: type, fields: fields)
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
