import MetricModel

/// What a series is called, from a query's legend format.
struct LegendText {
    /// "", "__auto", or a text with `{{label}}` in it.
    let format: String
    let expression: String
    /// For "__auto": the one label that tells the series of the answer apart, nil when there is more than one.
    private let telling: String?

    init(format: String, expression: String, series: [Labels]) {
        self.format = format
        self.expression = expression
        telling = format == "__auto" ? Self.tellingLabel(series) : nil
    }

    private static func tellingLabel(_ series: [Labels]) -> String? {
        var names: Set<String> = []
        for labels in series {
            labels.forEach { name, _ in if name != LabelName.metric { names.insert(name) } }
            if names.count > 1 { return nil }
        }
        return names.first
    }

    func name(of labels: Labels) -> String {
        switch format {
        case "":
            let name = labels.description
            return name == "{}" ? expression : name
        case "__auto":
            if let telling, let value = labels[telling] { return value }
            let name = labels.description
            return name == "{}" ? expression : name
        default: return filled(labels)
        }
    }

    private func filled(_ labels: Labels) -> String {
        var out = ""
        var rest = format[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            out += rest[..<open.lowerBound]
            var name = rest[open.upperBound..<close.lowerBound]
            while name.first?.isWhitespace == true { name.removeFirst() }
            while name.last?.isWhitespace == true { name.removeLast() }
            out += labels[String(name)] ?? ""
            rest = rest[close.upperBound...]
        }
        return out + rest
    }
}
