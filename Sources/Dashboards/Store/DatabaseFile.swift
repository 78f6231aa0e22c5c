#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The file of the database before SQLite opens it.
enum DatabaseFile {
    /// Makes the file, when it is not there, readable by its owner only: it holds password hashes. SQLite gives its companions the same mode.
    static func prepare(_ path: String) throws(DashboardsError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
        close(descriptor)
    }
}
