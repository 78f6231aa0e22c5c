/// The forms in which metrics are served.
package enum ExpositionFormat: CaseIterable, Sendable {
    /// Text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics
    /// Delimited protobuf, which alone has native histograms.
    case protobuf

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .protobuf: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        }
    }

    /// What an `Accept` header would rather have; of several that are liked as well the first of the cases, and text where it says nothing.
    package init(accept: String) {
        var weights: [Self: Double] = [:]
        for entry in accept.split(separator: ",") {
            let parts = entry.split(separator: ";").map { $0.trimmed.lowercased() }
            var options: [String: String] = [:]
            for part in parts.dropFirst() {
                guard let equals = part.firstIndex(of: "=") else { continue }
                options[part[..<equals].trimmed] = part[part.index(after: equals)...].trimmed
            }
            guard let weight = Double(options["q"] ?? "1"), let format = Self(mediaType: parts.first ?? "", options) else { continue }
            weights[format] = max(weights[format] ?? 0, weight)
        }
        self = Self.allCases.reduce(.text) { (weights[$1] ?? 0) > (weights[$0] ?? 0) ? $1 : $0 }
    }

    private init?(mediaType: String, _ options: [String: String]) {
        switch mediaType {
        case "text/plain", "text/*", "*/*": self = .text
        case "application/openmetrics-text" where ["1.0.0", nil].contains(options["version"]): self = .openMetrics
        case "application/vnd.google.protobuf" where options["proto"] == "io.prometheus.client.metricfamily" && options["encoding"] == "delimited": self = .protobuf
        default: return nil
        }
    }

    package func render(_ families: [FamilySnapshot]) -> [UInt8] {
        switch self {
        case .text: TextExposition.render(families, isOpenMetrics: false)
        case .openMetrics: TextExposition.render(families, isOpenMetrics: true)
        case .protobuf: ProtobufExposition.render(families)
        }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end.
    var trimmed: String {
        let inner = drop { $0 == " " || $0 == "\t" }
        return String(inner[..<(inner.lastIndex { $0 != " " && $0 != "\t" }.map(inner.index(after:)) ?? inner.startIndex)])
    }
}
