import Bytes
import MetricModel

/// The answer to a query, as the API gives it.
struct QueryAnswer {
    struct Point {
        var seconds: Double
        /// A number as the server wrote it, or a histogram in words.
        var text: String
        /// nil for a histogram or a string.
        var value: Double?
    }

    struct Series {
        var labels: [(name: String, value: String)]
        var points: [Point]

        /// As PromQL writes it; what could move a terminal's cursor is escaped.
        var title: String {
            let name = labels.first { $0.name == LabelName.metric }?.value ?? ""
            let isPlain = LabelName.isLegacy(name)
            var conditions = labels.filter { $0.name != LabelName.metric }
                .map { "\(LabelName.isLegacy($0.name) ? $0.name : LabelName.quoted($0.name))=\(LabelName.quoted($0.value))" }
            if !isPlain, !name.isEmpty { conditions.insert(LabelName.quoted(name), at: 0) }
            return (isPlain ? name : "") + (conditions.isEmpty && isPlain ? "" : "{\(conditions.joined(separator: ", "))}")
        }
    }

    enum Kind: String { case scalar, string, vector, matrix }

    let kind: Kind
    let series: [Series]
    /// Warnings and infos.
    let remarks: [String]

    init(_ body: [UInt8]) throws(QueryFailure) {
        func wrong(_ reason: String) -> QueryFailure { .unintelligible(url: "the server", reason: reason) }
        guard let document = try? JSONParser.parse(body), let data = document["data"] else { throw wrong("this is not an answer in JSON") }
        guard let kind = data["resultType"]?.string.flatMap(Kind.init), let result = data["result"]?.array else { throw wrong("there is no result in the answer") }
        self.kind = kind
        remarks = (document["warnings"]?.array ?? []).compactMap { $0.string.map { "warning: \($0)" } } + (document["infos"]?.array ?? []).compactMap { $0.string.map { "info: \($0)" } }
        switch kind {
        case .scalar, .string:
            guard let point = Self.point(.array(result), isNumber: kind == .scalar) else { throw wrong("a sample cannot be read") }
            series = [Series(labels: [], points: [point])]
        case .vector, .matrix:
            var all: [Series] = []
            for element in result {
                let labels = (element["metric"]?.object ?? []).map { (name: $0.key, value: $0.value.string ?? "") }
                let floats = (element["values"]?.array ?? []) + (element["value"].map { [$0] } ?? [])
                let histograms = (element["histograms"]?.array ?? []) + (element["histogram"].map { [$0] } ?? [])
                var points: [Point] = []
                for sample in floats + histograms {
                    guard let point = Self.point(sample, isNumber: true) else { throw wrong("a sample cannot be read") }
                    points.append(point)
                }
                if !floats.isEmpty, !histograms.isEmpty { points.sort { $0.seconds < $1.seconds } }
                all.append(Series(labels: labels, points: points))
            }
            series = all
        }
    }

    private static func point(_ sample: JSONValue, isNumber: Bool) -> Point? {
        guard let pair = sample.array, pair.count == 2, let seconds = pair[0].double else { return nil }
        if let text = pair[1].string {
            guard isNumber else { return Point(seconds: seconds, text: text, value: nil) }
            return number(text).map { Point(seconds: seconds, text: text, value: $0) }
        }
        guard pair[1].object != nil else { return nil }
        var parts = ["count:" + (pair[1]["count"]?.string ?? ""), "sum:" + (pair[1]["sum"]?.string ?? "")]
        for bucket in pair[1]["buckets"]?.array ?? [] {
            guard let fields = bucket.array, fields.count == 4, let kind = fields[0].int, let lower = fields[1].string, let upper = fields[2].string, let count = fields[3].string else {
                return nil
            }
            parts.append("\(kind == 1 || kind == 3 ? "[" : "(")\(lower),\(upper)\(kind == 0 || kind == 3 ? "]" : ")"):\(count)")
        }
        return Point(seconds: seconds, text: "{\(parts.joined(separator: ", "))}", value: nil)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }
}
