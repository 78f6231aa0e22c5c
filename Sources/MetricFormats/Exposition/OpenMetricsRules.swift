import MetricModel

/// The rules of OpenMetrics 1.0 beyond its grammar: what families, groups and samples may hold.
///
/// Scraping does not ask for them, as Prometheus does not; checking a file does. Source: the OpenMetrics 1.0 specification, read
/// with the reference parser (prometheus/client_python `openmetrics/parser.py`).
package struct OpenMetricsRules {
    /// Throws at the first rule that `body` breaks.
    package static func check(_ body: [UInt8]) throws(MetricFormatError) {
        try body.withUnsafeBufferPointer { bytes throws(MetricFormatError) in
            var parser = ExpositionParser(bytes, dialect: .openMetrics)
            var rules = OpenMetricsRules()
            while true {
                let lineStart = parser.p
                guard let entry = try parser.next() else { break }
                let labels = entry == .series ? try parser.labels() : []
                let exemplarLabels = entry == .series ? try parser.exemplarLabels() : []
                do throws(BrokenRule) {
                    switch entry {
                    case .comment: break
                    case .help, .type, .unit: try rules.take(entry, parser)
                    case .series: try rules.take(OpenMetricsSample(parser, labels, exemplarLabels: exemplarLabels))
                    }
                } catch { throw parser.malformed(error.reason, at: lineStart) }
            }
            do throws(BrokenRule) { try rules.close() } catch { throw parser.malformed(error.reason) }
        }
    }

    private var family: OpenMetricsFamily?
    private var takenNames: Set<String> = []

    private mutating func take(_ entry: ExpositionParser.Entry, _ parser: ExpositionParser) throws(BrokenRule) {
        let name = parser.familyName
        if family?.name != name {
            try close()
            family = OpenMetricsFamily(name)
        }
        try family?.takeMetadata(entry, parser)
    }

    private mutating func take(_ sample: OpenMetricsSample) throws(BrokenRule) {
        if family?.allows(sample.name) != true {
            try close()
            family = OpenMetricsFamily(sample.name)
        }
        try family?.take(sample)
    }

    /// Checks the family that ends and remembers the names that it took.
    private mutating func close() throws(BrokenRule) {
        guard let family else { return }
        for suffix in Set(OpenMetricsFamily.suffixes(of: family.kind ?? .unknown) + [""]) where !takenNames.insert(family.name + suffix).inserted {
            throw .rule("the name \(family.name + suffix) belongs to two metric families")
        }
        try family.checkWhole()
        self.family = nil
    }
}

/// A rule that a family or sample breaks, in words; where it stood is its catcher's to add.
struct BrokenRule: Error {
    let reason: String
    static func rule(_ reason: String) -> BrokenRule { BrokenRule(reason: reason) }
}
