import MetricModel
import PromQL

/// What a template computes with.
package indirect enum TemplateValue: Sendable {
    case none
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case float(Double)
    case string(String)
    /// `map[string]string`: a missing key is the empty text.
    case labels([String: String])
    /// `map[string]any`
    case map([String: TemplateValue])
    case histogram(NativeHistogram)
    /// Nanoseconds since the epoch.
    case time(Int64)
    /// Nanoseconds.
    case duration(Int64)
    /// One series of a query's answer, with its labels and its value.
    case sample([String: String], TemplateValue)
    /// A query's answer.
    case samples([TemplateValue])
    case list([TemplateValue])
    /// The data of an alert: fields by name.
    case record([String: TemplateValue])

    /// A sample as templates see it.
    package init(_ sample: InstantSample) {
        self = .sample(Dictionary(sample.labels.pairs.map { ($0.name, $0.value) }) { $1 }, Self.value(of: sample))
    }

    static func value(of sample: InstantSample) -> TemplateValue { sample.histogram.map { .histogram($0) } ?? .float(sample.value) }

    /// The name of its type in Go.
    var typeName: String {
        switch self {
        case .none: "<nil>"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint64"
        case .float: "float64"
        case .string: "string"
        case .labels: "map[string]string"
        case .map: "map[string]interface {}"
        case .histogram: "*histogram.FloatHistogram"
        case .time: "*time.Time"
        case .duration: "*time.Duration"
        case .sample: "*template.sample"
        case .samples: "template.queryResult"
        case .list: "[]interface {}"
        case .record: "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
        }
    }

    /// Go's `IsTrue`.
    var isTrue: Bool {
        switch self {
        case .none: false
        case .bool(let flag): flag
        case .int(let number): number != 0
        case .uint(let number): number != 0
        case .float(let number): number != 0
        case .string(let text): !text.isEmpty
        case .labels(let labels): !labels.isEmpty
        case .map(let map): !map.isEmpty
        case .samples(let list), .list(let list): !list.isEmpty
        case .histogram, .time, .duration, .sample, .record: true
        }
    }
}
