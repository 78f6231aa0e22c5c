import MetricModel
import Platform

/// Answers as text.
extension QueryAnswer {
    /// For people: an instant answer a line a series, a range answer a block a series.
    var table: String {
        guard !series.isEmpty else { return "no series\n" }
        if kind == .matrix {
            return series.map { series in
                "\(series.title)\n" + series.points.map { "  \(Self.time($0.seconds))  \($0.text)\n" }.joined()
            }.joined(separator: "\n")
        }
        if kind == .string || kind == .scalar { return series[0].points[0].text + "\n" }
        let rows = series.map { (title: $0.title, text: $0.points.first?.text ?? "") }
        let width = rows.map(\.title.count).max() ?? 0
        let valueWidth = rows.map(\.text.count).max() ?? 0
        return rows.map { row in
            let isHistogram = row.text.hasPrefix("{")
            let gap = width - row.title.count + 2 + (isHistogram ? 0 : valueWidth - row.text.count)
            return row.title + String(repeating: " ", count: gap) + row.text + "\n"
        }.joined()
    }

    /// For programs: a column a label, then time and value; a line a sample (RFC 4180, with plain line feeds).
    var csv: String {
        let names = Set(series.flatMap { $0.labels.map(\.name) }).sorted { ($0 == LabelName.metric ? "" : $0) < ($1 == LabelName.metric ? "" : $1) }
        var text = (names + ["timestamp", "value"]).map(Self.field).joined(separator: ",") + "\n"
        for series in series {
            let values = names.map { name in Self.field(series.labels.first { $0.name == name }?.value ?? "") }
            for point in series.points { text += (values + [Self.time(point.seconds), Self.field(point.text)]).joined(separator: ",") + "\n" }
        }
        return text
    }

    private static func field(_ text: String) -> String {
        text.contains { ",\"\n\r".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }

    static func time(_ seconds: Double) -> String { RFC3339.text(millis: Int64((seconds * 1_000).rounded())) }
}
