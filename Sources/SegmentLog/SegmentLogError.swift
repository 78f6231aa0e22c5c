import Platform

/// Why the log could not do what was asked.
package enum SegmentLogError: Error, Equatable, Sendable {
    /// The file system refused. When the disk is full, appending works again as soon as there is space.
    case platform(PlatformError)
    /// A sync failed, so nobody knows what is on the disk; the log takes nothing more until it is opened again.
    case syncFailed(PlatformError)
    /// One record is larger than the log can give back.
    case recordTooLarge(bytes: Int, limit: Int)
    case closed

    package var isDiskFull: Bool { if case .platform(let error) = self { error.isDiskFull } else { false } }
}

extension SegmentLogError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .platform(let error): "\(error)"
        case .syncFailed(let error): "\(error); the log takes nothing more until a restart"
        case .recordTooLarge(let bytes, let limit): "a log record of \(bytes) bytes is larger than the limit of \(limit)"
        case .closed: "the log is closed"
        }
    }
}
