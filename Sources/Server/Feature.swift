import Logging
import PromQL

/// What `--enable-feature` names (upstream cmd/prometheus/main.go `setFeatureListOptions`).
enum Feature {
    /// Turned on by being named.
    case switched(@Sendable (inout QueryEngine.Options) -> Void)
    /// On whether it is named or not.
    case permanent
    /// Prometheus knows it, and it changes nothing here.
    case withoutEffect
    case unknown

    static func named(_ name: String) -> Feature {
        switch name {
        case "promql-experimental-functions": .switched { $0.parser.experimentalFunctions = true }
        case "promql-extended-range-selectors": .switched { $0.parser.extendedRangeSelectors = true }
        case "promql-binop-fill-modifiers": .switched { $0.parser.binaryFillModifiers = true }
        case "promql-delayed-name-removal": .switched { $0.delaysNameRemoval = true }
        case "type-and-unit-labels": .switched { $0.usesTypeAndUnitLabels = true }
        case "use-start-timestamps": .switched { $0.usesStartTimestamps = true }
        // Storing and querying them is always on; named, they are scraped as well, as in Prometheus 3.5 (`ServerOptions.scrapesNativeHistograms`).
        case "native-histograms": .switched { _ in }
        case "promql-duration-expr", "promql-at-modifier", "promql-negative-offset", "exemplar-storage", "ooo-native-histograms",
            "remote-write-receiver", "otlp-write-receiver", "utf8-names":
            .permanent
        case "auto-reload-config", "concurrent-rule-eval", "created-timestamp-zero-ingestion", "delayed-compaction", "extra-scrape-metrics", "fast-startup",
            "histograms-st-encoding", "memory-snapshot-on-shutdown", "metadata-wal-records", "old-ui", "otlp-deltatocumulative", "otlp-native-delta-ingestion",
            "promql-per-step-stats", "search-api", "st-storage", "st-synthesis", "use-uncached-io", "xor2-encoding":
            .withoutEffect
        default: .unknown
        }
    }

    /// What is to be said of a feature that was named.
    static func remark(_ name: String) -> (level: Logger.Level, sentence: String) {
        switch named(name) {
        case .switched: (.info, "--enable-feature: \(name) is on")
        case .permanent: (.info, "--enable-feature: \(name) is always on")
        case .withoutEffect: (.warning, "--enable-feature: \(name) is known to Prometheus and has no effect here yet")
        case .unknown: (.warning, "--enable-feature: \(name) is not known")
        }
    }
}
