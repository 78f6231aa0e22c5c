/// Why the trace store could not do what was asked.
package enum TraceStoreError: Error, Sendable {
    /// A file holds what it must not: which, where, what.
    case corrupt(file: String, offset: Int, reason: String)
    /// A file of a version that this program does not know: which, what version.
    case unknownVersion(file: String, version: Int)
    /// The operating system refused; worth trying again when it was for want of space.
    case io(file: String, operation: String, reason: String, isDiskFull: Bool)
    /// Another process holds the directory.
    case locked(directory: String, holder: String)
    /// A batch is larger than the log takes.
    case tooLarge(reason: String)
    /// A search asks for what no search may: why.
    case unsearchable(reason: String)
    case closed
}

extension TraceStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .corrupt(let file, let offset, let reason): "\(file) is corrupt at byte \(offset): \(reason)"
        case .unknownVersion(let file, let version): "\(file) is of version \(version), and only version 1 is known; it is left as it is"
        case .io(let file, let operation, let reason, _): "cannot \(operation) \(file): \(reason)"
        case .locked(let directory, let holder): "\(directory) is in use by \(holder)"
        case .tooLarge(let reason), .unsearchable(let reason): reason
        case .closed: "the trace store is shut down"
        }
    }
}
