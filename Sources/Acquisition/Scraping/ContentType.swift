import MetricFormats

/// Which parser a body's content type asks for.
///
/// Source: prometheus `model/textparse/interface.go`.
enum ContentType {
    enum Format {
        case text(ExpositionParser.Dialect)
        case protobuf
    }

    struct Unusable: Error {
        let reason: String
    }

    static func format(_ contentType: String, fallback: ScrapeProtocol?) throws(Unusable) -> Format {
        let mediaType = contentType.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        if let format = format(of: mediaType) { return format }
        if let format = fallback.flatMap({ format(of: $0.mediaType) }) { return format }
        if contentType.isEmpty { throw Unusable(reason: "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target") }
        throw Unusable(reason: "received unsupported Content-Type \"\(contentType)\" and no fallback_scrape_protocol specified for target")
    }

    private static func format(of mediaType: String) -> Format? {
        switch mediaType {
        case "text/plain": .text(.text)
        case "application/openmetrics-text": .text(.openMetrics)
        case "application/vnd.google.protobuf": .protobuf
        default: nil
        }
    }
}
