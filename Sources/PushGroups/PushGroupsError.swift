import Platform
import SegmentLog

/// Why a push or a deletion did not come about. Nothing of it is in the groups then.
package enum PushGroupsError: Error, Sendable, Equatable {
    /// What was pushed contradicts itself or what is there; in the words of the reference implementation.
    case inconsistent(reason: String)
    /// A bound of the gateway is met; which, and what to do.
    case overLimit(reason: String)
    /// The disk refused. Pushing works again as soon as it takes something.
    case storage(reason: String, isDiskFull: Bool)
    /// Another process holds the directory.
    case locked(directory: String, holder: String)
    case closed

    init(_ error: PlatformError) {
        switch error {
        case .io: self = .storage(reason: "\(error)", isDiskFull: error.isDiskFull)
        case .locked(let directory, let holder): self = .locked(directory: directory, holder: holder)
        }
    }

    init(_ error: SegmentLogError) {
        switch error {
        case .platform(let error): self = PushGroupsError(error)
        case .syncFailed: self = .storage(reason: "\(error)", isDiskFull: false)
        case .recordTooLarge: self = .overLimit(reason: "\(error)")
        case .closed: self = .closed
        }
    }
}

extension PushGroupsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inconsistent(let reason), .overLimit(let reason), .storage(let reason, _): reason
        case .locked(let directory, let holder): "\(directory) is in use by \(holder)"
        case .closed: "the push gateway is closed"
        }
    }
}
