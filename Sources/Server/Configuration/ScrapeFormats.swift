import Acquisition

/// Which formats targets are asked for, and which histograms are taken of them: what stands in `global` and, first, in each scrape config.
///
/// Source: upstream config/config.go (`validateAcceptScrapeProtocols`, `ScrapeConfig.Validate`).
struct ScrapeFormats {
    /// Nil where nothing is said: then it goes by whether native histograms are scraped.
    var protocols: [ScrapeProtocol]?
    var scrapesNativeHistograms = false
    var alwaysScrapesClassicHistograms = false

    /// `place` ends the sentences of errors, as upstream: `for global config`.
    mutating func read(_ section: inout YAMLSection, place: String) throws(ConfigurationError) {
        if let native = try section.bool("scrape_native_histograms") { scrapesNativeHistograms = native }
        if let classic = try section.bool("always_scrape_classic_histograms") { alwaysScrapesClassicHistograms = classic }
        guard let names = try section.strings("scrape_protocols") else { return }
        guard !names.isEmpty else { throw section.error("scrape_protocols", "scrape_protocols cannot be empty \(place)") }
        var taken: [ScrapeProtocol] = []
        for name in names {
            guard !taken.contains(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
                throw section.error("scrape_protocols", "duplicated protocol in scrape_protocols, got [\(names.joined(separator: " "))] \(place)")
            }
            guard let known = ScrapeProtocol(rawValue: name) else { throw section.error("scrape_protocols", "scrape_protocols: \(Self.unknown(name)) \(place)") }
            taken.append(known)
        }
        protocols = taken
    }

    func apply(to config: inout ScrapeConfig) {
        config.scrapesNativeHistograms = scrapesNativeHistograms
        config.alwaysScrapesClassicHistograms = alwaysScrapesClassicHistograms
        config.protocols = protocols ?? (scrapesNativeHistograms ? ScrapeProtocol.standardWithNativeHistograms : ScrapeProtocol.standard)
    }

    /// What a scrape config alone may say: `fallback_scrape_protocol` and the limits of native histograms.
    static func readLimits(_ section: inout YAMLSection, into config: inout ScrapeConfig) throws(ConfigurationError) {
        if let name = try section.string("fallback_scrape_protocol"), !name.isEmpty {
            guard let known = ScrapeProtocol(rawValue: name) else {
                throw section.error("fallback_scrape_protocol", "invalid fallback_scrape_protocol for scrape config with job name \"\(config.job)\": \(unknown(name))")
            }
            config.fallbackProtocol = known
        }
        config.nativeHistogramBucketLimit = try section.int("native_histogram_bucket_limit") ?? 0
        if let text = try section.string("native_histogram_min_bucket_factor") {
            guard let factor = Double(text) else { throw section.error("native_histogram_min_bucket_factor", "\"\(text)\" is not a number") }
            config.nativeHistogramBucketFactorMin = factor
        }
    }

    private static func unknown(_ name: String) -> String {
        "unknown scrape protocol \(name), supported: [\(ScrapeProtocol.allCases.map(\.rawValue).sorted().joined(separator: " "))]"
    }
}
