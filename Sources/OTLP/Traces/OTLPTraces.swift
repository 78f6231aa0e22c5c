import Bytes
import TraceModel

/// OTLP's traces: `TracesData` and `ExportTraceServiceRequest`, which are the same on the wire
/// (opentelemetry/proto/trace/v1/trace.proto, collector/trace/v1/trace_service.proto).
package enum OTLPTraces {
    /// What a decoded body may take in memory unless told otherwise.
    package static let memoryMaxDefault = 256 << 20

    /// Decodes a protobuf body. Unknown fields are ignored; text that is not UTF-8 is repaired; ids must be absent or of full length.
    /// The bytes are only read during the call. One pass, O(bytes).
    package static func decode(protobuf bytes: UnsafeBufferPointer<UInt8>, memoryMax: Int = memoryMaxDefault) throws(OTLPError) -> [ResourceSpans] {
        var decoder = TraceDecoder(memoryMax: memoryMax)
        return try decoder.tracesData(MessageReader(bytes, "TracesData"))
    }

    package static func decode(protobuf bytes: [UInt8], memoryMax: Int = memoryMaxDefault) throws(OTLPError) -> [ResourceSpans] {
        try bytes.withUnsafeBufferPointer { (bytes) throws(OTLPError) in try decode(protobuf: bytes, memoryMax: memoryMax) }
    }

    /// Decodes a JSON body by OTLP's rules: hexadecimal ids, 64-bit integers as text or number, enumerations by number or name,
    /// field names in lowerCamelCase or as in the proto files, unknown fields ignored.
    package static func decode(json bytes: UnsafeBufferPointer<UInt8>, memoryMax: Int = memoryMaxDefault) throws(OTLPError) -> [ResourceSpans] {
        try decode(protobuf: JSONTranscoder.protobuf(json: bytes, as: .tracesData), memoryMax: memoryMax)
    }

    package static func decode(json bytes: [UInt8], memoryMax: Int = memoryMaxDefault) throws(OTLPError) -> [ResourceSpans] {
        try bytes.withUnsafeBufferPointer { (bytes) throws(OTLPError) in try decode(json: bytes, memoryMax: memoryMax) }
    }

    /// Encodes a batch as protobuf.
    package static func encode(_ batch: [ResourceSpans]) -> [UInt8] {
        var out = ByteWriter(capacity: 4096)
        encode(batch, into: &out)
        return out.array()
    }

    /// Appends a batch as protobuf to `out`. Two encodings behind one another decode as the two batches behind one another.
    package static func encode(_ batch: [ResourceSpans], into out: inout ByteWriter) {
        for resourceSpans in batch { out.appendResourceSpans(1, resourceSpans) }
    }

    /// Encodes a batch as OTLP/JSON: lowerCamelCase, hexadecimal ids, 64-bit integers as text, enumerations as numbers.
    package static func encodeJSON(_ batch: [ResourceSpans]) -> [UInt8] {
        encode(batch).withUnsafeBufferPointer { JSONTranscoder.json(protobuf: $0, as: .tracesData) }
    }
}
