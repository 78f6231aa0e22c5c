import MetricFormats

/// Which parser a body's content type asks for.
///
/// Source: prometheus `model/textparse/interface.go`.
enum ContentType {
    struct Unusable: Error {
        let reason: String
    }

    static func dialect(_ contentType: String, fallback: ScrapeProtocol?) throws(Unusable) -> ExpositionParser.Dialect {
        let mediaType = contentType.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        switch mediaType {
        case "text/plain": return .text
        case "application/openmetrics-text": return .openMetrics
        default: break
        }
        if let fallback { return fallback.mediaType == "text/plain" ? .text : .openMetrics }
        if contentType.isEmpty { throw Unusable(reason: "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target") }
        throw Unusable(reason: "received unsupported Content-Type \"\(contentType)\" and no fallback_scrape_protocol specified for target")
    }
}
