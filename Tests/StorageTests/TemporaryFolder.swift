import Platform
#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A folder of its own for a test, removed with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/obstack-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw PlatformError.io(path: "/tmp", operation: "make directory", code: errno) }
        path = String(cString: made)
    }

    deinit { try? Disk().removeTree(path) }
}
