/// A format that a target may be asked for (`scrape_protocols`), best first.
package enum ScrapeProtocol: String, Sendable, CaseIterable {
    case openMetricsText1_0_0 = "OpenMetricsText1.0.0"
    case openMetricsText0_0_1 = "OpenMetricsText0.0.1"
    case prometheusText1_0_0 = "PrometheusText1.0.0"
    case prometheusText0_0_4 = "PrometheusText0.0.4"

    var mediaType: String {
        switch self {
        case .openMetricsText1_0_0, .openMetricsText0_0_1: "application/openmetrics-text"
        case .prometheusText1_0_0, .prometheusText0_0_4: "text/plain"
        }
    }

    private var version: String {
        switch self {
        case .openMetricsText1_0_0, .prometheusText1_0_0: "1.0.0"
        case .openMetricsText0_0_1: "0.0.1"
        case .prometheusText0_0_4: "0.0.4"
        }
    }

    /// The `Accept` header that prefers `protocols` in their order, as Prometheus 3 writes it.
    static func acceptHeader(_ protocols: [ScrapeProtocol], escaping: NameEscaping) -> String {
        // Upstream counts five protocols, protobuf among them, and starts one above.
        var weight = 6
        var terms: [String] = []
        for candidate in protocols {
            let isVersionOne = candidate == .openMetricsText1_0_0 || candidate == .prometheusText1_0_0
            terms.append("\(candidate.mediaType);version=\(candidate.version)" + (isVersionOne ? ";escaping=\(escaping.rawValue)" : "") + ";q=0.\(weight)")
            weight -= 1
        }
        return (terms + ["*/*;q=0.\(weight)"]).joined(separator: ",")
    }
}

/// How a target is asked to write names that are not legacy ones (`metric_name_escaping_scheme`).
package enum NameEscaping: String, Sendable, CaseIterable {
    case allowUTF8 = "allow-utf-8"
    case underscores, dots, values
}
