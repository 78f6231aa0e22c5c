import MetricModel
import OTLP
import Testing
import TraceModel

extension SampleBatch {
    /// Each sample as `name{labels} value @millis`, in the batch's order. Records an issue for labels that are not sorted and unique.
    var lines: [String] {
        series.flatMap { series in
            let labels = Labels(unchecked: Array(arena[series.keyOffset..<series.keyOffset + series.keyLength]))
            let names = labels.pairs.map(\.name)
            #expect(zip(names, names.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) }, "labels out of order: \(labels)")
            #expect(labels.pairs.allSatisfy { !$0.value.isEmpty })
            return series.samples.map { "\(labels) \(Staleness.isMarker(values[$0]) ? "stale" : "\(values[$0])") @\(timestamps[$0])" }
        }
    }

    /// The label sets without samples.
    var labelSets: [Labels] { series.map { Labels(unchecked: Array(arena[$0.keyOffset..<$0.keyOffset + $0.keyLength])) } }
}

/// One resource with one scope, the common case.
func metrics(_ resource: [Attribute] = [], _ metrics: ResourceMetrics.Metric...) -> [ResourceMetrics] {
    [ResourceMetrics(resource: Resource(attributes: resource), scopes: [ResourceMetrics.ScopeMetrics(metrics: metrics)])]
}

func point(_ attributes: [Attribute] = [], millis: UInt64 = 1000, stale: Bool = false) -> ResourceMetrics.Point {
    ResourceMetrics.Point(attributes, timeUnixNano: millis * 1_000_000, hasNoRecordedValue: stale)
}

func gauge(_ name: String, unit: String = "", _ attributes: [Attribute] = []) -> ResourceMetrics.Metric {
    ResourceMetrics.Metric(name, unit: unit, .gauge([ResourceMetrics.NumberPoint(point(attributes), .int(1))]))
}

func translate(_ batch: [ResourceMetrics], _ options: MetricTranslationOptions = MetricTranslationOptions()) throws -> MetricTranslation {
    try OTLPMetrics.translate(protobuf: OTLPMetrics.encode(batch), options: options)
}
