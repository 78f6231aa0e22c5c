/// How OTLP metrics become Prometheus series. The defaults are those of Prometheus 3's `otlp:` section.
///
/// Source: prometheus `config.OTLPConfig`, `storage/remote/otlptranslator/prometheusremotewrite.Settings`.
package struct MetricTranslationOptions: Hashable, Sendable {
    /// What happens to names (`translation_strategy`).
    package enum Strategy: String, Hashable, Sendable, CaseIterable {
        case underscoreEscapingWithSuffixes = "UnderscoreEscapingWithSuffixes"
        case underscoreEscapingWithoutSuffixes = "UnderscoreEscapingWithoutSuffixes"
        case noUTF8EscapingWithSuffixes = "NoUTF8EscapingWithSuffixes"
        case noTranslation = "NoTranslation"

        /// Whether what is not a letter, digit or underscore becomes an underscore.
        package var escapes: Bool { self == .underscoreEscapingWithSuffixes || self == .underscoreEscapingWithoutSuffixes }
        /// Whether unit and kind are put behind the name.
        package var addsSuffixes: Bool { self == .underscoreEscapingWithSuffixes || self == .noUTF8EscapingWithSuffixes }
    }

    /// Which resource attributes become labels of every series of the resource.
    package enum Promotion: Hashable, Sendable {
        case only(Set<String>)
        case all(except: Set<String>)

        func includes(_ key: String) -> Bool {
            switch self {
            case .only(let keys): keys.contains(key)
            case .all(let exceptions): !exceptions.contains(key)
            }
        }
    }

    package var strategy = Strategy.underscoreEscapingWithSuffixes
    /// `promote_resource_attributes`, `promote_all_resource_attributes`, `ignore_resource_attributes`.
    package var promotion = Promotion.only([])
    /// Whether `target_info` carries `service.name`, `service.namespace` and `service.instance.id` too.
    package var keepsIdentifyingResourceAttributes = false
    /// Whether scope name, version, schema and attributes become `otel_scope_*` labels (`promote_scope_metadata`).
    package var promotesScopeMetadata = false
    /// Whether an escaped label name with one leading underscore is prefixed with `key`.
    package var labelNameUnderscoreSanitization = true
    /// Whether runs of underscores in escaped label names stay.
    package var labelNamePreservesMultipleUnderscores = true
    /// The lookback of queries; `target_info` gets a sample every half of it.
    package var lookbackMillis: Int64 = 300_000

    package init() {}
}
