import Bytes

/// OTLP's metrics: `MetricsData` and `ExportMetricsServiceRequest`, which are the same on the wire
/// (opentelemetry/proto/metrics/v1/metrics.proto, collector/metrics/v1/metrics_service.proto).
package enum OTLPMetrics {
    /// What a translated body may take in memory unless told otherwise.
    package static let memoryMaxDefault = 256 << 20

    /// Translates a protobuf body into samples as Prometheus's OTLP receiver does. What cannot be kept (delta temporality, names of which
    /// nothing is left) is counted and named in the result and the rest is translated.
    ///
    /// The bytes are only read during the call. O(bytes), no object a data point.
    package static func translate(
        protobuf bytes: UnsafeBufferPointer<UInt8>, options: MetricTranslationOptions = MetricTranslationOptions(), memoryMax: Int = memoryMaxDefault
    ) throws(OTLPError) -> MetricTranslation {
        var translator = MetricTranslator(options: options, memoryMax: memoryMax, bodyBytes: bytes.count)
        try translator.metricsData(MessageReader(bytes, "MetricsData"))
        return translator.finish()
    }

    package static func translate(
        protobuf bytes: [UInt8], options: MetricTranslationOptions = MetricTranslationOptions(), memoryMax: Int = memoryMaxDefault
    ) throws(OTLPError) -> MetricTranslation {
        try bytes.withUnsafeBufferPointer { (bytes) throws(OTLPError) in try translate(protobuf: bytes, options: options, memoryMax: memoryMax) }
    }

    /// As `translate(protobuf:)`, of a JSON body, by the rules of `OTLPTraces.decode(json:)`.
    package static func translate(
        json bytes: UnsafeBufferPointer<UInt8>, options: MetricTranslationOptions = MetricTranslationOptions(), memoryMax: Int = memoryMaxDefault
    ) throws(OTLPError) -> MetricTranslation {
        try translate(protobuf: JSONTranscoder.protobuf(json: bytes, as: .metricsData), options: options, memoryMax: memoryMax)
    }

    package static func translate(
        json bytes: [UInt8], options: MetricTranslationOptions = MetricTranslationOptions(), memoryMax: Int = memoryMaxDefault
    ) throws(OTLPError) -> MetricTranslation {
        try bytes.withUnsafeBufferPointer { (bytes) throws(OTLPError) in try translate(json: bytes, options: options, memoryMax: memoryMax) }
    }

    /// A JSON body as the protobuf body that says the same.
    package static func protobuf(json bytes: [UInt8]) throws(OTLPError) -> [UInt8] {
        try bytes.withUnsafeBufferPointer { (bytes) throws(OTLPError) in try JSONTranscoder.protobuf(json: bytes, as: .metricsData) }
    }

    /// Encodes metrics as protobuf.
    package static func encode(_ batch: [ResourceMetrics]) -> [UInt8] {
        var out = ByteWriter(capacity: 4096)
        for resourceMetrics in batch { out.appendResourceMetrics(1, resourceMetrics) }
        return out.array()
    }

    /// Encodes metrics as OTLP/JSON.
    package static func encodeJSON(_ batch: [ResourceMetrics]) -> [UInt8] {
        encode(batch).withUnsafeBufferPointer { JSONTranscoder.json(protobuf: $0, as: .metricsData) }
    }
}
