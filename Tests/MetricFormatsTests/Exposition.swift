import MetricFormats
import MetricModel

/// An exposition read to its end, in a form that tests can compare.
struct Exposition: Equatable {
    var series: [String] = []
    var metadata: [String] = []

    static func read(_ text: String, _ dialect: ExpositionParser.Dialect) throws(MetricFormatError) -> Exposition { try read(Array(text.utf8), dialect) }

    static func read(_ body: [UInt8], _ dialect: ExpositionParser.Dialect) throws(MetricFormatError) -> Exposition {
        try body.withUnsafeBufferPointer { bytes throws(MetricFormatError) in
            var parser = ExpositionParser(bytes, dialect: dialect)
            var out = Exposition()
            while let entry = try parser.next() {
                switch entry {
                case .series:
                    var line = "\(Labels(try parser.labels())) \(parser.value.isNaN ? "nan" : "\(parser.value)")"
                    if let timestamp = parser.timestamp { line += " @\(timestamp)" }
                    if let exemplar = parser.exemplar {
                        line += " # \(Labels(try parser.exemplarLabels())) \(exemplar.value)" + (exemplar.timestamp.map { " @\($0)" } ?? "")
                    }
                    out.series.append(line)
                case .type: out.metadata.append("type \(parser.familyName) \(parser.kind)")
                case .help: out.metadata.append("help \(parser.familyName) \(parser.help())")
                case .unit: out.metadata.append("unit \(parser.familyName) \(parser.unit())")
                case .comment: out.metadata.append("comment")
                }
            }
            return out
        }
    }
}
