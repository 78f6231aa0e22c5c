import Bytes

/// Why a body is not what its format says. Offsets count from the body's first byte.
package enum MetricFormatError: Error, Equatable, Sendable {
    /// A protobuf message whose framing does not hold.
    case malformedMessage(offset: Int, reason: String)
    /// A text exposition that breaks a rule of its format: the line (from 1), the offset in the body, and the rule.
    case malformedText(line: Int, offset: Int, reason: String)
}

extension MetricFormatError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedMessage(let offset, let reason): "malformed message at byte \(offset): \(reason)"
        case .malformedText(let line, _, let reason): "line \(line): \(reason)"
        }
    }
}
