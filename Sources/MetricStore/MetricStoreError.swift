/// Why the metric store could not do what was asked.
package enum MetricStoreError: Error, Sendable {
    /// A file holds what it must not: which, where, what.
    case corrupt(file: String, offset: Int, reason: String)
    /// A file holds what is right and is not understood here.
    case unsupported(file: String, offset: Int, reason: String)
    /// The operating system refused; worth trying again when it was for want of space.
    case io(file: String, operation: String, reason: String, isDiskFull: Bool)
    /// Another process holds the directory.
    case locked(directory: String, holder: String)
    case closed
    /// What was given cannot be kept.
    case refused(reason: String)
}

extension MetricStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .corrupt(let file, let offset, let reason): "\(file) is corrupt at byte \(offset): \(reason)"
        case .unsupported(let file, let offset, let reason): "\(file), byte \(offset): \(reason)"
        case .io(let file, let operation, let reason, _): "cannot \(operation) \(file): \(reason)"
        case .locked(let directory, let holder): "\(directory) is in use by \(holder)"
        case .refused(let reason): reason
        case .closed: "the metric store is shut down"
        }
    }
}
