/// A format that a target may be asked for (`scrape_protocols`).
package enum ScrapeProtocol: String, Sendable, CaseIterable {
    case prometheusProto = "PrometheusProto"
    case openMetricsText1_0_0 = "OpenMetricsText1.0.0"
    case openMetricsText0_0_1 = "OpenMetricsText0.0.1"
    case prometheusText1_0_0 = "PrometheusText1.0.0"
    case prometheusText0_0_4 = "PrometheusText0.0.4"

    /// What a target is asked for where nothing else is said, best first.
    package static let standard: [ScrapeProtocol] = [.openMetricsText1_0_0, .openMetricsText0_0_1, .prometheusText1_0_0, .prometheusText0_0_4]
    /// The same where native histograms are scraped, which only protobuf has.
    package static let standardWithNativeHistograms = [.prometheusProto] + standard

    var mediaType: String {
        switch self {
        case .prometheusProto: "application/vnd.google.protobuf"
        case .openMetricsText1_0_0, .openMetricsText0_0_1: "application/openmetrics-text"
        case .prometheusText1_0_0, .prometheusText0_0_4: "text/plain"
        }
    }

    private var parameters: String {
        switch self {
        case .prometheusProto: "proto=io.prometheus.client.MetricFamily;encoding=delimited"
        case .openMetricsText1_0_0, .prometheusText1_0_0: "version=1.0.0"
        case .openMetricsText0_0_1: "version=0.0.1"
        case .prometheusText0_0_4: "version=0.0.4"
        }
    }

    /// The `Accept` header that prefers `protocols` in their order, as Prometheus 3 writes it.
    static func acceptHeader(_ protocols: [ScrapeProtocol], escaping: NameEscaping) -> String {
        // Upstream starts one above the number of protocols that there are.
        var weight = allCases.count + 1
        var terms: [String] = []
        for candidate in protocols {
            let isVersionOne = candidate == .openMetricsText1_0_0 || candidate == .prometheusText1_0_0
            terms.append("\(candidate.mediaType);\(candidate.parameters)" + (isVersionOne ? ";escaping=\(escaping.rawValue)" : "") + ";q=0.\(weight)")
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
