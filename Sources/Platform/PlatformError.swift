#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Why the operating system did not do what was asked.
package enum PlatformError: Error, Equatable, Sendable {
    /// A system call failed: on which file, doing what (a verb, "write"), with which `errno`.
    case io(path: String, operation: String, code: Int32)
    /// Another process, or another part of this one, holds the directory.
    case locked(directory: String, holder: String)

    /// Whether the disk, or the user's share of it, is full: worth trying again when there is space.
    package var isDiskFull: Bool {
        if case .io(_, _, let code) = self { code == ENOSPC || code == EDQUOT } else { false }
    }

    package var isNotFound: Bool {
        if case .io(_, _, let code) = self { code == ENOENT } else { false }
    }

    /// The system's words for the cause, without path and operation.
    package var reason: String {
        switch self {
        case .io(_, _, let code): Self.text(code)
        case .locked(_, let holder): "in use by \(holder)"
        }
    }

    private static func text(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress else { return "error \(code)" }
            base.initialize(repeating: 0, count: 256)
            return strerror_r(code, base, 255) == 0 ? String(cString: base) : "error \(code)"
        }
    }
}

extension PlatformError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .io(let path, let operation, _): "cannot \(operation) \(path): \(reason)"
        case .locked(let directory, let holder): "\(directory) is in use by \(holder)"
        }
    }
}
