import Bytes

/// Why an OTLP body could not be read. None of it is worth sending again unchanged.
package enum OTLPError: Error, Equatable {
    /// The bytes of `message` (a name of the proto files) are not protobuf. Offsets are counted from the start of that message.
    case malformedProtobuf(message: String, ByteError)
    /// A field came with another wire type than the proto files give it.
    case wrongWireType(message: String, field: UInt32)
    case malformedJSON(JSONParser.Failure)
    /// A JSON value at `path` is not what the field takes.
    case unexpectedJSON(path: String, expected: String)
    /// An id that is neither absent nor of its length.
    case invalidIDLength(field: String, expected: Int, found: Int)
    /// Attribute values nested deeper than `limit`.
    case tooDeep(limit: Int)
    /// Decoded, the body would take more memory than `limit` bytes.
    case tooLarge(limit: Int)
}

extension OTLPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedProtobuf(let message, let reason): "the protobuf message \(message) is malformed: \(reason)"
        case .wrongWireType(let message, let field): "field \(field) of the protobuf message \(message) has the wrong wire type"
        case .malformedJSON(let failure): failure.description
        case .unexpectedJSON(let path, let expected): "\(path): \(expected) was expected"
        case .invalidIDLength(let field, let expected, let found): "\(field) has \(found) bytes, \(expected) were expected"
        case .tooDeep(let limit): "attribute values are nested deeper than \(limit)"
        case .tooLarge(let limit): "the decoded body would take more than \(limit) bytes of memory"
        }
    }
}
