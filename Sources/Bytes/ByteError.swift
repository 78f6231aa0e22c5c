/// Why bytes could not be read. Offsets are counted from the start of the buffer that the cursor was made over.
package enum ByteError: Error, Equatable {
    /// The buffer ended before the value did.
    case truncated(offset: Int, needed: Int)
    /// A variable-length integer ran past ten bytes or past 64 bits.
    case overlongVarint(offset: Int)
    /// A protobuf tag that no valid message holds: field number 0, a group, or a wire type that does not exist.
    case invalidTag(offset: Int, tag: UInt64)
    /// A compressed body that does not decode.
    case corruptCompression(String)
    /// A compressed body that would decode to more than the caller allows.
    case tooLarge(limit: Int)
}

extension ByteError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let offset, let needed): "truncated at byte \(offset): \(needed) more bytes were expected"
        case .overlongVarint(let offset): "variable-length integer at byte \(offset) is longer than 64 bits"
        case .invalidTag(let offset, let tag): "invalid protobuf tag \(tag) at byte \(offset)"
        case .corruptCompression(let format): "the body is not valid \(format)"
        case .tooLarge(let limit): "the decompressed body is larger than the limit of \(limit) bytes"
        }
    }
}
